"""What a query costs: the mean per trace with an interval, in all and by the users' cohorts."""

from typing import Any

from tasks.reports.evidence import Evidence, Section
from tasks.shared.pages.blocks import Block, Cell, Interval, Number, Table
from tasks.shared.pages.wording import NAME_CHARACTERS, shortened
from tasks.shared.statistics.clustered import of_sums
from tasks.shared.store.query_costs import COHORTS, WHOLE, query_costs

TAIL = 0.025
VALUES_SHOWN = 20
FIGURES = ("Queries", "Coverage", "Users", "Tokens", "Cost", "Share", "Mean per query", "95 % interval", "Evidence")


def queries(evidence: Evidence) -> list[Block]:
    """One table of all queries, and one for each field of the metadata that names cohorts."""
    whole = evidence.rows(query_costs(WHOLE))
    if not whole:
        return [Table("Cost per query", ("Query",), (), f"No trace of this {evidence.edition} has a root.")]
    spent = whole[0]["cost"]
    note = (
        "A query is a trace with a root. Its mean speaks for those whose model calls all have a price (coverage); the "
        "interval takes sessions as clusters."
    )
    tables = [Table("Cost per query", FIGURES, [_figures(evidence, whole[0], spent)], note=note)]
    fields = list(evidence.settings.cost.cohorts)
    found = evidence.rows(query_costs(COHORTS), fields=fields) if fields else []
    for field in fields:
        rows = [row for row in found if row["field"] == field]
        if any(row["value"] is not None for row in rows):
            tables.append(_cohorts(evidence, field, rows, spent))
    return list(tables)


def _cohorts(evidence: Evidence, field: str, rows: list[dict[str, Any]], spent: float) -> Table:
    shown = [
        (shortened(row["value"] or "(none)", NAME_CHARACTERS), *_figures(evidence, row, spent))
        for row in rows[:VALUES_SHOWN]
    ]
    more = f" The {VALUES_SHOWN} dearest of {len(rows)}." if len(rows) > VALUES_SHOWN else ""
    note = f"By {field}, a field of the root span's metadata.{more}"
    return Table(f"Cost by {field}", (field.capitalize(), *FIGURES), shown, note=note)


def _figures(evidence: Evidence, row: dict[str, Any], spent: float) -> tuple[Cell, ...]:
    mean = of_sums(row) if row["n"] else None
    low, high = mean.bounds(TAIL, least=0.0) if mean and mean.clusters > 1 else (None, None)
    return (
        Number(row["traces"]),
        Number(row["known"] / row["traces"], "share"),
        Number(row["users"]),
        Number(row["tokens"], "tokens"),
        Number(row["cost"], "usd"),
        Number(row["cost"] / spent if spent else None, "share"),
        Number(mean.value if mean else None, "usd"),
        Interval(low, high, "usd"),
        evidence.links.to("trace", row["dearest"], "dearest trace"),
    )


SECTION = Section(order=61, title="Cost per query", build=queries)
