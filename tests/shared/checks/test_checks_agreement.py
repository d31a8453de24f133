"""Great Expectations and the SQL predicates agree on the failing rows, whatever the rows are."""

import datetime as dt
import math
import random
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
from tasks.shared.store.tables import FLAG, FLOAT, INTEGER, QUARANTINE, TEXT, TIME, Table
from tests.shared.checks.staged_rows import DAY, NOON, STRICT, TABLES, Row, rows_of

# Great Expectations at its slowest; the lines of ours that it passes through are seen by the tests of the gate.
VALUES: dict[pa.DataType, list[Any]] = {
    TEXT: ["a", "b", "", "NaN", "span", "LLM", "OK", "scored", "code", "o'clock", None],
    INTEGER: [0, 1, -1, 2**62, None],
    FLAG: [True, False, None],
    FLOAT: [0.0, -0.0, 0.5, 1.0, -1e-300, 1e300, math.nan, math.inf, -math.inf, None],
    TIME: [NOON, DAY.start, DAY.end, DAY.start - dt.timedelta(microseconds=1), None],
}


def arbitrary_rows(table: Table, seed: int) -> list[Row]:
    """Up to 30 rows of ordinary and hostile values, few of each kind so that columns differ in what they hold."""
    draw = random.Random(seed)
    values = {column.name: draw.choices(VALUES[column.type], k=3) for column in table.columns}
    return [{name: draw.choice(few) for name, few in values.items()} for _ in range(draw.randint(0, 30))]


# No shrinking: a validation takes a quarter of a second.
@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(seed=st.integers(0, 2**32))
def test_both_count_the_same_rows(table: Table, seed: int) -> None:
    with tempfile.TemporaryDirectory() as root:
        lake = Lake.open(LakeSettings(root=root))
        with lake.stage(table, "p", DAY) as stage:
            stage.append(rows_of(table, arbitrary_rows(table, seed)))
            validation = validate(stage, lake, STRICT)
            seen = StagedRows.of(stage, lake)
            row_checks = [result for result in validation.results if result.check.failing]
            by_sql = {r.name: seen.sql(f"SELECT 1 FROM staged WHERE {r.check.failing}").num_rows for r in row_checks}
            kept_out = keep_out(stage, lake, validation)
            failing_any = " OR ".join(f"(({r.check.failing}) IS TRUE)" for r in validation.critical) or "false"
            expected = seen.sql(f"SELECT 1 FROM staged WHERE {failing_any}").num_rows

        assert {r.name: r.failing for r in row_checks} == by_sql
        assert {r.name for r in row_checks if not r.success} == {name for name, count in by_sql.items() if count}
        assert kept_out == expected == lake.read(QUARANTINE, "p", DAY).num_rows
