"""Tags moved on purpose: which version had a tag before is noted on the prompt, so that a rollback finds its way.

A move is noted before it is made. Whoever is killed in between, and runs again, finds the note and makes the move;
and a tag that somebody moved in Phoenix's pages is seen by its version being neither of the two in the last note.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix.prompts import PRODUCTION, PromptHub

NOTED_AS = "nightjar_tag_moves"
NOTED_AT_MOST = 100


@dataclass(frozen=True)
class Move:
    """A tag going from version `before` (None: no version had it) to `version`; `rollback` where it was one."""

    tag: str
    before: str | None
    version: str
    at: str
    why: str = ""
    rollback: bool = False


@dataclass(frozen=True)
class Moved:
    """Where a tag is now, where it was, and whether that is news."""

    tag: str
    before: str | None
    version: str
    changed: bool
    told: str


async def move(hub: PromptHub, name: str, tag: str, version_id: str, why: str = "", *, rollback: bool = False) -> Moved:
    """Put *tag* of prompt *name* on a version, and note where it was. Again changes nothing."""
    current = await hub.tagged(name, tag)
    before = current.version_id if current else None
    if before == version_id:
        return Moved(tag, before, version_id, changed=False, told=f"{tag} of {name} is on {version_id} already")
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    await _note(hub, name, Move(tag, before, version_id, at, why, rollback))
    await hub.tag(version_id, tag)
    told = f"{tag} of {name} went from {before or 'no version'} to {version_id}"
    return Moved(tag, before, version_id, changed=True, told=told)


async def roll_back(hub: PromptHub, name: str, tag: str = PRODUCTION) -> Moved:
    """Put *tag* of prompt *name* back on the version that it was on before its last move. Again changes nothing.

    Raises:
        ConfigurationError: No move was noted, or no version had the tag before.
    """
    current = await hub.tagged(name, tag)
    now_on = current.version_id if current else None
    target = before_last(name, tag, now_on, await moves(hub, name))
    if target == now_on:
        told = f"{tag} of {name} is on {now_on} already, where it was before its last move"
        return Moved(tag, now_on, target, changed=False, told=told)
    return await move(hub, name, tag, target, f"rolled back from {now_on}", rollback=True)


async def moves(hub: PromptHub, name: str) -> list[Move]:
    """The noted moves of all tags of prompt *name*, oldest first."""
    noted: list[dict[str, Any]] = (await hub.metadata(name)).get(NOTED_AS) or []
    return [Move(**each) for each in noted]


def before_last(name: str, tag: str, now_on: str | None, noted: Sequence[Move]) -> str:
    """The version that *tag* belongs back to, given the version it is *now on*; that one itself after a rollback.

    Raises:
        ConfigurationError: Nobody knows.
    """
    last = next((each for each in reversed(noted) if each.tag == tag), None)
    if last is not None and last.rollback:
        return last.version
    target = None if last is None else last.before if now_on in (last.version, last.before) else last.version
    if target is None:
        raise ConfigurationError(
            f"prompt {name} has no earlier version that was tagged {tag}, as far as is noted. "
            f"Choose one yourself: python -m flows prompts tag {name} VERSION {tag}."
        )
    return target


async def _note(hub: PromptHub, name: str, made: Move) -> None:
    """Add *made* to the prompt's notes, unless it is the last one already (a killed run's)."""
    noted = await moves(hub, name)
    if noted and (noted[-1].tag, noted[-1].before, noted[-1].version) == (made.tag, made.before, made.version):
        return
    kept = [*noted, made][-NOTED_AT_MOST:]
    await hub.note(name, {**await hub.metadata(name), NOTED_AS: [asdict(each) for each in kept]})
