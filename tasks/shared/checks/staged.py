"""The staged rows as the checks see them: the table's columns and the suite's helper columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from tasks.shared.checks import suites
from tasks.shared.checks.check import Check, Suite
from tasks.shared.checks.rules import helpers
from tasks.shared.plugins import collect
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import Table

MOST_EXAMPLES = 5
LONGEST_VALUE = 200


@cache
def all_suites() -> dict[str, Suite]:
    """Every suite by table name."""
    return collect(suites, Suite)


def suite_of(table: Table) -> Suite:
    """The table's suite; one that adds nothing where no module declares it."""
    return all_suites().get(table.name, Suite())


@dataclass(frozen=True)
class StagedRows:
    """SQL over a stage's rows: `staged` has the table's columns and the helpers."""

    stage: Stage
    helpers: Mapping[str, str]
    relations: Mapping[str, pa.Table]

    @classmethod
    def of(cls, stage: Stage, lake: Lake) -> "StagedRows":
        """The stage's rows with the helpers and relations of its table's suite."""
        suite = suite_of(stage.table)
        columns = helpers(stage.table, suite, stage.complete_columns())
        return cls(stage, columns, suite.relations(stage, lake))

    def sql(self, query: str) -> pa.Table:
        """Run *query* over `staged`."""
        return self.stage.sql(self._over_staged(query), self.relations)

    def stream(self, query: str) -> Iterator[pa.Table]:
        """Run *query* over `staged`, some thousand rows at a time."""
        return self.stage.stream(self._over_staged(query), self.relations)

    def narrow(self, checks: Sequence[Check]) -> pa.Table:
        """The columns that *checks* look at, and no other."""
        names = dict.fromkeys(name for check in checks for name in check.columns)
        return self.sql("SELECT " + ", ".join(f'"{name}"' for name in names) + " FROM staged")

    def examples(self, check: Check) -> tuple[dict[str, Any], ...]:
        """Key and looked-at values of the first failing rows, as text."""
        shown = ", ".join(
            f'left(CAST("{name}" AS VARCHAR), {LONGEST_VALUE}) AS "{name}"'
            for name in dict.fromkeys((*self.stage.table.key, *check.columns))
        )
        found = self.sql(f"SELECT {shown} FROM staged WHERE {check.failing} ORDER BY ALL LIMIT {MOST_EXAMPLES}")
        return tuple(found.to_pylist())

    def _over_staged(self, query: str) -> str:
        helpers = ", ".join(f'({expression}) AS "{name}"' for name, expression in self.helpers.items())
        return f"WITH staged AS (SELECT *, {helpers} FROM {self.stage.table.name}) {query}"
