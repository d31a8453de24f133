"""`python -m flows tokens` and `examples`: what prompts spend tokens on, and what their examples are worth.

No flows: they read the lake and change nothing.
"""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import orjson
from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.shared.records import Window
from tasks.shared.settings import load_settings

if TYPE_CHECKING:
    from tasks.prompts.section_tokens import PromptUse
    from tasks.shared.statistics.estimate import Estimate

JSON_OPTION = Annotated[bool, Parameter(help="Print it as JSON.", negative="")]
WINDOW_OPTION = Annotated[
    Window | None,
    Parameter(converter=lambda _type, tokens: Window.parse(tokens[0].value), n_tokens=1, accepts_keys=False),
]
FINDINGS = {
    "weak": "WEAK: questions of its kind are answered worse than all",
    "redundant": "redundant: its question is like that of example {like}",
    "never nearest": "idle: no question is most like it",
}


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
        _say(f"Without template and variables: {silent}.")


def examples(
    name: str,
    /,
    *,
    version: str = "production",
    metric: str | None = None,
    window: WINDOW_OPTION = None,
    project: str | None = None,
    json: JSON_OPTION = False,
) -> None:
    """Tell of each example in a prompt how often it is shown, and how answers fare with it, without it, and nearest it.

    Args:
        name: The prompt.
        version: A tag, latest, or a version's id.
        metric: Evaluator whose passes count; the first metric of the prompt's gate by default.
        window: Calls of production: a UTC day or whole hours; the last seven days with spans by default. Experiments
            with the prompt count whenever they were.
        project: The Phoenix project; the settings' project by default.
        json: Print it as JSON.
    """
    from tasks.prompts.example_calls import as_json, metric_of, use_of_examples

    settings = load_settings()
    counted = metric or metric_of(settings, name)
    found = asyncio.run(
        use_of_examples(settings, project or settings.project, name, version, metric=counted, window=window)
    )
    if json:
        sys.stdout.write(orjson.dumps({"metric": counted, **as_json(found)}).decode() + "\n")
        return
    answers = f"Of the answers of all its versions {_share(found.passed)} pass {counted}"
    _say(f"{name}@{version}. {answers}, to {found.questions:,} questions.")
    for each in found.examples:
        _say(f"\n{each.number}. {each.question}")
        shares = {"with it": each.with_it, "without": each.without, "to questions most like it": each.nearest}
        told = [f"{what} {_share(share)}" for what, share in shares.items() if share]
        _say(f"   shown {each.shown:,} times; {', '.join(told) or 'no answers'}")
        if each.finding:
            _say(f"   {FINDINGS[each.finding].format(like=each.like)}")


def _sections_table(use: "PromptUse") -> Table:
    title, caption = escape(_title(use)), escape(_caption(use))
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("tokens of", no_wrap=True)
    for column in ("a call", "95 % interval", "share", "in all"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("changes")
    for each in use.sections:
        interval = f"{each.low:,.0f} to {each.high:,.0f}" if each.low is not None else "one session"
        numbers = (f"{each.mean:,.0f}", interval, f"{each.share:.1%}", f"{each.tokens:,.0f}")
        table.add_row(escape(each.section), *numbers, "yes" if each.changes else "no")
    return table


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _share(share: "Estimate | None") -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%}, n {share.n:,})" if share else "none"


def _title(use: "PromptUse") -> str:
    return f"{use.name} {use.version}".strip()


def _caption(use: "PromptUse") -> str:
    return (
        f"{use.apportioned:,} of {use.calls:,} calls ({use.coverage:.0%}) name template and variables, in "
        f"{use.clusters:,} sessions. Before the first text that changes lie {use.head_share:.0%} of the prompt; "
        f"{use.cache_read_share:.0%} were read from a cache."
    )
