"""Calls that showed the examples of a prompt: production's in a window, and those of every experiment with it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.prompts.example_use import AnsweredCall, ExamplesUse, examples_use
from tasks.prompts.failures import passes_at
from tasks.prompts.tokens import last_days
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import ShownExample, parsed, written
from tasks.shared.gateways.phoenix import Phoenix, PromptText, get_prompt
from tasks.shared.records import Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

SECTION = "examples"
CALLS = Path(__file__).with_name("example_calls.sql").read_text(encoding="utf-8")
TRIED_IN = """
SELECT DISTINCT traced_in FROM experiments WHERE specification ->> '$.prompt' = $prompt ORDER BY traced_in
"""


async def use_of_examples(
    settings: Settings, project: str, name: str, version: str, *, metric: str, window: Window | None = None
) -> ExamplesUse:
    """How much each example of prompt *name* helps by *metric*, as far as the lake knows.

    Raises:
        ConfigurationError: There is no such prompt or version, or its examples cannot be told apart.
    """
    async with Phoenix(settings.phoenix) as phoenix:
        prompt = await get_prompt(phoenix.prompts, name, version, settings.prompts.cache)
    return examples_use(shown_in(prompt)[0], answered_calls(Lake.open(settings.lake), project, prompt, metric, window))


def metric_of(settings: Settings, name: str) -> str:
    """The metric that decides on prompt *name*: the first of its gate. Raises ConfigurationError where nobody says."""
    section = settings.prompts.optimise.get(name) or settings.prompts.compress.get(name)
    gate = settings.gates.get(section.gate) if section else None
    if gate is None or not gate.metrics:
        raise ConfigurationError(
            f"nobody says which evaluator decides on prompt {name!r}. Name it (--metric), or a gate with metrics in "
            f"[prompts.optimise.{name}] or [prompts.compress.{name}]."
        )
    return next(iter(gate.metrics))


def shown_in(prompt: PromptText) -> tuple[list[ShownExample], str]:
    """The examples of *prompt* and the label of their answers. Raises ConfigurationError where it shows none."""
    found = parsed(prompt.sections.get(SECTION, ""))
    if found is None:
        raise ConfigurationError(
            f"prompt {prompt.name} has no section {SECTION!r} whose examples can be told apart. Write them as a list "
            "of question and answer (or sql) into the prompt's file, and push it."
        )
    return found


def answered_calls(
    lake: Lake, project: str, prompt: PromptText, metric: str, window: Window | None
) -> list[AnsweredCall]:
    """Scored calls that show examples of *prompt*, of *window* and of all experiments with it."""
    within = window or (last_days(lake, project) if lake.days(SPANS, project) else None)
    calls = _calls(lake, project, prompt, metric, within, everything=False) if within else []
    tried = lake.sql(TRIED_IN, project, None, {"prompt": prompt.name})["traced_in"].to_pylist()
    for traced_in in tried:
        calls += _calls(lake, traced_in, prompt, metric, None, everything=True)
    return calls


def as_json(use: ExamplesUse) -> dict[str, Any]:
    """Everything, for programs."""
    return asdict(use)


def _calls(
    lake: Lake, project: str, prompt: PromptText, metric: str, window: Window | None, *, everything: bool
) -> list[AnsweredCall]:
    examples, label = shown_in(prompt)
    texts = [written([example], label) for example in examples]
    known = pa.table({"number": pa.array(range(len(texts)), pa.int64()), "text": pa.array(texts, pa.string())})
    values = {"metric": metric, "everything": everything}
    rows = lake.sql(CALLS, project, window, values, {"in_prompt": known}).to_pylist()
    passing = {version: passes_at(lake, metric, version) for version in {row["version"] for row in rows}}
    return [
        AnsweredCall(row["question"], frozenset(row["shown"]), _passes(row, passing[row["version"]])) for row in rows
    ]


def _passes(row: dict[str, Any], least: float) -> bool:
    return bool(row["score"] <= least if row["direction"] == "minimize" else row["score"] >= least)
