"""What the traffic's totals say of the rate behind them: sessions arrive, each with the spans, tokens and cost it has.

Spans of one session come and fail together, so that changes are told by sessions and not by spans.
"""

from dataclasses import dataclass
from typing import Any

from tasks.reports.evidence import Evidence
from tasks.shared.statistics.change import Bounded, total_of_arrivals
from tasks.shared.statistics.estimate import Size, share_of_variance

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
        row, arrivals = self.row, self.row["arrivals"]
        if not arrivals:
            return None
        rate = row["errors"] / row["spans"]
        squares = row["errors_squares"] - 2 * rate * row["products"] + rate**2 * row["spans_squares"]
        variance = max(squares, 0) / row["spans"] ** 2 * (arrivals / max(arrivals - 1, 1))
        size = Size(int(row["spans"]), arrivals, row["spans"] ** 2 / row["spans_squares"])
        found = share_of_variance(rate, variance, size)
        return Bounded(rate, found.low, found.high)
