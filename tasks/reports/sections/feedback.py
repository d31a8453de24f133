"""What people and other tools wrote on the spans, traces and sessions in Phoenix."""

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Number, Table
from tasks.shared.pages.wording import shortened

NAMES = """
SELECT name, annotator_kind, unit, count(*) AS n, count(DISTINCT unit_id) AS units, count(score) AS scored,
    avg(score) AS mean, string_agg(DISTINCT label, ', ' ORDER BY label) AS labels,
    max_by(unit_id, coalesce(updated_at, created_at, start_time)) AS latest
FROM annotations GROUP BY name, annotator_kind, unit ORDER BY n DESC, name, annotator_kind, unit
"""


def feedback(evidence: Evidence) -> list[Block]:
    """Annotations and notes that Nightjar did not write, by name."""
    table = Table(
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
    return [table]


SECTION = Section(order=75, title="Feedback", build=feedback)
