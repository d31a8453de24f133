"""The verdict on staged rows, before any of them becomes visible."""

from collections.abc import Mapping
from typing import Any

from tasks.shared.checks.check import Check, CheckResult, Scope, Validation
from tasks.shared.checks.expectations import verdicts
from tasks.shared.checks.rules import asked
from tasks.shared.checks.staged import StagedRows, suite_of
from tasks.shared.checks.volume import usual_rows
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage


def validate(stage: Stage, lake: Lake, settings: CheckSettings, *, partial: bool = False) -> Validation:
    """Great Expectations' verdict on the staged rows.

    Args:
        stage: The rows; sealed by this.
        lake: Where parents and the volume of earlier weeks are looked up.
        settings: Thresholds of the warnings.
        partial: The stage holds only some of the window's rows (late ones), of which shares and volumes say nothing:
            only the critical checks are asked.

    Raises:
        CheckBroken: An expectation could not be computed.
    """
    rows = StagedRows.of(stage, lake)
    checks = planned(stage, lake, settings, partial=partial)
    found = verdicts(checks, rows.narrow(checks))
    return Validation(
        table=stage.table.name,
        project=stage.project,
        window=stage.window,
        file=stage.file,
        rows=stage.rows,
        results=tuple(_result(check, verdict, rows) for check, verdict in zip(checks, found, strict=True)),
        partial=partial,
    )


def planned(stage: Stage, lake: Lake, settings: CheckSettings, *, partial: bool = False) -> tuple[Check, ...]:
    """The checks to ask of *stage*: those its table's declaration implies, and those of its suite."""
    suite = suite_of(stage.table)
    compared = suite.weekly and not partial
    usual = usual_rows(lake, stage.table, stage.project, stage.window) if compared else None
    checks = asked(stage.table, suite, Scope(stage.window, settings, usual))
    return tuple(check for check in checks if check.severity == "critical" or not partial)


def _result(check: Check, verdict: Mapping[str, Any], rows: StagedRows) -> CheckResult:
    success, found = bool(verdict["success"]), verdict["result"]
    checked = int(found.get("element_count", rows.stage.rows)) - int(found.get("missing_count", 0))
    failing = int(found.get("unexpected_count", 0))
    seen = f"{failing} of {checked} rows fail" if check.failing else f"{checked} rows"
    return CheckResult(
        check=check,
        success=success,
        checked=checked,
        failing=failing,
        observed=f"{seen} (wanted: {check.wanted})",
        examples=() if success or not check.failing else rows.examples(check),
    )
