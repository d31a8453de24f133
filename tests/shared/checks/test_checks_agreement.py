"""Great Expectations and the SQL predicates agree on the failing rows, whatever the rows are."""

import datetime as dt
import math
import tempfile
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tasks.shared.checks import keep_out, validate
from tasks.shared.checks.staged import StagedRows
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import FLOAT, INTEGER, QUARANTINE, TEXT, TIME, Column, Table
from tests.shared.checks.staged_rows import DAY, NOON, STRICT, TABLES, rows_of

VALUES: dict[pa.DataType, list[Any]] = {
    TEXT: ["a", "b", "", "NaN", "span", "LLM", "OK", "scored", "code", "o'clock", None],
    INTEGER: [0, 1, -1, 2**62, None],
    FLOAT: [0.0, -0.0, 0.5, 1.0, -1e-300, 1e300, math.nan, math.inf, -math.inf, None],
    TIME: [NOON, DAY.start, DAY.end, DAY.start - dt.timedelta(microseconds=1), None],
}


def cells(column: Column) -> st.SearchStrategy[Any]:
    return st.sampled_from(VALUES.get(column.type, [None]))


def tables_of_rows(table: Table) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries({c.name: cells(c) for c in table.columns}), max_size=12)


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
# No shrinking: a validation takes a quarter of a second, and the rows are few.
@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(data=st.data())
def test_both_count_the_same_rows(table: Table, data: st.DataObject) -> None:
    rows = data.draw(tables_of_rows(table))
    with tempfile.TemporaryDirectory() as root:
        lake = Lake.open(LakeSettings(root=root))
        with lake.stage(table, "p", DAY) as stage:
            stage.append(rows_of(table, rows))
            validation = validate(stage, lake, STRICT)
            seen = StagedRows.of(stage, lake)
            by_sql = {
                r.name: seen.sql(f"SELECT 1 FROM staged WHERE {r.check.failing}").num_rows
                for r in validation.results
                if r.check.failing
            }
            kept_out = keep_out(stage, lake, validation)
            failing_any = " OR ".join(f"(({r.check.failing}) IS TRUE)" for r in validation.critical) or "false"
            expected = seen.sql(f"SELECT 1 FROM staged WHERE {failing_any}").num_rows

        assert {r.name: r.failing for r in validation.results if r.check.failing} == by_sql
        assert all(r.success == (r.failing == 0) for r in validation.results if r.check.failing)
        assert kept_out == expected == lake.read(QUARANTINE, "p", DAY).num_rows
