"""The day at a glance: volume, errors, latency, tokens, cost and scores, beside the same weekday a week before."""

from dataclasses import dataclass, replace

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Interval, Link, Measure, Number, Table, Text
from tasks.shared.pages.wording import number
from tasks.shared.statistics.intervals import wilson

TOTALS = """
SELECT count(*) AS spans, count(DISTINCT trace_id) AS traces, count(*) FILTER (status_code = 'ERROR') AS errors,
    count(*) FILTER (parent_id IS NULL) AS roots, quantile_disc(latency_ms, 0.95) FILTER (parent_id IS NULL) AS p95,
    count(*) FILTER (kind = 'LLM' OR total_tokens IS NOT NULL) AS calls, count(total_tokens) AS counted,
    count(cost_usd) AS priced, sum(total_tokens) AS tokens, sum(cost_usd) AS cost,
    max_by(trace_id, start_time) AS latest, max_by(span_id, start_time) FILTER (status_code = 'ERROR') AS latest_error,
    max_by(trace_id, latency_ms) FILTER (parent_id IS NULL) AS slowest, max_by(span_id, total_tokens) AS largest,
    max_by(span_id, cost_usd) AS dearest
FROM spans
"""
SCORES = """
SELECT evaluator, count(score) AS n,
    fsum(score / inclusion_probability) / fsum(CASE WHEN score IS NOT NULL THEN 1 / inclusion_probability END) AS mean,
    count(score) / nullif(count(*) FILTER (status <> 'not_applicable'), 0) AS coverage, any_value(unit) AS unit,
    CASE WHEN any_value(direction) = 'minimize' THEN max_by(unit_id, score) ELSE min_by(unit_id, score) END AS worst
FROM decisions GROUP BY evaluator HAVING n > 0 ORDER BY evaluator
"""


@dataclass(frozen=True)
class Figure:
    """A tile: a named number with what it speaks for. *name* is the metric that tracking publishes for it."""

    name: str
    label: str
    measure: Measure
    value: float | None
    n: int
    coverage: float | None = 1.0
    low: float | None = None
    high: float | None = None
    link: Link | None = None


def headline(evidence: Evidence) -> list[Block]:
    """Tiles from the published metrics, or from the spans and decisions themselves where there are none."""
    figures = _figures(evidence)
    if not figures:
        return [Text(f"No spans of {evidence.project} were stored for {evidence.window}.", "warning")]
    before = {figure.name: figure for figure in _figures(evidence.week_before())}
    table = Table(
        "The day at a glance",
        ("Figure", "Value", "95 % interval", "n", "Coverage", "A week before", "Change", "Evidence"),
        [
            (
                figure.label,
                Number(figure.value, figure.measure),
                Interval(figure.low, figure.high, figure.measure) if figure.low is not None else None,
                Number(figure.n),
                Number(figure.coverage, "share"),
                Number(before[figure.name].value, figure.measure) if figure.name in before else None,
                change(figure, before[figure.name]) if figure.name in before else None,
                figure.link,
            )
            for figure in figures
        ],
        layout="tiles",
        note="" if before else "No spans are stored for the same weekday a week before, so nothing is compared.",
    )
    if evidence.metrics:
        return [table]
    missing = f"Tracking has published no metrics for {evidence.window}: these figures come from the spans themselves."
    return [Text(missing, "warning"), table]


def change(now: Figure, before: Figure) -> str | None:
    """How far the figure moved; `within noise` where the two intervals overlap."""
    if now.value is None or before.value is None:
        return None
    if now.measure in {"share", "score"}:
        difference = now.value - before.value
        moved = f"{difference * 100:+.1f} points" if now.measure == "share" else f"{difference:+.3f}"
    elif before.value == 0:
        return None
    else:
        moved = number(now.value / before.value - 1, "change")
    ends = (now.low, now.high, before.low, before.high)
    if None in ends:
        return moved
    overlap = now.low <= before.high and before.low <= now.high  # type: ignore[operator]
    return f"{moved}, within noise" if overlap else moved


def _figures(evidence: Evidence) -> list[Figure]:
    """The day's figures; none when it has no spans."""
    found = [*_totals(evidence), *_scores(evidence)]
    metrics = evidence.metrics
    return [
        replace(f, value=m.value, n=m.n, coverage=m.coverage, low=m.low, high=m.high)
        if (m := metrics.get((f.name, "")))
        else f
        for f in found
    ]


def _totals(evidence: Evidence) -> list[Figure]:
    row, to = evidence.rows(TOTALS)[0], evidence.links.to
    if not row["spans"]:
        return []
    error_rate, ends = row["errors"] / row["spans"], wilson(row["errors"], row["spans"])
    counted, priced = (row[key] / row["calls"] if row["calls"] else None for key in ("counted", "priced"))
    project = to("project", evidence.project, "project")
    return [
        Figure("spans", "Spans", "count", row["spans"], row["spans"], link=project),
        Figure("traces", "Traces", "count", row["traces"], row["traces"],
               link=to("trace", row["latest"], "latest trace")),
        Figure("error_rate/spans", "Spans with an error", "share", error_rate, row["spans"], 1.0, *ends,
               to("span", row["latest_error"], "latest error")),
        Figure("latency_ms/p95", "Trace latency, p95", "ms", row["p95"], row["roots"],
               link=to("trace", row["slowest"], "slowest trace")),
        Figure("tokens/total", "Tokens", "tokens", row["tokens"], row["counted"], counted,
               link=to("span", row["largest"], "largest call")),
        Figure("cost_usd", "Cost", "usd", row["cost"], row["priced"], priced,
               link=to("span", row["dearest"], "dearest call")),
    ]  # fmt: skip


def _scores(evidence: Evidence) -> list[Figure]:
    return [
        Figure(
            f"score/{row['evaluator']}",
            row["evaluator"],
            "score",
            row["mean"],
            row["n"],
            row["coverage"],
            link=evidence.links.to(row["unit"], row["worst"], f"worst {row['unit']}"),
        )
        for row in evidence.rows(SCORES)
    ]


SECTION = Section(order=10, title="At a glance", build=headline)
