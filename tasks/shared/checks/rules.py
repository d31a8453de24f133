"""The checks we use, each with the SQL predicate that agrees with Great Expectations on the failing rows.

A float that is not a number (NaN) counts as a value below every bound, never as missing: pandas alone would call it
missing and let it pass.
"""

import sys
from collections.abc import Iterable, Sequence, Set
from textwrap import shorten

from tasks.shared.checks.check import Check, Scope, Severity, Suite
from tasks.shared.records import Window
from tasks.shared.store.tables import Table

KEY_ROWS = "key_rows"
MISSING = "missing"
BROKEN = "broken"
LONGEST_WANTED = 40
LARGEST_FLOAT = sys.float_info.max


def asked(table: Table, suite: Suite, scope: Scope) -> tuple[Check, ...]:
    """Every check of a table: required columns are there, keys are unique, times lie in the window, and its suite's."""
    declared = (all_there(required(table)), unique(table.key), in_window(table.time, scope.window))
    return (*declared, *([all_hold(suite.values)] if suite.values else []), *suite.checks(scope))


def helpers(table: Table, suite: Suite, complete: Set[str]) -> dict[str, str]:
    """The helper columns of those checks; *complete* columns have no null."""
    return {**suite.helpers, **key_rows(table), **missing(table, complete), **broken(suite.values)}


def required(table: Table) -> tuple[str, ...]:
    """The columns that every row must have."""
    return tuple(dict.fromkeys((*table.key, *(c.name for c in table.columns if c.required))))


def key_rows(table: Table) -> dict[str, str]:
    """The helper column that `unique` needs: how many staged rows share the row's key."""
    keys = ", ".join(f'"{name}"' for name in table.key)
    return {KEY_ROWS: f"count(*) OVER (PARTITION BY {keys})"}


def missing(table: Table, complete: Set[str]) -> dict[str, str]:
    """The helper column that `all_there` needs: the row's missing columns by name; *complete* ones are not looked at.

    So a column of long texts is never read for its nulls when the Parquet footers know that it has none.
    """
    named = ", ".join(
        f"CASE WHEN \"{name}\" IS NULL THEN '{name}' END" for name in required(table) if name not in complete
    )
    return {MISSING: f"nullif(concat_ws(', ', {named}), '')" if named else "CAST(NULL AS VARCHAR)"}


def all_there(columns: tuple[str, ...]) -> Check:
    """Every row has all *columns*. One expectation, not one for each: Great Expectations takes 10 ms for any."""
    wanted = f"{', '.join(columns)} are there"
    return Check("ExpectColumnValuesToBeNull", {"column": MISSING}, "critical", f'"{MISSING}" IS NOT NULL', wanted)


def unique(key: tuple[str, ...]) -> Check:
    """No two rows share the key; rows without any part of it are left to `all_there`."""
    some = " OR ".join(f'"{name}" IS NOT NULL' for name in key)
    failing = f"{KEY_ROWS} > 1 AND ({some})"
    wanted = f"{' + '.join(key)} occurs once"
    if len(key) == 1:
        return Check("ExpectColumnValuesToBeUnique", {"column": key[0]}, "critical", failing, wanted)
    arguments = {"column_list": list(key), "ignore_row_if": "all_values_are_missing"}
    return Check("ExpectCompoundColumnsToBeUnique", arguments, "critical", failing, wanted)


def in_window(column: str, window: Window) -> Check:
    """Times lie in `[start, end)`."""
    start, end = (f"TIMESTAMPTZ '{at.isoformat()}'" for at in (window.start, window.end))
    return Check(
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": window.start, "max_value": window.end, "strict_max": True},
        "critical",
        f'"{column}" < {start} OR "{column}" >= {end}',
        f"{column} lies in {window}",
    )


def not_before(later: str, earlier: str) -> Check:
    """Column *later* is at or after column *earlier* where both are there."""
    return Check(
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {"column_A": later, "column_B": earlier, "or_equal": True, "ignore_row_if": "either_value_is_missing"},
        "critical",
        f'"{later}" < "{earlier}"',
        f"{later} is not before {earlier}",
    )


def finite(column: str) -> Check:
    """Values are numbers, not NaN or infinite; missing ones are left alone."""
    return between(column, -LARGEST_FLOAT, LARGEST_FLOAT, "finite")


def at_least(column: str, least: float, severity: Severity = "critical") -> Check:
    """Values are *least* or more and finite; missing ones are left alone."""
    return between(column, least, LARGEST_FLOAT, f"at least {least:g}", severity=severity)


def broken(values: Sequence[Check]) -> dict[str, str]:
    """The helper column that `all_hold` needs: what in the row fails one of *values*, and what was wanted of it."""
    told = (
        f"CASE WHEN {check.failing} THEN concat('{name} ', \"{name}\", ' is not {_wanted_of(check, name)}') END"
        for check in values
        for name in check.columns
    )
    return {BROKEN: f"nullif(concat_ws('; ', {', '.join(told)}), '')"} if values else {}


def all_hold(values: Sequence[Check]) -> Check:
    """Each of *values*, checks of one column, holds. One expectation, not one for each, as with `all_there`."""
    wanted = f"none of {', '.join(name for check in values for name in check.columns)} has a broken value"
    return Check("ExpectColumnValuesToBeNull", {"column": BROKEN}, "critical", f'"{BROKEN}" IS NOT NULL', wanted)


def between(
    column: str, low: float, high: float, wanted: str = "", *, above: bool = False, severity: Severity = "critical"
) -> Check:
    """Values lie in `[low, high]`, or in `(low, high]` when *above*; missing ones are left alone."""
    return Check(
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high, "strict_min": above},
        severity,
        _outside(column, low, high, above=above),
        f"{column} is {wanted or f'within {low:g} and {high:g}'}",
    )


def one_of(column: str, values: Iterable[str]) -> Check:
    """Values are of the enumeration; missing ones are left alone."""
    allowed = sorted(values)
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in allowed)
    return Check(
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": allowed},
        "critical",
        f'"{column}" NOT IN ({listed})',
        f"{column} is one of {', '.join(allowed)}",
    )


def holds(helper: str, wanted: str, severity: Severity = "critical", allowed_share: float = 0.0) -> Check:
    """The boolean *helper* column is true, but for *allowed_share* of the rows where it is not null."""
    limit = f" (up to {allowed_share:.0%} may differ)" if allowed_share else ""
    return Check(
        "ExpectColumnValuesToBeInSet",
        {"column": helper, "value_set": [True], "mostly": 1 - allowed_share},
        severity,
        f'NOT "{helper}"',
        f"{wanted}{limit}",
    )


def usual_volume(usual_rows: float | None, change: float) -> Check:
    """The row count is within *change* (a share) of the usual one; anything goes without history."""
    if usual_rows is None:
        wanted, least, most = "any number, as there is no history of the same weekday", 0, None
    else:
        wanted = f"rows within {change:.0%} of {usual_rows:g}, the usual of the same weekday"
        least, most = max(0, round(usual_rows * (1 - change))), round(usual_rows * (1 + change))
    arguments = {"min_value": least, "max_value": most}
    return Check("ExpectTableRowCountToBeBetween", arguments, "warning", "", wanted)


def _wanted_of(check: Check, column: str) -> str:
    """What a check of one column wants of it, cut to LONGEST_WANTED, for SQL's quotes: `at least 0`."""
    return shorten(check.wanted.removeprefix(f"{column} is "), LONGEST_WANTED, placeholder=" ...").replace("'", "''")


def _outside(column: str, low: float, high: float, *, above: bool = False) -> str:
    """SQL: whether the column is a value outside `[low, high]`, or `(low, high]` when *above*."""
    # Not isnan: DuckDB 2.0 answers it from the Parquet statistics, and those leave NaN out.
    strange = f'NOT isfinite(CAST("{column}" AS DOUBLE))'
    return f'{strange} OR "{column}" {"<=" if above else "<"} {low!r} OR "{column}" > {high!r}'
