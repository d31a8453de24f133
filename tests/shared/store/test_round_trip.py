"""Whatever rows a table may hold come back as they were written, through merges in any order."""

import datetime as dt
import tempfile
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, FLAG, FLOAT, INTEGER, SPANS, TEXT, TIME, Table
from tests.shared.store.small_table import DAY, MERGED, PROJECT, rows, stored, triples

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    TEXT: st.text(max_size=12),
    INTEGER: st.integers(-(2**63), 2**63 - 1),
    FLOAT: st.floats(allow_nan=False),
    FLAG: st.booleans(),
    TIME: st.integers(-(2**52), 2**52).map(lambda us: DAY.start + dt.timedelta(microseconds=us)),
}
IN_DAY = st.integers(0, 24 * 3600 * 10**6 - 1).map(lambda us: DAY.start + dt.timedelta(microseconds=us))


@st.composite
def table_rows(draw: st.DrawFn, table: Table) -> list[dict[str, Any]]:
    """Up to three rows of *table* in DAY with keys of their own."""
    made = []
    for number in range(draw(st.integers(0, 3))):
        row = {c.name: draw(VALUES[c.type] if c.required else st.none() | VALUES[c.type]) for c in table.columns}
        made.append({**row, table.time: draw(IN_DAY), table.key[-1]: f"{number}{row[table.key[-1]]}"})
    return made


def as_set(found: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in found)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([SPANS, DECISIONS]).flatmap(lambda t: st.tuples(st.just(t), table_rows(t))))
def test_rows_come_back_as_they_were_written(given_rows: tuple[Table, list[dict[str, Any]]]) -> None:
    table, written = given_rows
    with tempfile.TemporaryDirectory() as root:
        lake = Lake.open(LakeSettings(root=root))
        lake.write(table, PROJECT, DAY, pa.Table.from_pylist(written, table.schema))
        found = lake.read(table, PROJECT, DAY)
    assert [field.type for field in found.schema] == [field.type for field in table.schema]
    assert as_set(found.to_pylist()) == as_set(pa.Table.from_pylist(written, table.schema).to_pylist())


WRITES = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=4, unique_by=lambda row: row[0]),
    max_size=4,
)


@settings(max_examples=12, deadline=None)
@given(WRITES)
def test_merges_end_with_the_last_value_of_every_key(writes: list[list[tuple[str, int]]]) -> None:
    hour_of = {"a": 5, "b": 5, "c": 6, "d": 7}
    latest: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as root:
        lake = Lake.open(LakeSettings(root=root))
        for write in writes:
            changed = {hour_of[key] for key, value in write if latest.get(key) != value}
            latest.update(write)
            stage = lake.write(MERGED, PROJECT, DAY, rows(*((key, hour_of[key], value) for key, value in write)))
            assert stage.changed == len(changed)
        found = triples(stored(lake, MERGED, "SELECT * FROM spans ORDER BY id"))
    assert found == [(key, hour_of[key], latest[key]) for key in sorted(latest)]
