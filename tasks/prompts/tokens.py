"""Tokens by prompt section over a window of the lake."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tasks.prompts.section_tokens import Asked, PromptUse, Value, prompt_uses
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import DAY, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

USUAL_DAYS = 7
ASKED = Path(__file__).with_name("asked.sql").read_text(encoding="utf-8")


def tokens_by_section(lake: Lake, project: str, window: Window | None, name: str | None = None) -> list[PromptUse]:
    """What the prompts of *project* spend their tokens on; of spans called *name* only, where given.

    Raises:
        ConfigurationError: The lake has no calls of a model there.
    """
    within = window or last_days(lake, project)
    rows = lake.sql(ASKED, project, within, {"name": name}).to_pylist()
    if not rows:
        raise ConfigurationError(
            f"the lake has no spans of kind LLM{f' called {name!r}' if name else ''} with tokens of "
            f"project {project!r} in {within}. Check --project, --window and --name, or ingest the days "
            "(python -m flows ingestion)."
        )
    return prompt_uses(map(asked_of, rows))


def last_days(lake: Lake, project: str, days: int = USUAL_DAYS) -> Window:
    """The last *days* up to the newest one of which the lake has spans."""
    known = lake.days(SPANS, project)
    if not known:
        raise ConfigurationError(
            f"the lake has no spans of project {project!r}. Check the project (--project), or ingest its days "
            "(python -m flows ingestion)."
        )
    end = Window.of_day(known[-1]).end
    return Window(end - days * DAY, end)


def asked_of(row: dict[str, Any]) -> Asked:
    """A row of the query as a record."""
    values = {each["name"]: Value(each["chars"], each["digest"]) for each in row.pop("variables")}
    return Asked(values=values, **row)


def as_json(uses: list[PromptUse]) -> list[dict[str, Any]]:
    """Everything, for programs."""
    return [{**asdict(use), "coverage": use.coverage} for use in uses]
