"""What failed: by span name, by exception, by hour."""

from tasks.reports.changes import change
from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Chart, Interval, Number, Table
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened
from tasks.shared.statistics.change import Bounded
from tasks.shared.statistics.intervals import wilson

ROWS_SHOWN = 15
NAMES = """
SELECT name, count(*) AS n, count(*) FILTER (status_code = 'ERROR') AS errors,
    max_by(span_id, start_time) FILTER (status_code = 'ERROR') AS latest
FROM spans GROUP BY name HAVING errors > 0 ORDER BY errors DESC, name LIMIT $shown
"""
BEFORE = """
SELECT name, count(*) AS n, count(*) FILTER (status_code = 'ERROR') AS errors
FROM spans WHERE list_contains($names, name) GROUP BY name
"""
EXCEPTIONS = """
SELECT coalesce(exception_type, '(none recorded)') AS type, count(*) AS n, count(DISTINCT trace_id) AS traces,
    string_agg(DISTINCT name, ', ' ORDER BY name) AS names, max_by(span_id, start_time) AS latest,
    max_by(left(coalesce(exception_message, status_message), 400), start_time) AS message
FROM spans WHERE status_code = 'ERROR' GROUP BY type ORDER BY n DESC, type LIMIT $shown
"""
SLOTS = """
SELECT date_trunc($step, start_time) AS slot,
    count(*) FILTER (status_code = 'ERROR') / count(*) AS rate
FROM spans GROUP BY slot
"""


def errors(evidence: Evidence) -> list[Block]:
    """Rates with intervals; a span failed when its status is ERROR."""
    names = evidence.rows(NAMES, shown=ROWS_SHOWN)
    asked = evidence.before.rows(BEFORE, names=[row["name"] for row in names]) if names else []
    before = {row["name"]: row for row in asked}
    by_name = Table(
        "Errors by span name",
        ("Span name", "Errors", "n", "Rate", "95 % interval", evidence.called_before, "Change", "Evidence"),
        [
            (
                shortened(row["name"], NAME_CHARACTERS),
                Number(row["errors"]),
                Number(row["n"]),
                Number(row["errors"] / row["n"], "share"),
                Interval(*wilson(row["errors"], row["n"]), "share"),
                *_compared(row, before.get(row["name"])),
                evidence.links.to("span", row["latest"], "latest error"),
            )
            for row in names
        ],
        empty=f"No span of this {evidence.edition} has status ERROR.",
    )
    if not names:
        return [by_name]
    rates = evidence.over_time(SLOTS)
    chart = Chart(
        f"Error rate by {evidence.step}",
        "lines",
        evidence.step.capitalize(),
        ("error rate",),
        rates,
        "share",
        alarming=("error rate",),
    )
    return [chart, by_name, _exceptions(evidence)]


def _compared(now: dict[str, int], before: dict[str, int] | None) -> tuple[Cell, Cell]:
    """The rate before, and how far it moved."""
    if before is None:
        return None, None
    rates = [Bounded(row["errors"] / row["n"], *wilson(row["errors"], row["n"])) for row in (now, before)]
    return Number(rates[1].value, "share"), change(rates[0], rates[1], "share")


def _exceptions(evidence: Evidence) -> Table:
    return Table(
        "Exception types",
        ("Exception", "n", "Traces", "Span names", "Latest message", "Evidence"),
        [
            (
                shortened(row["type"], NAME_CHARACTERS),
                Number(row["n"]),
                Number(row["traces"]),
                shortened(row["names"], 80),
                shortened(row["message"], 120),
                evidence.links.to("span", row["latest"], "latest"),
            )
            for row in evidence.rows(EXCEPTIONS, shown=ROWS_SHOWN)
        ],
    )


SECTION = Section(order=30, title="Errors", build=errors)
