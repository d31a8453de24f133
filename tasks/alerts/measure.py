"""What a measure is, and the one query that adds its units up by hour and series."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.alerts import measures
from tasks.shared.pages import blocks
from tasks.shared.plugins import collect
from tasks.shared.statistics.sketch import GROWTH, SMALLEST
from tasks.shared.store.lake import Lake

Kind = Literal["share", "quantile", "sum", "gauge"]

# A series for every span name that has an id in it would drown the others: of a dimension's values, those with most
# units in the hour are kept.
SERIES_KEPT = 50
# The dimensions in a query: 'name=' || name, and nothing for the whole project.
NAMED, WHOLE = re.compile(r"'(\w+)='"), "''"
# A cluster is what is not independent of itself: a trace's spans fail together.
ADDED_UP = """
WITH units AS ({query}),
clusters AS (
    SELECT date_trunc('hour', start_time) AS hour, dimension, cluster, count(*) AS n, sum(weight) AS m,
        sum(weight * value) AS y, {worst}(example, value) AS example, {worst}(value, value) AS extreme
    FROM units WHERE value IS NOT NULL GROUP BY ALL
),
added AS (
    SELECT hour, dimension, CAST(sum(n) AS BIGINT) AS n, count(*) AS clusters, fsum(m) AS weight, fsum(y) AS total,
        fsum(m * m) AS weight_squares, fsum(y * y) AS total_squares, fsum(m * y) AS products,
        {worst}(example, (extreme, cluster)) AS example
    FROM clusters GROUP BY hour, dimension
    QUALIFY row_number() OVER (
        PARTITION BY hour, split_part(dimension, '=', 1) ORDER BY sum(n) DESC, dimension) <= {kept}
),
buckets AS (
    SELECT date_trunc('hour', start_time) AS hour, dimension,
        CAST(ceil(ln(greatest(value, {smallest})) / ln({growth})) AS BIGINT) AS bucket, count(*) AS n
    FROM units WHERE {sketched} AND value IS NOT NULL GROUP BY ALL
),
sketches AS (
    SELECT hour, dimension, string_agg(bucket || ':' || n, ' ' ORDER BY bucket) AS sketch
    FROM buckets GROUP BY hour, dimension
)
SELECT hour AS start_time, dimension, n, clusters, weight, total, weight_squares, total_squares, products,
    coalesce(sketch, '') AS sketch, example
FROM added LEFT JOIN sketches USING (hour, dimension) ORDER BY start_time, dimension
"""


@dataclass(frozen=True)
class Measure:
    """A named measure of an hour. The name is the name of the file that declares it.

    `query` gives a row for each unit: `start_time`, `dimension` (empty, or `key=value`), `cluster`, `weight`, `value`
    and `example` (`span:<id>`); a unit may have several rows, one for each dimension. It may name the `tables` and use
    `$parameters`, which are named in `parameters`. A `share` has values 0 and 1; of a `quantile` the values are kept as
    a sketch; a `sum` is exact. A `gauge` has no query: `read` looks at the world as it is, by dimension. A `judged` one
    rests on decisions, which come at night: its hours are looked at when their day is decided.
    """

    kind: Kind
    title: str
    unit: blocks.Measure
    worse: Literal["high", "low"] = "high"
    query: str = ""
    tables: tuple[str, ...] = ("spans",)
    parameters: tuple[str, ...] = ()
    quantile: float = 0.95
    judged: bool = False
    read: Callable[[Lake, str, dt.datetime], Mapping[str, float]] | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """By what it is measured, as its query says; empty text for the whole project."""
        if not self.query:
            return ("",)
        named = tuple(dict.fromkeys(NAMED.findall(self.query)))
        return ("", *named) if WHOLE in self.query else named

    @property
    def sql(self) -> str:
        """The query over a window's tables whose rows are the measured hours."""
        return ADDED_UP.format(
            query=self.query,
            worst="arg_max" if self.worse == "high" else "arg_min",
            kept=SERIES_KEPT,
            sketched="true" if self.kind == "quantile" else "false",
            smallest=SMALLEST,
            growth=GROWTH,
        )


def all_measures() -> dict[str, Measure]:
    """Every measure by name."""
    return collect(measures, Measure)
