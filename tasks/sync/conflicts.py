"""What new tips mean for guidelines like them: the question, and the changes in its answer. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from tasks.shared.gateways.knowledge import Change, Guideline
from tasks.sync.question import Question, Unusable, shipped

TRIES = 3


@dataclass(frozen=True)
class Conflict:
    """New guidelines, by the number of their tip, and the standing ones that are like them, by id."""

    new: Mapping[int, Guideline]
    alike: Mapping[str, Guideline]


def conflicts_question() -> Question:
    """The question as shipped."""
    return shipped("conflicts.yaml")


def asked(conflict: Conflict) -> list[dict[str, str]]:
    """The messages that ask for decisions on *conflict*."""
    standing = ({"guideline_id": name, **_told(each)} for name, each in conflict.alike.items())
    tips = ({"tip": number, **_told(each)} for number, each in conflict.new.items())
    return conflicts_question().asked(guidelines=_lines(standing), tips=_lines(tips))


def changes_of(answer: Mapping[str, Any], conflict: Conflict) -> tuple[Change, ...]:
    """What the decisions of an *answer* change, in their order.

    Raises:
        Unusable: A tip is not decided on, a guideline is unknown or changed twice, or an update has no words.
    """
    listed = answer.get("decisions")
    if not isinstance(listed, list):
        raise Unusable("there is no list of decisions")
    standing, decided, changed = dict(conflict.alike), set(), set()
    changes = []
    for item in listed:
        number, change = _change(item, conflict.new, standing)
        decided.add(number)
        name = change.guideline.guideline_id
        if change.operation != "none" and name in changed:
            raise Unusable(f"guideline {name} is changed twice")
        if change.operation == "delete":
            del standing[name]
        elif name in standing:
            standing[name] = change.guideline
        changed |= {name} if change.operation != "none" else set()
        changes.append(change)
    if missing := sorted(set(conflict.new) - decided):
        raise Unusable(f"tip {missing[0]} is not decided on")
    return tuple(changes)


def all_added(conflict: Conflict, why: str) -> tuple[Change, ...]:
    """Every new guideline stands beside what there is."""
    return tuple(Change("add", each, why) for each in conflict.new.values())


def _change(item: Any, tips: Mapping[int, Guideline], standing: Mapping[str, Guideline]) -> tuple[int, Change]:
    if not isinstance(item, Mapping) or type(item.get("tip")) is not int or item["tip"] not in tips:
        told = item.get("tip") if isinstance(item, Mapping) else item
        raise Unusable(f"a decision is on tip {told!r}, and there is no such tip")
    number, action, why = int(item["tip"]), item.get("action"), str(item.get("why") or "").strip()
    new = tips[number]
    if action == "add":
        return number, Change("add", new, why)
    there = standing.get(str(item.get("guideline_id")))
    if there is None:
        raise Unusable(f"tip {number} is to {action} guideline {item.get('guideline_id')!r}, which is not shown")
    confirmed = replace(there, evidence=tuple(dict.fromkeys((*there.evidence, *new.evidence))))
    if action == "delete":
        return number, Change("delete", there, why)
    if action == "none":
        return number, Change("none", confirmed, why)
    content = str(item.get("content") or "").strip()
    if action != "update" or not content:
        raise Unusable(f"tip {number} has action {action!r} and content {content!r}")
    return number, Change("update", replace(confirmed, content=content), why)


def _told(guideline: Guideline) -> dict[str, str]:
    return {"content": guideline.content, "category": guideline.category, "trigger": guideline.trigger}


def _lines(objects: Any) -> str:
    return "\n".join(orjson.dumps(each).decode() for each in objects)


def apart(
    tips: Sequence[tuple[int, Guideline]], alike: Mapping[int, Sequence[Guideline]]
) -> tuple[tuple[Change, ...], Conflict]:
    """What is new without a question, and what is like something: *alike* has the standing guidelines by tip."""
    new = tuple(Change("add", each) for number, each in tips if not alike.get(number))
    contested = {number: each for number, each in tips if alike.get(number)}
    return new, Conflict(contested, {g.guideline_id: g for number in contested for g in alike[number]})
