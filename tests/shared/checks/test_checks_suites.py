"""Every suite that is found: its checks let good rows pass, and each finds the rows made to break it."""

import re
from textwrap import shorten

import pytest

from tasks.shared.checks import Validation, validate
from tasks.shared.checks.check import Check, Scope
from tasks.shared.checks.rules import BROKEN as BROKEN_VALUES
from tasks.shared.checks.rules import LONGEST_WANTED, MISSING, asked, required
from tasks.shared.checks.staged import StagedRows, all_suites, suite_of
from tasks.shared.checks.suites.spans import AMOUNTS
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import CHECKS, QUARANTINE, SPANS, Table
from tasks.shared.store.tables import TABLES as LAKE_TABLES
from tests.shared.checks.broken_rows import BROKEN
from tests.shared.checks.staged_rows import DAY, NAMED_BY, STRICT, TABLES, WEEK, Row, good, staged

USUAL_ROWS = 1000


def checks_of(table: Table) -> tuple[Check, ...]:
    return asked(table, suite_of(table), Scope(DAY, STRICT, USUAL_ROWS))


def title(check: Check) -> str:
    return f"{check.expectation}({', '.join(check.columns)})"


ALL_CHECKS = [(table, check) for table in TABLES.values() for check in checks_of(table)]
NAMES = [f"{table.name}-{title(check)}" for table, check in ALL_CHECKS]


def change_that_breaks(check: Check, table: Table) -> Row:
    """Changes to a good row that *check* must find; a new check needs an entry in BROKEN."""
    if check.columns == (MISSING,):
        return {next(name for name in required(table) if name not in (*table.key, table.time)): None}
    if check.columns in ((), table.key):
        return {}
    if check.columns == (BROKEN_VALUES,):
        return broken_value(table, suite_of(table).values[0].columns[0])
    return BROKEN[table.name][", ".join(check.columns)]


def broken_value(table: Table, column: str) -> Row:
    """Changes to a good row that break the value of *column*; those of amounts break in one way."""
    return BROKEN[table.name].get(column) or {column: -1}


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lake]:
    return {name: Lake.open(LakeSettings(root=str(tmp_path_factory.mktemp(name)))) for name in TABLES}


@pytest.fixture(scope="module")
def passing(lakes: dict[str, Lake]) -> dict[str, Validation]:
    verdicts = {}
    for name, table in TABLES.items():
        with staged(lakes[name], table, [good(table, f"good-{n}") for n in range(3)]) as stage:
            verdicts[name] = validate(stage, lakes[name], STRICT)
    return verdicts


@pytest.fixture(scope="module")
def failing(lakes: dict[str, Lake]) -> dict[str, tuple[Validation, dict[str, list[str | None]]]]:
    """Per table: one row made for each check, three good ones, and what the SQL predicates count."""
    verdicts = {}
    for name, table in TABLES.items():
        lake = lakes[name]
        history = [good(table, f"old-{n}", start_time=DAY.start - WEEK) for n in range(USUAL_ROWS)]
        with staged(lake, table, history, Window(DAY.start - WEEK, DAY.end - WEEK)) as stage:
            stage.publish()
        rows = [good(table, f"good-{n}") for n in range(3)]
        rows += [good(table, f"broken-{n}", **change_that_breaks(c, table)) for n, c in enumerate(checks_of(table))]
        rows += [good(table, "twin"), good(table, "twin")]
        with staged(lake, table, rows) as stage:
            seen = StagedRows.of(stage, lake)
            culprits = {
                title(check): seen.sql(f"SELECT {NAMED_BY[name]} FROM staged WHERE {check.failing}")
                .column(0)
                .to_pylist()
                for check in checks_of(table)
                if check.failing
            }
            verdicts[name] = validate(stage, lake, STRICT), culprits
    return verdicts


@pytest.mark.parametrize(("table", "check"), ALL_CHECKS, ids=NAMES)
def test_good_rows_pass(table: Table, check: Check, passing: dict[str, Validation]) -> None:
    result = next(r for r in passing[table.name].results if r.name == title(check))

    assert result.success
    assert result.failing == 0
    assert result.examples == ()
    assert result.severity == check.severity


@pytest.mark.parametrize(("table", "check"), ALL_CHECKS, ids=NAMES)
def test_the_row_made_to_break_it_is_found(
    table: Table, check: Check, failing: dict[str, tuple[Validation, dict[str, list[str | None]]]]
) -> None:
    validation, culprits = failing[table.name]
    result = next(r for r in validation.results if r.name == title(check))

    assert not result.success
    if check.failing:
        found = culprits[title(check)]
        number = checks_of(table).index(check)
        made_for_it = good(table, f"broken-{number}") | change_that_breaks(check, table)
        assert ("twin" if "Unique" in check.expectation else made_for_it[NAMED_BY[table.name]]) in found
        assert result.failing == len(found)
        assert {example[NAMED_BY[table.name]] for example in result.examples} <= set(found)
        assert len(result.examples) == min(result.failing, 5)
    else:
        assert "the usual of the same weekday" in result.observed


def test_every_table_that_stages_write_has_a_suite() -> None:
    assert set(all_suites()) == set(LAKE_TABLES) - {CHECKS.name, QUARANTINE.name}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_no_two_checks_of_a_table_have_the_same_name(table: Table) -> None:
    titles = [title(check) for check in checks_of(table)]

    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_an_empty_stage_holds(table: Table, lake: Lake) -> None:
    with lake.stage(table, "p", DAY) as stage:
        validation = validate(stage, lake, STRICT)

    assert [r.name for r in validation.results if not r.success] == []
    assert validation.rows == 0


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_row_without_a_required_column_is_found_with_the_columns_name(table: Table, lake: Lake) -> None:
    names = required(table)
    rows = [good(table, f"without-{name}", **{name: None}) for name in names] + [good(table, "whole")]
    with staged(lake, table, rows) as stage:
        found = StagedRows.of(stage, lake).sql(f"SELECT {MISSING} FROM staged").column(0).to_pylist()
        verdict = validate(stage, lake, STRICT).results[0]
    assert sorted(found, key=str) == sorted([*names, None], key=str)
    assert (verdict.success, verdict.failing) == (False, len(names))
    assert all(example[MISSING] in names for example in verdict.examples)


VALUES = [(table, check) for table in TABLES.values() for check in suite_of(table).values]


@pytest.mark.parametrize(("table", "check"), VALUES, ids=[f"{t.name}-{c.columns[0]}" for t, c in VALUES])
def test_a_broken_value_is_told_by_column_value_and_what_was_wanted(table: Table, check: Check, lake: Lake) -> None:
    (column,) = check.columns
    change = broken_value(table, column)
    with staged(lake, table, [good(table, "s"), good(table, "b", **change)]) as stage:
        found = StagedRows.of(stage, lake).sql(f"SELECT {BROKEN_VALUES} FROM staged").column(0).to_pylist()
    [told] = [each for each in found if each]
    wanted = check.wanted.removeprefix(f"{column} is ")
    assert wanted != check.wanted
    said = re.escape(shorten(wanted, LONGEST_WANTED, placeholder=" ..."))
    assert re.fullmatch(rf"{column} {re.escape(str(change[column]))}(\.0)? is not {said}", told)


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("value", [0, None])
def test_an_amount_of_nothing_and_a_missing_one_hold(amount: str, value: int | None, lake: Lake) -> None:
    with staged(lake, SPANS, [good(SPANS, "s", **{amount: value})]) as stage:
        assert StagedRows.of(stage, lake).sql(f"SELECT {BROKEN_VALUES} FROM staged").column(0).to_pylist() == [None]
