"""Guidelines as a playbook in Markdown, those with most evidence first; and the history of one. Pure."""

from collections.abc import Callable, Iterable, Sequence

from tasks.shared.gateways.knowledge import CATEGORIES, Guideline, Lesson
from tasks.shared.pages.markdown import escaped

HEADINGS = {"strategy": "What works", "recovery": "Getting over failures", "optimization": "Doing it with less"}


def by_evidence(guidelines: Iterable[Guideline]) -> list[Guideline]:
    """*guidelines*, the one that most trajectories taught or confirmed first."""
    return sorted(guidelines, key=lambda each: (-len(each.evidence), each.content))


def playbook(namespace: str, guidelines: Sequence[Guideline], link: Callable[[str], str]) -> str:
    """The playbook of *namespace*; *link* gives the page of a span in Phoenix."""
    if not guidelines:
        return f"# Playbook: {escaped(namespace)}\n\nNo guideline has been learned yet.\n"
    parts = [f"# Playbook: {escaped(namespace)}"]
    for category in CATEGORIES:
        own = [each for each in by_evidence(guidelines) if each.category == category]
        if own:
            parts.append("\n".join([f"## {HEADINGS[category]}", "", *(_item(each, link) for each in own)]))
    return "\n\n".join(parts) + "\n"


def history(guideline_id: str, lessons: Iterable[Lesson]) -> list[str]:
    """What became of a guideline, a line for each lesson that touched it."""
    return [
        f"{lesson.at[:19]} {change.operation} by span {lesson.span_id}"
        f"{': ' + change.guideline.content if change.operation in {'add', 'update'} else ''}"
        f"{f' ({change.why})' if change.why else ''}"
        for lesson in lessons
        for change in lesson.changes
        if change.guideline.guideline_id == guideline_id
    ]


def _item(guideline: Guideline, link: Callable[[str], str]) -> str:
    count = len(guideline.evidence)
    shown = f"[{count} trajector{'y' if count == 1 else 'ies'}](<{link(guideline.source_span_id)}>)"
    when = f" *When:* {escaped(guideline.trigger)}." if guideline.trigger else ""
    why = f" *Why:* {escaped(guideline.rationale)}" if guideline.rationale else ""
    return f"- {escaped(guideline.content)}{when}{why} ({shown})"
