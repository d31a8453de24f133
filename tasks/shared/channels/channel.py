"""What a channel is: its options, what it would send, and how it sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from tasks.shared.channels import kinds
from tasks.shared.channels.message import Message
from tasks.shared.errors import ConfigurationError
from tasks.shared.plugins import collect
from tasks.shared.settings import ChannelSettings

SHORTEST_SECRET = 4


class Options(BaseModel):
    """The keys of one kind of channel; an unknown key is an error, not a typo that does nothing."""

    # A secret of digits comes out of the environment as a number.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, coerce_numbers_to_str=True)

    timeout_seconds: float = Field(20.0, gt=0, description="per request")


Chosen = TypeVar("Chosen", bound=Options)


@dataclass(frozen=True)
class Sent:
    """A message that went out: where to, and what the channel calls it (empty where it has no name for it)."""

    detail: str
    reference: str = ""


@dataclass(frozen=True)
class Channel(Generic[Chosen]):
    """A kind of channel. The name is the name of the file that declares it; its docstring says what it does.

    `preview` says in a line where a message would go, under which subject and how large, without asking anybody.
    `send` takes the message, the options, and what the channel called the first message of the same topic (empty
    where there was none). It tries once. It raises ServiceUnavailable where another try may help, ServiceRefused or
    ConfigurationError where it would not. Neither says a secret; the address of a webhook is one.
    """

    options: type[Chosen]
    preview: Callable[[Message, Chosen], str]
    send: Callable[[Message, Chosen, str], Sent]


def known_channels() -> dict[str, Channel[Any]]:
    """Every kind by name."""
    return collect(kinds, Channel)


def opened(name: str, channels: Mapping[str, ChannelSettings]) -> tuple[Channel[Any], Options]:
    """The kind of the channel *name*, and its options.

    Raises:
        ConfigurationError: No such channel or kind, or a key is missing, unknown or wrong.
    """
    if name not in channels:
        raise ConfigurationError(
            f"there is no channel {name!r}. Declare it as [channels.{name}] in nightjar.toml, or name one of: "
            f"{', '.join(sorted(channels)) or 'none'}."
        )
    settings, known = channels[name], known_channels()
    if settings.kind not in known:
        raise ConfigurationError(
            f"channels.{name}.kind {settings.kind!r} is no kind of channel. Use one of {', '.join(known)}."
        )
    channel = known[settings.kind]
    try:
        return channel, channel.options(**settings.own)
    except ValidationError as error:
        problems = [_problem(name, settings, channel, found) for found in error.errors(include_input=False)]
        raise ConfigurationError(" ".join(problems)) from error


def _problem(name: str, settings: ChannelSettings, channel: Channel[Any], found: Any) -> str:
    """What is wrong with one key, and what to do."""
    key = ".".join(str(part) for part in found["loc"])
    where, variable = f"channels.{name}.{key}".rstrip("."), f"NIGHTJAR_CHANNELS__{name.upper()}__{key.upper()}"
    if found["type"] == "missing" and key in settings.secret_blocks:
        block = settings.secret_blocks[key]
        return f"{where} lies in the Prefect block {block!r}, which was not opened: create it, and let Prefect run."
    if found["type"] == "missing":
        return f"{where} is missing. Give it in nightjar.toml, or as {variable}."
    if found["type"] == "extra_forbidden":
        return f"{where} is no key of {settings.kind}. Its keys are {', '.join(channel.options.model_fields)}."
    return f"{where}: {found['msg'].removeprefix('Value error, ')}. Correct it in nightjar.toml, or in {variable}."


def without_secrets(text: str, options: Options) -> str:
    """*text* on one line, with every secret of *options* that may have got into it masked."""
    for value in _secrets(options.model_dump()):
        text = text.replace(value, "[masked]")
    return " ".join(text.split())


def _secrets(value: Any) -> list[str]:
    """Every secret in *value*, the longest first; what is too short to be one would mask words."""
    if isinstance(value, SecretStr):
        found = value.get_secret_value()
        return [found] if len(found) >= SHORTEST_SECRET else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sorted((secret for each in inner for secret in _secrets(each)), key=len, reverse=True)
