"""`python -m flows sync phoenix` and `python -m flows guidelines`: trajectories in, guidelines out, by hand."""

import asyncio
import datetime as dt
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.shared.settings import load_settings

if TYPE_CHECKING:
    from tasks.shared.gateways.knowledge import Guideline
    from tasks.shared.records import Batch

JSON_OPTION = Annotated[bool, Parameter(help="Print it as JSON.", negative="")]
CATEGORY = Literal["strategy", "recovery", "optimization"] | None
NAMESPACE = Annotated[str | None, Parameter(name=("--namespace", "-n"))]

sync_commands = App(name="sync")
guidelines = App(name="guidelines", help="Guidelines that were learned from agents' trajectories.")


@sync_commands.command
def phoenix(
    *,
    url: Annotated[str | None, Parameter(name=("--url", "-u"))] = None,
    namespace: NAMESPACE = None,
    project: Annotated[str | None, Parameter(name=("--project", "-p"))] = None,
    limit: int | None = None,
    include_errors: Annotated[bool, Parameter(negative="")] = False,
    since: dt.datetime | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    json: JSON_OPTION = False,
) -> None:
    """Bring trajectories from a Phoenix project into the store, and learn from them.

    Args:
        url: Base URL of Phoenix; that of the settings by default (PHOENIX_URL).
        namespace: Whose knowledge it is; `sync.namespace` by default (KAIZEN_NAMESPACE_ID).
        project: The Phoenix project; the settings' project by default (PHOENIX_PROJECT).
        limit: How many spans are looked at, newest first; `sync.limit` by default.
        include_errors: Also take spans whose status is ERROR.
        since: Only spans that started then or later (UTC).
        dry_run: Only tell what would be new.
        json: Print it as JSON.
    """
    settings = load_settings()
    if settings.prefect_api_url:
        os.environ.setdefault("PREFECT_API_URL", settings.prefect_api_url)
    from flows.sync import sync

    receipts = asyncio.run(sync(project, namespace, url, limit, since, include_errors=include_errors, dry_run=dry_run))
    result = result_of(receipts)
    if json:
        _print_json(result)
        return
    table = Table("processed", "skipped", "tips generated", "errors")
    table.add_row(
        *(f"{result[key]:,}" for key in ("processed", "skipped", "tips_generated")), f"{len(result['errors']):,}"
    )
    Console().print(table)
    for each in (*result["errors"], *result["warnings"]):
        _say(each)


def result_of(receipts: "list[Batch]") -> dict[str, Any]:
    """What a sync came to, as its users know it."""
    brought, *learned = receipts
    return {
        **{key: brought.counts[key] for key in ("processed", "skipped")},
        "tips_generated": sum(each.counts["tips_generated"] for each in learned),
        "errors": [note for note in brought.notes if note.startswith("span ")],
        "warnings": [note for note in brought.notes if not note.startswith("span ")]
        + [note for each in learned for note in each.notes],
    }


@guidelines.command(name="list")
def list_guidelines(*, namespace: NAMESPACE = None, category: CATEGORY = None, json: JSON_OPTION = False) -> None:
    """List the guidelines, those with most evidence first.

    Args:
        namespace: Whose knowledge it is; `sync.namespace` by default.
        category: Only strategy, recovery or optimization.
        json: Print them as JSON.
    """
    from tasks.sync.reading import standing

    settings = load_settings()
    found = standing(settings, namespace or settings.sync.namespace)
    chosen = [each for each in found if category in (None, each.category)]
    _print_json([asdict(each) for each in chosen]) if json else _print_guidelines([(each, None) for each in chosen])


@guidelines.command
def search(text: str, /, *, most: int = 5, namespace: NAMESPACE = None, json: JSON_OPTION = False) -> None:
    """Find the guidelines most like a text.

    Args:
        text: What the guidelines should be about, such as a task.
        most: How many at most.
        namespace: Whose knowledge it is; `sync.namespace` by default.
        json: Print them as JSON.
    """
    from tasks.sync.reading import search as like

    settings = load_settings()
    found = like(settings, namespace or settings.sync.namespace, text, most)
    if json:
        _print_json([{**asdict(each), "likeness": round(cosine, 4)} for each, cosine in found])
        return
    _print_guidelines(found)


@guidelines.command
def show(guideline_id: str, /, *, namespace: NAMESPACE = None, json: JSON_OPTION = False) -> None:
    """Show one guideline, where it comes from, and what became of it.

    Args:
        guideline_id: Its id, or how the id begins.
        namespace: Whose knowledge it is; `sync.namespace` by default.
        json: Print it as JSON.
    """
    from tasks.sync.reading import show as shown

    settings = load_settings()
    found = shown(settings, namespace or settings.sync.namespace, guideline_id)
    if json:
        _print_json({**asdict(found.guideline), "history": found.history, "page": found.page})
        return
    each = found.guideline
    for line in (
        f"{each.guideline_id} [{each.category}] {each.content}",
        f"when: {each.trigger}",
        f"why: {each.rationale}",
        f"task: {each.task}",
        f"learned from: {found.page}",
        f"evidence: {len(each.evidence)} trajectories",
        *found.history,
    ):
        _say(line)


@guidelines.command
def export(*, namespace: NAMESPACE = None, to: Path | None = None) -> None:
    """Write the guidelines as a playbook in Markdown, ordered by evidence.

    Args:
        namespace: Whose knowledge it is; `sync.namespace` by default.
        to: The file; standard output by default.
    """
    from tasks.sync.reading import export as playbook

    settings = load_settings()
    text = playbook(settings, namespace or settings.sync.namespace)
    if to is None:
        sys.stdout.write(text)
        return
    to.write_text(text, encoding="utf-8")
    _say(f"written to {to}")


def _print_guidelines(found: "list[tuple[Guideline, float]] | list[tuple[Guideline, None]]") -> None:
    table = Table(
        "id", "evidence", "category", "guideline", "when", *(["likeness"] if found and found[0][1] is not None else [])
    )
    for each, cosine in found:
        likeness = [] if cosine is None else [f"{cosine:.2f}"]
        table.add_row(
            each.guideline_id[:8],
            str(len(each.evidence)),
            each.category,
            escape(each.content),
            escape(each.trigger),
            *likeness,
        )
    Console().print(table if found else "There are no guidelines yet: python -m flows sync phoenix.")


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
