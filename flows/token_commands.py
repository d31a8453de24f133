"""`python -m flows tokens`: what prompts spend their tokens on. No flow: it reads the lake and changes nothing."""

import sys
from typing import TYPE_CHECKING, Annotated

import orjson
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from tasks.shared.records import Window
from tasks.shared.settings import load_settings

if TYPE_CHECKING:
    from tasks.prompts.section_tokens import PromptUse

JSON_OPTION = Annotated[bool, Parameter(help="Print it as JSON.", negative="")]
WINDOW_OPTION = Annotated[
    Window | None,
    Parameter(converter=lambda _type, tokens: Window.parse(tokens[0].value), n_tokens=1, accepts_keys=False),
]


def tokens(
    *,
    window: WINDOW_OPTION = None,
    project: str | None = None,
    name: str | None = None,
    json: JSON_OPTION = False,
) -> None:
    """Tell how many tokens each section of each prompt takes: schema, examples, task, question, conversation.

    Args:
        window: A UTC day (2026-11-19) or whole hours (start/end); the last seven days with spans by default.
        project: The Phoenix project; the settings' project by default.
        name: Only spans of this name.
        json: Print it as JSON.
    """
    from tasks.prompts.tokens import as_json, tokens_by_section
    from tasks.shared.store.lake import Lake

    settings = load_settings()
    found = tokens_by_section(Lake.open(settings.lake), project or settings.project, window, name)
    if json:
        sys.stdout.write(orjson.dumps(as_json(found)).decode() + "\n")
        return
    for use in found:
        if use.sections:
            Console().print(_sections_table(use))
    silent = ", ".join(f"{_title(use)} ({use.calls:,} calls)" for use in found if not use.sections)
    if silent:
        Console().print(f"Without template and variables: {silent}.", markup=False, highlight=False, soft_wrap=True)


def _sections_table(use: "PromptUse") -> Table:
    table = Table(title=_title(use), caption=_caption(use), title_justify="left", caption_justify="left")
    table.add_column("tokens of", no_wrap=True)
    for column in ("a call", "95 % interval", "share", "in all"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("changes")
    for each in use.sections:
        interval = f"{each.low:,.0f} to {each.high:,.0f}" if each.low is not None else "one session"
        numbers = (f"{each.mean:,.0f}", interval, f"{each.share:.1%}", f"{each.tokens:,.0f}")
        table.add_row(each.section, *numbers, "yes" if each.changes else "no")
    return table


def _title(use: "PromptUse") -> str:
    return f"{use.name} {use.version}".strip()


def _caption(use: "PromptUse") -> str:
    return (
        f"{use.apportioned:,} of {use.calls:,} calls ({use.coverage:.0%}) name template and variables, in "
        f"{use.clusters:,} sessions. Before the first text that changes lie {use.head_share:.0%} of the prompt; "
        f"{use.cache_read_share:.0%} were read from a cache."
    )
