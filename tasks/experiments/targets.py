"""Targets as people write them: what answers the examples, in one line of text.

prompt:sql-writer@production model=openai/gpt-4o-mini temperature=0
few-shot:sql-writer@production k=3 pool=golden-queries
callable:app.chat:answer style=short version=3
https://chat.example.com/answer version=2026-11-20
command:./answer --fast version=3
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings.experiments import TargetKind

PRODUCTION = "production"
USUALLY_SHOWN = 3
WAYS = (
    "prompt:<name>@<tag or version>, few-shot:<name>@<tag or version> k=3, callable:<module>:<function>, http://..., "
    "https://... or command:<shell command>"
)
PARAMETER = re.compile(r"([A-Za-z_]\w*)=(\S+)")
# What stands before the host: a name, or a name and a password.
NAMED = re.compile(r"https?://[^/?#]*@")
VERSION = re.compile(r"\s+version=(\S+)\s*$")


@dataclass(frozen=True)
class Target:
    """A target, read. `text` is as it was written.

    `address` is a prompt's name, `module:function`, a URL or a command line; `version` is a prompt's tag or version id,
    and for the others whatever tells their versions apart (empty where nothing does). `shown` is how many examples a
    few-shot target shows, out of those of the dataset `pool`, or the prompt's own where that is empty.
    """

    text: str
    kind: TargetKind
    address: str
    version: str = ""
    model: str = ""
    shown: int = 0
    pool: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_target(text: str) -> Target:
    """Read *text*. Raises ConfigurationError for what is no target."""
    text = text.strip()
    scheme, _, rest = text.partition(":")
    if scheme == "command":
        found = VERSION.search(rest)
        line = rest[: found.start()].strip() if found else rest.strip()
        return Target(text, "command", _there(line, text), found[1] if found else "")
    address, *words = (text if scheme in {"http", "https"} else rest).split() or [""]
    parameters = _parameters(words, text)
    model, version = str(parameters.pop("model", "")), str(parameters.pop("version", ""))
    match scheme:
        case "prompt" | "few-shot":
            name, _, tag = address.partition("@")
            if version:
                raise _wrong(text, f"write {scheme}:{name}@{version} in place of version={version}")
            shown, pool = _choice(parameters, text) if scheme == "few-shot" else (0, "")
            return Target(text, scheme, _there(name, text), tag or PRODUCTION, model, shown, pool, parameters)
        case "callable":
            if not re.fullmatch(r"[\w.]+:\w+", address):
                raise _wrong(text, "write callable:<module>:<function>")
            named = {**parameters, **({"model": model} if model else {})}
            return Target(text, "callable", address, version, parameters=named)
        case "http" | "https":
            if parameters or model:
                raise _wrong(text, "an endpoint takes no parameters but version; put them into its URL")
            if NAMED.match(address):
                raise ConfigurationError(
                    f"the endpoint {NAMED.sub('', address)} is written with a name or password. Targets are shown in "
                    "reports and comments: set a header for its host in experiments.http_headers instead."
                )
            return Target(text, "http", address, version)
    raise _wrong(text, f"write {WAYS}")


def _parameters(words: list[str], text: str) -> dict[str, Any]:
    found = {}
    for word in words:
        match = PARAMETER.fullmatch(word)
        if match is None:
            raise _wrong(text, f"{word!r} is no name=value")
        found[match[1]] = _value(match[2])
    return found


def _choice(parameters: dict[str, Any], text: str) -> tuple[int, str]:
    """How many examples are shown, and out of which dataset's; taken out of *parameters*."""
    shown, pool = parameters.pop("k", USUALLY_SHOWN), str(parameters.pop("pool", ""))
    if not isinstance(shown, int) or shown < 1:
        raise _wrong(text, f"k is {shown}, and it is how many examples are shown: at least 1")
    return shown, pool


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _there(address: str, text: str) -> str:
    if not address:
        raise _wrong(text, f"write {WAYS}")
    return address


def _wrong(text: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"target {text!r} is not understood: {what}.")
