"""What people asked most, alike questions counted as one."""

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Interval, Number, Table
from tasks.shared.pages.wording import shortened
from tasks.shared.statistics.intervals import wilson

QUERIES_SHOWN = 10
# Case, spacing, closing punctuation, numbers and quoted values do not make a question a different one.
QUERIES = r"""
WITH roots AS (
    SELECT trace_id, span_id, start_time, status_code, latency_ms, CASE
        WHEN left(ltrim(input), 1) = '{' AND json_valid(input) THEN coalesce(json_extract_string(input, '$.query'),
            json_extract_string(input, '$.question'), json_extract_string(input, '$.input'),
            json_extract_string(input, '$.message'), input) ELSE input END AS asked
    FROM spans WHERE parent_id IS NULL AND input IS NOT NULL AND trim(input) <> ''
), normal AS (
    SELECT *, rtrim(regexp_replace(regexp_replace(regexp_replace(lower(trim(left(asked, 400))),
        '"[^"]*"|''[^'']*''', '"…"', 'g'), '[0-9]+([.,:-][0-9]+)*', '#', 'g'), '\s+', ' ', 'g'), ' ?!.') AS normalised
    FROM roots
)
SELECT min_by(asked, start_time) AS example, count(*) AS n, count(*) FILTER (status_code = 'ERROR') AS errors,
    quantile_cont(latency_ms, 0.5) AS p50, max_by(trace_id, start_time) AS latest,
    sum(count(*)) OVER () AS total, count(*) OVER () AS kinds
FROM normal GROUP BY normalised ORDER BY n DESC, normalised LIMIT $shown
"""


def top_queries(evidence: Evidence) -> list[Block]:
    """Inputs of root spans by frequency."""
    queries = evidence.rows(QUERIES, shown=QUERIES_SHOWN)
    note = (
        f"{queries[0]['kinds']:,} different questions in {queries[0]['total']:,.0f} root spans with input."
        if queries
        else ""
    )
    table = Table(
        "Most frequent questions",
        ("Question", "n", "Share", "Error rate", "95 % interval", "Median latency", "Evidence"),
        [
            (
                shortened(row["example"]),
                Number(row["n"]),
                Number(row["n"] / row["total"], "share"),
                Number(row["errors"] / row["n"], "share"),
                Interval(*wilson(row["errors"], row["n"]), "share"),
                Number(row["p50"], "ms"),
                evidence.links.to("trace", row["latest"], "latest trace"),
            )
            for row in queries
        ],
        empty=f"No root span of this {evidence.edition} carries an input.",
        note=note,
    )
    return [table]


SECTION = Section(order=80, title="Top queries", build=top_queries)
