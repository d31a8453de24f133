"""What a group of summary metrics is, and how all of them become rows of `metrics` and `period_metrics`.

A trace belongs to every day that has a span of it, so that a day's numbers need no other day's spans. In a week or a
month it is one trace: their metrics come from the rows of the whole period, and not from the metrics of its days.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow as pa

from tasks.shared.plugins import collect
from tasks.shared.records import Edition, Metric, Window
from tasks.shared.settings import Settings
from tasks.shared.statistics.cluster_shares import ClusterSums, cluster_share
from tasks.shared.statistics.intervals import wilson
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import METRICS, PERIOD_METRICS
from tasks.shared.values import twelve_digits
from tasks.tracking import summaries
from tasks.tracking.known_judges import KnownJudge, scales
from tasks.tracking.rating_words import rating_words

Row = Mapping[str, Any]
# Over a relation of clusters with `units`, and those of them that are `having_it`.
CLUSTER_COLUMNS = ("clusters", "units", "having_it", "units_squared", "having_squared", "products")
CLUSTER_SUMS = """count(*) FILTER (units > 0) AS clusters, fsum(units) AS units, fsum(having_it) AS having_it,
    fsum(units ** 2) AS units_squared, fsum(having_it ** 2) AS having_squared, fsum(units * having_it) AS products"""


@dataclass(frozen=True)
class Summary:
    """A query over the lake's tables, limited to the day, and what its rows say. Named after the declaring file.

    Beside the tables it may name `scales`, the judges' scales (see `known_judges.scales`), and `ratings`, the words by
    which people rate answers (see `rating_words`).
    """

    query: str
    metrics: Callable[[Sequence[Row]], Iterable[Metric]]


def all_summaries() -> dict[str, Summary]:
    """Every group of metrics by name."""
    return collect(summaries, Summary)


def day_metrics(
    lake: Lake, project: str, window: Window, judges: Iterable[KnownJudge], settings: Settings
) -> list[Metric]:
    """The metrics of every group on the day, or period, that *window* is; *judges* decided something of it."""
    known = {"scales": scales(judges), "ratings": rating_words(settings)}
    answers = {name: lake.sql(each.query, project, window, None, known) for name, each in all_summaries().items()}
    return [m for name, each in all_summaries().items() for m in each.metrics(answers[name].to_pylist())]


def count(name: str, value: int, dimension: str = "", unit: str = "", of: int | None = None) -> Metric:
    """An exact count: of everything, or of the *of* things looked at."""
    return Metric(name, float(value), value if of is None else of, 1.0, dimension=dimension, unit=unit)


def rate(name: str, successes: int, n: int, dimension: str = "") -> list[Metric]:
    """The share of *successes* among *n* with its interval; nothing where there is nothing to share."""
    if not n:
        return []
    low, high = wilson(successes, n)
    return [Metric(name, successes / n, n, 1.0, low, high, dimension, "share")]


def rate_of_clusters(name: str, row: Row, eligible: int) -> list[Metric]:
    """The share of units that have it, which come in clusters, from the columns of CLUSTER_SUMS; of *eligible* units.

    Nothing where there is no unit.
    """
    if not row["clusters"]:
        return []
    found = cluster_share(ClusterSums(*(row[column] for column in CLUSTER_COLUMNS)))
    if found is None:
        return []
    return [Metric(name, found.value, found.n, share(found.n, eligible), found.low, found.high, unit="share")]


def share(part: int, whole: int) -> float:
    """*part* of *whole*; of nothing, nothing is covered."""
    return part / whole if whole else 0.0


def metric_rows(metrics: Iterable[Metric], window: Window) -> pa.Table:
    """Rows of the `metrics` table, by name and dimension."""
    times = {"start_time": window.start, "end_time": window.end}
    ordered = sorted(metrics, key=lambda metric: (metric.name, metric.dimension))
    return pa.Table.from_pylist([times | asdict(_rounded(metric)) for metric in ordered], schema=METRICS.schema)


def period_rows(metrics: Iterable[Metric], window: Window, edition: Edition) -> pa.Table:
    """Rows of the `period_metrics` table."""
    rows = metric_rows(metrics, window)
    return rows.append_column("edition", pa.array([edition] * rows.num_rows, pa.string())).cast(PERIOD_METRICS.schema)


def metrics_in(rows: pa.Table) -> list[Metric]:
    """The metrics that rows of the `metrics` table hold."""
    return [Metric(**row) for row in rows.drop_columns(["start_time", "end_time"]).to_pylist()]


def _rounded(metric: Metric) -> Metric:
    """The same on every way to it: a day may be summed again in another order."""
    numbers = (metric.low, metric.high, metric.worst, metric.best)
    low, high, worst, best = (None if number is None else twelve_digits(number) for number in numbers)
    return replace(metric, value=twelve_digits(metric.value), low=low, high=high, worst=worst, best=best)
