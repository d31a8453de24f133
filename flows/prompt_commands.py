"""`python -m flows prompts ...`: the prompt hub by hand. No flows: they are done in a moment."""

import asyncio
import sys
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.shared.settings import load_settings

JSON_OPTION = Annotated[bool, Parameter(help="Print it as JSON.", negative="")]
MOVES_SHOWN, DESCRIPTION_SHOWN = 10, 60

prompts = App(name="prompts", help="Prompts in Phoenix's hub: push files, look, move tags, roll back.")


@prompts.command
def push(*files: Path, tag: str | None = None) -> None:
    """Make the hub have the prompts in files. A prompt that it has already gets no new version.

    Args:
        files: Prompt files, or folders with some; the settings' prompts.folder by default.
        tag: A tag to put on the pushed versions, new or not: candidate, staging, production.
    """
    from tasks.prompts import hub

    for pushed, moved in asyncio.run(hub.push(load_settings(), files, tag)):
        version, news = pushed.prompt, "new version" if pushed.created else "unchanged, is version"
        _say(f"{version.name}: {news} {version.version_id} ({version.digest})")
        if moved:
            _say(moved.told)


@prompts.command(name="list")
def list_prompts(*, json: JSON_OPTION = False) -> None:
    """List the prompts, with the versions that have their tags."""
    from tasks.prompts import hub

    found = asyncio.run(hub.overview(load_settings()))
    rows = {name: {tag: each and each.version_id for tag, each in tagged.items()} for name, tagged in found.items()}
    if json:
        _print_json(rows)
        return
    table = Table("prompt", *map(escape, next(iter(rows.values()), {})))
    for name, tagged in rows.items():
        table.add_row(*map(escape, (name, *(version or "" for version in tagged.values()))))
    Console().print(table if rows else "There are no prompts yet: python -m flows prompts push FILE.")


@prompts.command
def show(name: str, version: str | None = None, /, *, json: JSON_OPTION = False) -> None:
    """Show a prompt's versions and how its tags moved; or one version as it is.

    Args:
        name: The prompt.
        version: A tag, latest, or a version's id.
        json: Print it as JSON.
    """
    from tasks.prompts import hub

    if version:
        found = asyncio.run(hub.version(load_settings(), name, version))
        _print_json(found) if json else _print_version(found)
        return
    shown = asyncio.run(hub.show(load_settings(), name))
    if json:
        _print_json(shown)
        return
    table = Table(title=escape(f"{name}, newest first"))
    for column in ("version", "tags", "model", "description"):
        table.add_column(column, no_wrap=column != "description")
    for each in shown.versions:
        said = shorten(each.description, DESCRIPTION_SHOWN)
        table.add_row(*map(escape, (each.version_id, ", ".join(each.tags), each.model, said)))
    Console().print(table)
    for move in shown.moves[-MOVES_SHOWN:]:
        _say(
            f"{move.at} {move.tag}: {move.before or 'no version'} -> {move.version}" + f" ({move.why})" * bool(move.why)
        )


@prompts.command
def tag(name: str, version: str, tag: str, /, *, why: str = "") -> None:
    """Put a tag on a version; it leaves the version that had it, and that is noted.

    Args:
        name: The prompt.
        version: The version: its id, latest, or another tag.
        tag: The tag: candidate, staging, production.
        why: Noted beside the move.
    """
    from tasks.prompts import hub

    _say(asyncio.run(hub.tag_version(load_settings(), name, version, tag, why)).told)


@prompts.command
def rollback(name: str, /, *, tag: str = "production") -> None:
    """Put production back on the version that it was on before its last move. A second time changes nothing.

    Args:
        name: The prompt.
        tag: Another tag than production.
    """
    from tasks.prompts import hub

    _say(asyncio.run(hub.rollback(load_settings(), name, tag)).told)


def _print_version(found: Any) -> None:
    _say(f"{found.name} {found.version_id} ({found.digest}), {found.model or 'no model'}, {dict(found.parameters)}")
    parts = [*((each["role"], each["content"]) for each in found.messages)]
    parts += [(f"{{{{{name}}}}}", text) for name, text in found.sections.items()]
    for heading, text in parts:
        Console().print(f"\n[bold]{escape(heading)}[/]", highlight=False)
        _say(text)


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _print_json(value: Any) -> None:
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
