"""What the traffic's totals say of the rate behind them: sessions arrive, each with the spans, tokens and cost it has.

Spans of one session come and fail together, so that changes are told by sessions and not by spans.
"""

from dataclasses import dataclass
from typing import Any

from tasks.reports.evidence import Evidence
from tasks.shared.statistics.change import Bounded, total_of_arrivals
from tasks.shared.statistics.cluster_shares import ClusterSums, cluster_share

TOTALS = ("spans", "traces", "tokens", "cost")
# A trace outside any session arrives by itself.
ARRIVALS = f"""
WITH traces AS (
    SELECT coalesce(max(session_id), trace_id) AS arrival, count(*) AS spans, count_if(status_code = 'ERROR') AS errors,
        1 AS traces, coalesce(sum(total_tokens), 0) AS tokens, coalesce(sum(cost_usd), 0) AS cost
    FROM spans GROUP BY trace_id
), arrived AS (
    SELECT count(*) AS traces, sum(spans) AS spans, sum(errors) AS errors, sum(tokens) AS tokens, sum(cost) AS cost
    FROM traces GROUP BY arrival
)
SELECT count(*) AS arrivals, {
    ", ".join(f"fsum({t}) AS {t}, fsum({t} ** 2) AS {t}_squares, max({t}) AS {t}_largest" for t in TOTALS)
}, fsum(errors) AS errors, fsum(errors ** 2) AS errors_squares, fsum(errors * spans) AS products
FROM arrived
"""


@dataclass(frozen=True)
class Arrivals:
    """The row of ARRIVALS of a day, week or month."""

    row: dict[str, Any]

    @classmethod
    def of(cls, evidence: Evidence) -> "Arrivals":
        """Those of the evidence's window."""
        return cls(evidence.rows(ARRIVALS)[0])

    def total(self, name: str) -> Bounded | None:
        """The total of `spans`, `traces`, `tokens` or `cost`, with what another such time could have had."""
        row = self.row
        return total_of_arrivals(row[name] or 0, row[f"{name}_squares"] or 0, row[f"{name}_largest"] or 0)

    def error_rate(self) -> Bounded | None:
        """The share of spans with an error, with the interval that failing together leaves."""
        row = self.row
        found = cluster_share(
            ClusterSums(
                clusters=row["arrivals"],
                units=row["spans"] or 0,
                having=row["errors"] or 0,
                units_squared=row["spans_squares"] or 0,
                having_squared=row["errors_squares"] or 0,
                products=row["products"] or 0,
            )
        )
        return Bounded(found.value, found.low, found.high) if found else None
