"""What users and other people said: ratings, whatever way they came, and annotations and notes in Phoenix."""

from tasks.reports.changes import metric_change
from tasks.reports.evidence import Evidence, Section
from tasks.reports.experience import latest_complaint
from tasks.shared.pages.blocks import Block, Interval, Number, Table
from tasks.shared.pages.wording import shortened

COMMENTS_SHOWN = 10
NAMES = """
SELECT name, annotator_kind, unit, count(*) AS n, count(DISTINCT unit_id) AS units, count(score) AS scored,
    avg(score) AS mean, string_agg(DISTINCT label, ', ' ORDER BY label) AS labels,
    max_by(unit_id, coalesce(updated_at, created_at, start_time)) AS latest
FROM annotations GROUP BY name, annotator_kind, unit ORDER BY n DESC, name, annotator_kind, unit
"""
GIVEN = """
SELECT rating, count(*) AS n, count(*) FILTER (status = 'matched') AS matched,
    count(*) FILTER (status = 'unmatched') AS waiting, count(*) FILTER (status = 'given_up') AS given_up,
    count(comment) AS comments, max_by(trace_id, start_time) FILTER (trace_id IS NOT NULL) AS latest
FROM feedback GROUP BY rating ORDER BY rating DESC
"""
COMMENTS = """
SELECT start_time, rating, comment, text, trace_id FROM feedback
WHERE trim(coalesce(comment, '')) <> '' ORDER BY rating, start_time DESC, feedback_id LIMIT $shown
"""


def feedback(evidence: Evidence) -> list[Block]:
    """Satisfaction first, then what it is made of."""
    tables = (_satisfaction(evidence), _given(evidence), _comments(evidence))
    return [*(table for table in tables if table.rows), _annotations(evidence)]


def _satisfaction(evidence: Evidence) -> Table:
    now, before = (each.metrics.get(("satisfaction", "")) for each in (evidence, evidence.before))
    rows = [
        (
            "Satisfied users",
            Number(now.value, "share"),
            Interval(now.low, now.high, "share"),
            Number(now.n),
            Number(now.coverage, "share"),
            Number(before.value, "share") if before else None,
            metric_change(now, before, "share"),
            latest_complaint(evidence),
        )
    ] if now else []  # fmt: skip
    return Table(
        "Satisfaction",
        ("Figure", "Value", "95 % interval", "n", "Coverage", evidence.called_before, "Change", "Evidence"),
        rows,
        note="The share of positive ratings, the last one of each trace: those that the application recorded, and "
        "annotations of users in Phoenix. Coverage is the share of traces that somebody rated; who rates is not a "
        "random choice, and the interval knows nothing of that.",
    )


def _given(evidence: Evidence) -> Table:
    return Table(
        "Ratings that the application recorded",
        ("Rating", "n", "Matched to a trace", "Wait for it", "Given up", "With a comment", "Evidence"),
        [
            (
                row["rating"],
                *(Number(row[name]) for name in ("n", "matched", "waiting", "given_up", "comments")),
                evidence.links.to("trace", row["latest"], "latest trace"),
            )
            for row in evidence.rows(GIVEN)
        ],
    )


def _comments(evidence: Evidence) -> Table:
    return Table(
        "What people wrote",
        ("Comment", "Rating", "At", "Question", "Evidence"),
        [
            (
                shortened(row["comment"]),
                row["rating"],
                evidence.time_of(row["start_time"]),
                shortened(row["text"], 100),
                evidence.links.to("trace", row["trace_id"], "trace"),
            )
            for row in evidence.rows(COMMENTS, shown=COMMENTS_SHOWN)
        ],
    )


def _annotations(evidence: Evidence) -> Table:
    return Table(
        "Annotations by name",
        ("Name", "Written by", "On", "n", "Units", "With a score", "Mean score", "Labels", "Evidence"),
        [
            (
                row["name"],
                row["annotator_kind"].lower(),
                row["unit"],
                Number(row["n"]),
                Number(row["units"]),
                Number(row["scored"] / row["n"], "share"),
                Number(row["mean"], "score"),
                shortened(row["labels"], 80),
                evidence.links.to(row["unit"], row["latest"], f"latest {row['unit']}"),
            )
            for row in evidence.rows(NAMES)
        ],
        empty=f"Nobody annotated this {evidence.edition}'s traffic in Phoenix.",
    )


SECTION = Section(order=75, title="Feedback", build=feedback)
