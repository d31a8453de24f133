"""Which part of a prompt its tokens go to. Pure: templates and lengths in, tokens out.

A span tells its prompt tokens as one number. Of its template, the variables' values and its messages the number of
characters is known, so each part gets tokens by its share of the characters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tasks.shared.gateways.phoenix.prompt_versions import VARIABLE
from tasks.shared.statistics.clustered import clustered_mean

# Not from the template's variables: no variable's name has a blank or a bracket.
FIXED_TEXT, CONVERSATION, TOOLS = "(fixed text)", "(conversation)", "(tools)"
TAIL = 0.025


@dataclass(frozen=True)
class Value:
    """The value of a variable: how many characters, and a hash that tells whether it changes."""

    chars: int
    digest: int


@dataclass(frozen=True)
class Asked:
    """One call of a model, as its span tells of it.

    `template` and `values` are None and empty where the span does not name them; `message_chars` counts the characters
    of all messages, `tool_chars` those of the tools on offer; `cluster` is the session, else the trace.
    """

    name: str
    version: str
    cluster: str
    prompt_tokens: int
    cache_read_tokens: int
    template: str | None
    values: Mapping[str, Value]
    message_chars: int
    tool_chars: int


@dataclass(frozen=True)
class SectionUse:
    """Prompt tokens of one section: all together, per call with its interval (None with one cluster), and their share.

    `changes` tells whether the text differs from call to call.
    """

    section: str
    tokens: float
    mean: float
    low: float | None
    high: float | None
    share: float
    changes: bool


@dataclass(frozen=True)
class PromptUse:
    """The calls of one span name and prompt version: how many there are, how many could be apportioned, and how.

    `head_share` is the share of the prompt that comes before anything that changes: what a provider can cache.
    """

    name: str
    version: str
    calls: int
    apportioned: int
    clusters: int
    prompt_tokens: int
    cache_read_share: float
    head_share: float
    sections: tuple[SectionUse, ...]

    @property
    def coverage(self) -> float:
        """Share of the calls that could be apportioned."""
        return self.apportioned / self.calls


def prompt_uses(calls: Iterable[Asked]) -> list[PromptUse]:
    """Tokens by section for every span name and prompt version, the most tokens first."""
    groups: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for call in calls:
        groups[call.name, call.version].append(call)
    found = [_use(name, version, group) for (name, version), group in groups.items()]
    return sorted(found, key=lambda use: (-use.prompt_tokens, use.name, use.version))


def _use(name: str, version: str, calls: Sequence[Asked]) -> PromptUse:
    known = [call for call in calls if call.template is not None and chars_of(call)]
    tokens = [tokens_of(call) for call in known]
    digests: dict[str, set[int]] = defaultdict(set)
    for call in known:
        for section, value in call.values.items():
            digests[section].add(value.digest)
    changing = {section for section, seen in digests.items() if len(seen) > 1} | {CONVERSATION}
    clusters = [call.cluster for call in known]
    total = sum(call.prompt_tokens for call in known)
    sections = [
        _section(section, [each.get(section, 0.0) for each in tokens], clusters, total, section in changing)
        for section in dict.fromkeys(section for each in tokens for section in each)
    ]
    heads = [head_chars(call, changing) / sum(chars_of(call).values()) * call.prompt_tokens for call in known]
    return PromptUse(
        name=name,
        version=version,
        calls=len(calls),
        apportioned=len(known),
        clusters=len(set(clusters)),
        prompt_tokens=sum(call.prompt_tokens for call in calls),
        cache_read_share=sum(call.cache_read_tokens for call in calls) / sum(call.prompt_tokens for call in calls),
        head_share=sum(heads) / total if total else 0.0,
        sections=tuple(sorted(sections, key=lambda each: -each.tokens)),
    )


def _section(name: str, tokens: Sequence[float], clusters: Sequence[str], total: int, changes: bool) -> SectionUse:
    import numpy as np

    mean = clustered_mean(np.array(tokens, float), clusters)
    low, high = mean.bounds(TAIL) if mean.clusters > 1 else (None, None)
    whole = float(sum(tokens))
    return SectionUse(name, whole, mean.value, low, high, whole / total, changes)


def tokens_of(call: Asked) -> dict[str, float]:
    """The call's prompt tokens by section."""
    chars = chars_of(call)
    total = sum(chars.values())
    return {section: call.prompt_tokens * count / total for section, count in chars.items()}


def chars_of(call: Asked) -> dict[str, int]:
    """Characters of the prompt by section; what the messages have beyond the template is conversation."""
    chars: dict[str, int] = {}
    for fixed, variable in pieces_of(call.template or "", frozenset(call.values)):
        chars[FIXED_TEXT] = chars.get(FIXED_TEXT, 0) + len(fixed)
        if variable:
            chars[variable] = chars.get(variable, 0) + call.values[variable].chars
    rest = call.message_chars - sum(chars.values())
    more = {CONVERSATION: rest if call.message_chars else 0, TOOLS: call.tool_chars}
    return {section: count for section, count in (chars | more).items() if count > 0}


def head_chars(call: Asked, changing: Iterable[str]) -> int:
    """Characters before the first variable that is among those *changing*; tools come first for every provider."""
    chars, changing = call.tool_chars, set(changing)
    for fixed, variable in pieces_of(call.template or "", frozenset(call.values)):
        chars += len(fixed)
        if variable in changing:
            break
        chars += call.values[variable].chars if variable else 0
    return chars


@cache
def pieces_of(template: str, names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """*template* as pairs of fixed text and the variable after it, the last one "".

    Variables are written `{{x}}`; where it has none of *names* that way, `{x}`.
    """
    found = [match for match in VARIABLE.finditer(template) if match[1] in names]
    if not found and names:
        single = re.compile("|".join(rf"\{{({re.escape(name)})\}}" for name in sorted(names)))
        found = list(single.finditer(template))
    pieces, at = [], 0
    for match in found:
        pieces.append((template[at : match.start()], next(group for group in match.groups() if group)))
        at = match.end()
    return (*pieces, (template[at:], ""))
