"""The tables of a comparison's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from tasks.experiments.flips import counts
from tasks.experiments.wording import interval_text, limit_text, value_text
from tasks.shared.pages.blocks import Cell, Chart, Interval, Measure, Number, Table
from tasks.shared.pages.wording import shortened

if TYPE_CHECKING:
    from tasks.experiments.comparison import Comparison, Variant
    from tasks.experiments.figures import Figure
    from tasks.experiments.paired import Sides
    from tasks.experiments.report import Places
    from tasks.experiments.verdict import Verdict
    from tasks.shared.records import Metric

QUERIES = 1000
UNANSWERED_SHOWN = 50
MEASURES: Mapping[str, Measure] = {"score": "score", "usd": "usd", "ms": "ms", "tokens": "tokens"}
TITLES = {
    "cost_usd": f"Cost of {QUERIES:,} answers",
    "latency_ms/p50": "Latency, median",
    "latency_ms/p95": "Latency, p95",
    "tokens": "Tokens per answer",
}


def title_of(figure: Figure) -> str:
    """What a figure is called for people."""
    kind, _, metric = figure.name.partition("/")
    if figure.unit != "score":
        return TITLES[figure.name]
    return f"{metric}, corrected" if kind == "score_corrected" else metric


def glance_tiles(sides: Sides, found: Sequence[Figure]) -> Table:
    """Each figure of the candidate, with the baseline's and the change."""
    worse = {f"score/{pair.metric}": counts(pair) for pair in sides.pairs}
    rows: list[tuple[Cell, ...]] = []
    for figure in found:
        changed = worse.get(figure.name)
        rows.append(
            (
                title_of(figure),
                value_of(figure, figure.candidate),
                value_of(figure, figure.baseline),
                *change_cells(figure),
                f"{changed[0]} / {changed[1]}" if changed else None,
                Number(figure.candidate.n if figure.candidate else 0),
            )
        )
    columns = ("Figure", "Candidate", "Baseline", "Change", "95 % interval", "Examples worse / better", "n")
    return Table("Candidate beside baseline", columns, rows, layout="tiles")


def demands_table(verdict: Verdict) -> Table:
    """What the gate demands, and what became of each demand."""
    rows: list[tuple[Cell, ...]] = [
        (
            each.demand.name,
            each.outcome,
            value_text(each),
            interval_text(each),
            f"{'at most' if each.demand.at_most else 'at least'} {limit_text(each)}",
            each.reason,
        )
        for each in verdict.decided
    ]
    columns = ("Demand", "Outcome", "Value", "Bounds of the verdict", "Limit", "Why")
    return Table("Demands of the gate", columns, rows, empty="The gate names no metric.")


def scores_table(sides: Sides, scores: Sequence[Figure]) -> Table:
    """Every score of both variants and the difference."""
    changed = {f"score/{pair.metric}": counts(pair) for pair in sides.pairs}
    rows: list[tuple[Cell, ...]] = []
    for figure in scores:
        worse, better, same = changed.get(figure.name, (None, None, None))
        rows.append(
            (
                title_of(figure),
                "lower" if figure.direction == "minimize" else "higher",
                *_both_ends(figure, figure.baseline),
                *_both_ends(figure, figure.candidate),
                *change_cells(figure),
                *(Number(count) if count is not None else None for count in (worse, same, better)),
                Number(figure.change.n if figure.change else 0),
                Number(figure.change.coverage if figure.change else 0.0, "share"),
            )
        )
    columns = (
        *("Metric", "Better is", "Baseline", "95 %", "Candidate", "95 %", "Difference", "95 %"),
        *("Worse", "Same", "Better", "n", "Coverage"),
    )
    note = (
        "n counts examples with a score on both sides; coverage is their share of the examples that the metric applies "
        "to. Corrected rates take out what people's labels say of the judge's errors."
    )
    return Table("Scores", columns, rows, empty="No evaluator scored the answers.", note=note)


def difference_chart(scores: Sequence[Figure]) -> Chart | None:
    """Candidate minus baseline of each score with its interval; None without any."""
    rows = [
        (title_of(figure), figure.change.value, figure.change.low, figure.change.high)
        for figure in scores
        if figure.change
    ]
    if not rows:
        return None
    series = ("difference", "low", "high")
    return Chart("Candidate minus baseline", "dots", "Metric", series, rows, "difference")


def strata_table(strata: Mapping[str, Sequence[Figure]]) -> Table:
    """The scores of each stratum."""
    rows: list[tuple[Cell, ...]] = [
        (
            stratum,
            title_of(figure),
            value_of(figure, figure.baseline),
            value_of(figure, figure.candidate),
            *change_cells(figure),
            Number(figure.change.n if figure.change else 0),
            Number(figure.change.coverage if figure.change else 0.0, "share"),
        )
        for stratum, found in strata.items()
        for figure in found
    ]
    columns = ("Stratum", "Metric", "Baseline", "Candidate", "Difference", "95 % interval", "n", "Coverage")
    note = "Each interval is for its stratum alone: of many strata, one in twenty leaves out the true difference."
    return Table("Scores by stratum", columns, rows, empty="All examples are of one stratum.", note=note)


def consumption_table(found: Sequence[Figure]) -> Table:
    """What both variants took."""
    rows: list[tuple[Cell, ...]] = [
        (
            title_of(figure),
            *_both_ends(figure, figure.baseline),
            *_both_ends(figure, figure.candidate),
            *change_cells(figure),
            Number(figure.candidate.n if figure.candidate else 0),
            Number(figure.candidate.coverage if figure.candidate else 0.0, "share"),
        )
        for figure in found
    ]
    columns = ("Figure", "Baseline", "95 %", "Candidate", "95 %", "Change", "95 %", "n", "Coverage")
    note = (
        "The change of cost and tokens is that of their totals, the change of latency the geometric mean of the ratios "
        "of single examples; both on examples that are known on both sides. A coverage below 100 % means that the "
        "target does not tell, or no answer came."
    )
    return Table("What an answer takes", columns, rows, note=note)


def answers_table(compared: Comparison) -> Table:
    """How the answers of each variant went."""
    sides = (("baseline", compared.sides.baseline), ("candidate", compared.sides.candidate))
    statuses = sorted({status for _, side in sides for status in side.statuses} | {"answered", "errored"})
    rows: list[tuple[Cell, ...]] = [
        (
            role,
            *(Number(side.statuses.get(status, 0)) for status in statuses),
            Number(_answered(side.statuses), "share"),
        )
        for role, side in sides
    ]
    return Table("Answers", ("Variant", *(status.replace("_", " ") for status in statuses), "Answered"), rows)


def missing_table(sides: Sides) -> Table:
    """Why answers have no score."""
    rows: list[tuple[Cell, ...]] = [
        (metric, role, status.replace("_", " "), Number(count))
        for role, side in (("baseline", sides.baseline), ("candidate", sides.candidate))
        for metric, missing in sorted(side.missing.items())
        for status, count in sorted(missing.items())
    ]
    columns = ("Metric", "Variant", "Why", "Answers")
    return Table("Answers without a score", columns, rows, empty="Every answer that a metric applies to has a score.")


def unanswered_table(compared: Comparison, places: Places) -> Table:
    """The answers that never came."""
    lost = [
        (role, answer)
        for role, variant in (("baseline", compared.baseline), ("candidate", compared.candidate))
        for answers in variant.answers.values()
        for answer in answers
        if answer.status != "answered"
    ]
    rows: list[tuple[Cell, ...]] = []
    for role, answer in lost[:UNANSWERED_SHOWN]:
        question = compared.questions.get(answer.example_id)
        shown = shortened(question.text) if question else answer.example_id
        why = shortened(answer.error)
        rows.append((shown, role, answer.status.replace("_", " "), why, places.trace(answer), answer.example_id))
    more = len(lost) - len(rows)
    note = f"{more} more are in the table of examples of the MLflow run." if more else ""
    columns = ("Question", "Variant", "Status", "Why", "Evidence", "Example")
    return Table("Answers that never came", columns, rows, empty="Every answer came.", note=note)


def compared_table(compared: Comparison, places: Places) -> Table:
    """Everything that decides how the variants answer, and what they were asked."""
    columns = [_facts(variant) for variant in (compared.baseline, compared.candidate)]
    rows: list[tuple[Cell, ...]] = [(name, columns[0][name], columns[1][name]) for name in columns[0]]
    rows.append(("All answers", places.comparison(compared), None))
    sides = compared.sides
    note = f"{sides.asked:,} of {sides.planned:,} examples were asked of both."
    return Table("Variants", ("", "Baseline", "Candidate"), rows, note=note)


def value_of(figure: Figure, metric: Metric | None) -> Number:
    """The figure of one side; money is for 1,000 answers."""
    return Number(metric.value * _scale(figure) if metric else None, MEASURES[figure.unit])


def change_cells(figure: Figure) -> tuple[Cell, Cell]:
    """The difference of a score, or by how much more or less is taken, with its interval."""
    change = figure.change
    if change is None:
        return None, None
    if figure.unit == "score":
        return Number(change.value, "difference"), Interval(change.low, change.high, "difference")
    low, high = (None if end is None else end - 1 for end in (change.low, change.high))
    return Number(change.value - 1, "change"), Interval(low, high, "change")


def _both_ends(figure: Figure, metric: Metric | None) -> tuple[Cell, Cell]:
    if metric is None or metric.low is None or metric.high is None:
        return value_of(figure, metric), None
    scale = _scale(figure)
    return value_of(figure, metric), Interval(metric.low * scale, metric.high * scale, MEASURES[figure.unit])


def _scale(figure: Figure) -> float:
    return QUERIES if figure.unit == "usd" else 1.0


def _answered(statuses: Mapping[str, int]) -> float | None:
    total = sum(statuses.values())
    return statuses.get("answered", 0) / total if total else None


def _facts(variant: Variant) -> dict[str, Cell]:
    row = variant.row
    return {
        "Variant": row["variant"],
        "Model": ", ".join(variant.each("model")) or None,
        "Prompt version": ", ".join(variant.each("prompt_version")) or None,
        "Dataset": f"{row['dataset']}, {row['dataset_version']}",
        "Digest of the examples": row["dataset_digest"],
        "Repetitions": Number(row["repetitions"]),
        "Commit": row["git_sha"],
        "Begun": f"{row['start_time']:%Y-%m-%d %H:%M} UTC",
        "Experiment": row["experiment"],
        "Specification": orjson.dumps(variant.specification, option=orjson.OPT_SORT_KEYS).decode(),
    }
