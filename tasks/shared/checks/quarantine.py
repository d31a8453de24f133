"""Rows that fail a critical check, put into quarantine by one DuckDB query over what is staged."""

from dataclasses import replace

from tasks.shared.checks.check import CheckResult, Validation
from tasks.shared.checks.staged import LONGEST_VALUE, StagedRows
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import FLOAT, QUARANTINE, Column


def keep_out(stage: Stage, lake: Lake, validation: Validation) -> int:
    """Write every row that fails a critical check to `quarantine`, once, with all its reasons; returns how many.

    What this table's checks had put there for the same window before is replaced, also by nothing. A partial
    validation only adds.
    """
    table = replace(QUARANTINE, rewrite="merge") if validation.partial else QUARANTINE
    failed = [result for result in validation.critical if result.failing]
    with lake.stage(table, stage.project, stage.window, file=quarantine_file(validation)) as kept:
        if failed:
            for rows in StagedRows.of(stage, lake).stream(failing_rows(stage, failed)):
                kept.append(rows)
        kept.publish()
    return kept.rows


def quarantine_file(validation: Validation) -> str:
    """The file in each partition of `quarantine`, one per writer, so that evaluators do not replace each other's."""
    return f"checks-{validation.table}" + ("" if validation.file == "part" else f"-{validation.file}")


def failing_rows(stage: Stage, failed: list[CheckResult]) -> str:
    """SQL for the rows of `quarantine`: one per staged row that fails any of *failed*."""
    table, window = stage.table, stage.window
    start, end = (f"TIMESTAMPTZ '{at.isoformat()}'" for at in (window.start, window.end))
    inside = f'"{table.time}" >= {start} AND "{table.time}" < {end}'
    key = ", ".join(f"coalesce(CAST(\"{name}\" AS VARCHAR), 'null')" for name in table.key)
    row = ", ".join(f"{_quoted(column.name)}, {_as_json(column)}" for column in table.columns)
    names = ", ".join(f"CASE WHEN {_fails(r)} THEN {_quoted(r.name)} END" for r in failed)
    reasons = ", ".join(f"CASE WHEN {_fails(r)} THEN {_reason(r)} END" for r in failed)
    return f"""
        SELECT CASE WHEN {inside} THEN "{table.time}" ELSE {start} END AS start_time,
            {_quoted(table.name)} AS table_name,
            concat_ws('/', {key}) AS row_id,
            concat_ws('; ', {names}) AS stage,
            concat_ws('; ', {reasons}) AS reason,
            CAST(json_object({row}) AS VARCHAR) AS row
        FROM staged WHERE {" OR ".join(_fails(r) for r in failed)}"""


def _as_json(column: Column) -> str:
    """The column's value; JSON has no NaN and no infinity, so those become text."""
    name = f'"{column.name}"'
    if column.type != FLOAT:
        return name
    return f"CASE WHEN isfinite({name}) THEN to_json({name}) ELSE to_json(CAST({name} AS VARCHAR)) END"


def _fails(result: CheckResult) -> str:
    return f"(({result.check.failing}) IS TRUE)"


def _reason(result: CheckResult) -> str:
    values = " || ', ' || ".join(
        f"{_quoted(name + '=')} || coalesce(left(CAST(\"{name}\" AS VARCHAR), {LONGEST_VALUE}), 'null')"
        for name in result.check.columns
    )
    return f"{_quoted('wanted: ' + result.check.wanted + ', found ')} || {values}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
