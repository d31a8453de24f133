"""How long things took, by span name and by hour."""

from tasks.reports.changes import metric_change
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Chart, Interval, Number, Table
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened
from tasks.shared.records import Metric

NAMES_SHOWN = 25
NAMES = """
SELECT name, count(*) AS n, quantile_disc(latency_ms, [0.50, 0.95, 0.99]) AS quantiles, max(latency_ms) AS slowest_ms,
    max_by(span_id, latency_ms) AS slowest
FROM spans GROUP BY name ORDER BY sum(latency_ms) DESC, name LIMIT $shown
"""
SLOTS = """
SELECT date_trunc($step, start_time) AS slot,
    quantile_disc(latency_ms, 0.50) AS p50, quantile_disc(latency_ms, 0.95) AS p95
FROM spans WHERE parent_id IS NULL GROUP BY slot
"""


def latency(evidence: Evidence) -> list[Block]:
    """p50, p95 and p99 by span name, those that took the most time first; whole traces by hour."""
    names = evidence.rows(NAMES, shown=NAMES_SHOWN)
    table = Table(
        "Latency by span name",
        ("Span name", "n", "p50", "p95", "p95, 95 % interval", "Change of p95", "p99", "Slowest", "Evidence"),
        [
            (
                shortened(row["name"], NAME_CHARACTERS),
                Number(row["n"]),
                Number(row["quantiles"][0], "ms"),
                Number(row["quantiles"][1], "ms"),
                _interval(evidence, row["name"]),
                metric_change(_p95(evidence, row["name"]), _p95(evidence.before, row["name"]), "ms"),
                Number(row["quantiles"][2], "ms"),
                Number(row["slowest_ms"], "ms"),
                evidence.links.to("span", row["slowest"], "slowest span"),
            )
            for row in names
        ],
        note=f"At most the {NAMES_SHOWN} names that took the most time. A dash: too few spans for an interval.",
    )
    if not names:
        return [table]
    whole = evidence.over_time(SLOTS)
    return [
        Chart(f"Whole traces by {evidence.step}", "lines", evidence.step.capitalize(), ("p50", "p95"), whole, "ms"),
        table,
    ]


def _interval(evidence: Evidence, name: str) -> Interval:
    """The interval that tracking published."""
    metric = _p95(evidence, name)
    return Interval(metric.low, metric.high, "ms") if metric else Interval(None, None)


def _p95(evidence: Evidence, name: str) -> Metric | None:
    return evidence.metrics.get(("latency_ms/p95", f"name={name}"))


SECTION = Section(order=40, title="Latency", build=latency)
