"""The report of a comparison, as a page: what changed first, then every figure with what it rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.experiments.figures import by_stratum, figures
from tasks.experiments.flip_cards import flip_blocks
from tasks.experiments.report_tables import (
    answers_table,
    compared_table,
    consumption_table,
    demands_table,
    difference_chart,
    glance_tiles,
    missing_table,
    scores_table,
    strata_table,
    unanswered_table,
)
from tasks.experiments.returns import QUERIES, Return
from tasks.shared.gateways.phoenix.links import comparison_url, trace_url
from tasks.shared.pages.blocks import Block, Cell, Interval, Link, Number, Table, Text, Tone
from tasks.shared.pages.page import Page, Part
from tasks.shared.settings import without_password

if TYPE_CHECKING:
    from tasks.experiments.comparison import Answer, Comparison
    from tasks.experiments.figures import Figure

CLOSING = (
    "Intervals are 95 %, those of changes are of pairs; examples of one session are not taken for independent. An "
    "answer that never came is no wrong answer: it is missing from the coverage. Every link opens the evidence in "
    "Phoenix."
)


@dataclass(frozen=True)
class Places:
    """Where the evidence is: the Phoenix server."""

    phoenix_url: str

    def trace(self, answer: Answer | None, text: str = "trace") -> Link | None:
        """A link to the trace of an answer."""
        return Link(text, trace_url(without_password(self.phoenix_url), answer.trace_id)) if answer else None

    def comparison(self, compared: Comparison) -> Link:
        """A link to Phoenix's page with both experiments side by side."""
        rows = (compared.baseline.row, compared.candidate.row)
        experiments = [row["phoenix_experiment_id"] for row in rows]
        url = comparison_url(without_password(self.phoenix_url), rows[0]["phoenix_dataset_id"], experiments)
        return Link("side by side in Phoenix", url)


def report(
    compared: Comparison,
    places: Places,
    returned: Return | None = None,
    sources: Sequence[Link] = (),
    made_at: dt.datetime | None = None,
) -> Page:
    """The whole page; *returned* is given where the variants' models differ, *sources* are further links."""
    found = figures(compared.sides)
    scores = [figure for figure in found if figure.unit == "score"]
    parts = [
        Part("glance", "At a glance", _glance(compared, found)),
        Part("flips", "Examples that changed", flip_blocks(compared, places)),
        Part("scores", "Accuracy", _scores(compared, scores)),
        Part("strata", "By stratum", [strata_table(by_stratum(compared.sides))]),
        Part("cost", "Cost, latency and tokens", [consumption_table([f for f in found if f.unit != "score"])]),
        Part("coverage", "Coverage and errors", _coverage(compared, places)),
        *([Part("return", "Return on training", return_blocks(returned))] if returned else []),
        Part("compared", "What was compared", [compared_table(compared, places)]),
    ]
    row = compared.candidate.row
    subtitle = f"{row['variant']} against {compared.baseline.row['variant']} on {row['dataset_version']}"
    links = (places.comparison(compared), *sources)
    return Page("Nightjar comparison", compared.gate, subtitle, tuple(parts), CLOSING, links, made_at)


def return_blocks(returned: Return) -> list[Block]:
    """What the candidate's model saves, and when it has paid for its training."""
    saving = returned.saving_usd
    rows: list[tuple[Cell, ...]] = [
        (
            f"Saved per {QUERIES:,} queries",
            Number(saving.value, "usd"),
            Interval(saving.low, saving.high, "usd"),
            Number(saving.n),
        ),
        ("Training", Number(returned.training_usd, "usd"), None, None),
        (
            "Queries until training is paid for",
            Number(returned.break_even),
            Interval(returned.soonest, returned.latest, "count"),
            None,
        ),
    ]
    return [Text(_return_sentence(returned)), Table("Return", ("Figure", "Value", "95 % interval", "n"), rows)]


def _return_sentence(returned: Return) -> str:
    if returned.training_usd is None:
        return (
            "What training cost is not known. Set training_cost_usd of the gate, or training_tokens where the price "
            "table has the model's price of training."
        )
    if returned.break_even is None:
        return "The candidate does not cost less per query, so its training is never paid for."
    if returned.latest is None:
        return "The candidate costs less per query; that it costs more is not ruled out, nor that training never pays."
    return "The candidate costs less per query; training has paid for itself within the interval below."


def _glance(compared: Comparison, found: Sequence[Figure]) -> list[Block]:
    blocks: list[Block] = [Text(doubt, "warning") for doubt in compared.sides.doubts]
    sides = compared.sides
    if sides.asked < sides.planned:
        blocks.append(Text(f"{sides.asked} of {sides.planned} examples were asked of both variants."))
    if compared.verdict is not None:
        tone: Tone = "plain" if compared.verdict.outcome == "pass" else "warning"
        said = f"By the demands of the gate {compared.gate}: {compared.verdict.outcome}. {compared.verdict.reason}"
        blocks.append(Text(said, tone))
    blocks.append(glance_tiles(sides, found))
    if compared.verdict is not None:
        blocks.append(demands_table(compared.verdict))
    return blocks


def _scores(compared: Comparison, scores: Sequence[Figure]) -> list[Block]:
    chart = difference_chart(scores)
    return [scores_table(compared.sides, scores), *([chart] if chart else [])]


def _coverage(compared: Comparison, places: Places) -> list[Block]:
    return [answers_table(compared), missing_table(compared.sides), unanswered_table(compared, places)]
