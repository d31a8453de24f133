"""Tokens, and how many of the model calls report them."""

from collections.abc import Iterator, Sequence

from tasks.shared.records import Metric
from tasks.tracking.summary import Row, Summary, rate, share

QUERY = """
SELECT count(*) AS calls,
    count(prompt_tokens) AS prompt_n, CAST(coalesce(sum(prompt_tokens), 0) AS BIGINT) AS prompt,
    count(completion_tokens) AS completion_n, CAST(coalesce(sum(completion_tokens), 0) AS BIGINT) AS completion,
    count(total_tokens) AS total_n, CAST(coalesce(sum(total_tokens), 0) AS BIGINT) AS total
FROM spans WHERE kind = 'LLM' OR total_tokens IS NOT NULL
"""


def tokens(rows: Sequence[Row]) -> Iterator[Metric]:
    """Exact sums; a span that reports tokens is a model call whatever its kind, for the kind may have been cut off."""
    row = rows[0]
    for name in ("prompt", "completion", "total"):
        known = row[f"{name}_n"]
        yield Metric(f"tokens/{name}", float(row[name]), known, share(known, row["calls"]), unit="tokens")
    yield from rate("coverage/tokens", row["total_n"], row["calls"])


SUMMARY = Summary(QUERY, tokens)
