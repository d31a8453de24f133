"""At a glance: volume, errors, latency, tokens, cost and scores, beside the same weekday or period before."""

from dataclasses import dataclass, replace

from tasks.reports.arrivals import Arrivals
from tasks.reports.changes import change, plain
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Change, Interval, Link, Measure, Number, Table, Text
from tasks.shared.statistics.change import Bounded
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
COMPARED = (
    "An arrow stands where the 95 % interval of the change leaves out that nothing changed. Of twenty figures that "
    "stay as they are one has an arrow by chance. Totals and error rates are compared as what sessions bring, which "
    "arrive independently of each other."
)


@dataclass(frozen=True)
class Figure:
    """A tile: a named number with what it speaks for. *name* is the metric that tracking publishes for it.

    *moves* is the figure with the interval that changes are told by, where it is not that of the figure itself.
    """

    name: str
    label: str
    measure: Measure
    value: float | None
    n: int
    coverage: float | None = 1.0
    low: float | None = None
    high: float | None = None
    link: Link | None = None
    moves: Bounded | None = None

    @property
    def bounded(self) -> Bounded | None:
        """The figure with the interval that changes are told by."""
        if self.moves is not None or self.value is None or self.low is None or self.high is None:
            return self.moves
        return Bounded(self.value, self.low, self.high)


def headline(evidence: Evidence) -> list[Block]:
    """Tiles from the published metrics, or from the spans and decisions themselves where there are none."""
    figures = _figures(evidence)
    if not figures:
        return [Text(f"No spans of {evidence.project} were stored for {evidence.window}.", "warning")]
    before = {figure.name: figure for figure in _figures(evidence.before)}
    table = Table(
        f"The {evidence.edition} at a glance",
        ("Figure", "Value", "95 % interval", "n", "Coverage", evidence.called_before, "Change", "Evidence"),
        [
            (
                figure.label,
                Number(figure.value, figure.measure),
                Interval(figure.low, figure.high, figure.measure) if figure.low is not None else None,
                Number(figure.n),
                Number(figure.coverage, "share"),
                Number(before[figure.name].value, figure.measure) if figure.name in before else None,
                moved(figure, before[figure.name]) if figure.name in before else None,
                figure.link,
            )
            for figure in figures
        ],
        layout="tiles",
        note=COMPARED if before else f"No spans are stored for {evidence.before.window}, so nothing is compared.",
    )
    if evidence.metrics:
        return [table]
    missing = f"Tracking has published no metrics for {evidence.window}: these figures come from the spans themselves."
    return [Text(missing, "warning"), table]


def moved(now: Figure, before: Figure) -> Change | None:
    """How far the figure moved, with an interval where both have one."""
    return change(now.bounded, before.bounded, now.measure) or plain(now.value, before.value, now.measure)


def _figures(evidence: Evidence) -> list[Figure]:
    """The figures; none where there are no spans."""
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
    project, arrivals = to("project", evidence.project, "project"), Arrivals.of(evidence)
    return [
        Figure("spans", "Spans", "count", row["spans"], row["spans"], link=project, moves=arrivals.total("spans")),
        Figure("traces", "Traces", "count", row["traces"], row["traces"],
               link=to("trace", row["latest"], "latest trace"), moves=arrivals.total("traces")),
        Figure("error_rate/spans", "Spans with an error", "share", error_rate, row["spans"], 1.0, *ends,
               to("span", row["latest_error"], "latest error"), arrivals.error_rate()),
        Figure("latency_ms/p95", "Trace latency, p95", "ms", row["p95"], row["roots"],
               link=to("trace", row["slowest"], "slowest trace")),
        Figure("tokens/total", "Tokens", "tokens", row["tokens"], row["counted"], counted,
               link=to("span", row["largest"], "largest call"), moves=arrivals.total("tokens")),
        Figure("cost_usd", "Cost", "usd", row["cost"], row["priced"], priced,
               link=to("span", row["dearest"], "dearest call"), moves=arrivals.total("cost")),
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
