"""How much of the traffic was decided on within 24 hours of its start, by evaluator."""

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Interval, Number, Table, Text
from tasks.shared.statistics.intervals import wilson

PROMISED_HOURS = 24
# The version that decided last speaks; a unit of which an earlier version had decided in time was decided in time.
# What waits, or was stopped by a budget, is not decided.
UNITS = """
WITH several AS (SELECT evaluator FROM decisions GROUP BY evaluator HAVING min(version) < max(version)),
decided AS (
    SELECT evaluator, unit, unit_id, start_time, status = 'not_applicable' AS inapplicable,
        CASE WHEN status NOT IN ('pending', 'budget_stopped') THEN decided_at END AS decided_at
    FROM decisions
),
units AS (
    FROM decided WHERE evaluator NOT IN (FROM several)
    UNION ALL
    SELECT evaluator, unit, unit_id, min(start_time), bool_and(inapplicable), min(decided_at)
    FROM decided WHERE evaluator IN (FROM several) GROUP BY evaluator, unit, unit_id
)
SELECT evaluator, any_value(unit) AS unit, count(*) AS eligible,
    count(*) FILTER (decided_at < start_time + to_hours($hours)) AS in_time,
    count(*) FILTER (decided_at IS NULL) AS undecided,
    count(*) FILTER (decided_at IS NULL AND start_time + to_hours($hours) > $now) AS not_due,
    quantile_disc(epoch_ms(decided_at) - epoch_ms(start_time), 0.95) FILTER (decided_at IS NOT NULL) AS p95_ms,
    max_by(unit_id, coalesce(decided_at, $now) - start_time) AS longest
FROM units WHERE NOT inapplicable GROUP BY evaluator ORDER BY evaluator
"""


def evaluation_coverage(evidence: Evidence) -> list[Block]:
    """Eligible units by evaluator, and a warning for those that were left undecided too long."""
    rows = evidence.rows(UNITS, hours=PROMISED_HOURS, now=evidence.made_at)
    late = [row for row in rows if row["undecided"] > row["not_due"]]
    warning = ", ".join(f"{row['evaluator']} ({row['undecided'] - row['not_due']:,})" for row in late)
    table = Table(
        f"Decided within {PROMISED_HOURS} hours of the unit's start",
        ("Evaluator", "Unit", "In time", "95 % interval", "n", "Undecided", "of these not due", "Time to decide, p95",
         "Evidence"),
        [
            (
                row["evaluator"],
                row["unit"],
                Number(row["in_time"] / row["eligible"], "share"),
                Interval(*wilson(row["in_time"], row["eligible"]), "share"),
                Number(row["eligible"]),
                Number(row["undecided"]),
                Number(row["not_due"]),
                Number(row["p95_ms"], "ms"),
                evidence.links.to(row["unit"], row["longest"], f"{row['unit']} that waited longest"),
            )
            for row in rows
        ],
        empty=f"No evaluator has decided anything for this {evidence.edition}.",
        note="Of all units but those the evaluator does not apply to. Sampled out, and errored, is decided; waiting, "
        "or stopped by a budget, is not. A unit that was decided on again has the time of the earliest decision that "
        "the lake still has.",
    )  # fmt: skip
    return [*([Text(f"Left undecided too long: {warning}.", "warning")] if late else []), table]


SECTION = Section(order=71, title="Evaluation coverage", build=evaluation_coverage)
