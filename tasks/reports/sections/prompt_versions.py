"""The day by prompt version: calls, errors, cost, and what the evaluators say of each."""

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Number, Table
from tasks.shared.pages.wording import NAME_CHARACTERS, number, shortened

VERSIONS = """
SELECT prompt_version, name, count(*) AS calls, count(*) FILTER (status_code = 'ERROR') AS failed,
    avg(cost_usd) AS cost, avg(total_tokens) AS tokens, quantile_disc(latency_ms, 0.5) AS latency,
    max_by(span_id, start_time) AS latest
FROM spans WHERE prompt_version IS NOT NULL
GROUP BY prompt_version, name ORDER BY name, calls DESC, prompt_version LIMIT 40
"""
SCORE = "score/"


def prompt_versions(evidence: Evidence) -> list[Block]:
    """One row for each version and the span that used it; scores are those that tracking published by version."""
    table = Table(
        "Prompt versions",
        ("Span", "Version", "Calls", "Errors", "Cost per call", "Tokens per call", "p50", "Mean scores", "Evidence"),
        [
            (
                shortened(row["name"], NAME_CHARACTERS),
                shortened(row["prompt_version"], NAME_CHARACTERS),
                Number(row["calls"]),
                Number(row["failed"] / row["calls"], "share"),
                Number(row["cost"], "usd"),
                Number(row["tokens"], "tokens"),
                Number(row["latency"], "ms"),
                _scores(evidence, row["prompt_version"]),
                evidence.links.to("span", row["latest"], "latest call"),
            )
            for row in evidence.rows(VERSIONS)
        ],
        empty=f"No span of this {evidence.edition} names its prompt version.",
        note="Scores are about the calls of a version, and about traces that have used no other. In brackets are the "
        "95 % interval and n.",
    )
    return [table]


def _scores(evidence: Evidence, version: str) -> str | None:
    found = []
    for (name, dimension), metric in sorted(evidence.metrics.items()):
        if name.startswith(SCORE) and dimension == f"prompt_version={version}":
            ends = [number(end, "score") for end in (metric.low, metric.high) if end is not None]
            within = ", ".join([*([" to ".join(ends)] if ends else []), f"n {metric.n:,}"])
            found.append(f"{name.removeprefix(SCORE)} {number(metric.value, 'score')} ({within})")
    return "; ".join(found) or None


SECTION = Section(order=74, title="Prompts", build=prompt_versions)
