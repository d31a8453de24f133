"""What the checks found, in the lake's table `checks`, so that warnings travel into the report."""

import orjson
import pyarrow as pa

from tasks.shared.checks.check import Validation
from tasks.shared.records import Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import CHECKS
from tasks.shared.store.verdicts import standing

# The longest window that another one's checks are looked for in.
LONGEST_WINDOW_HOURS = 14 * 24


def record(lake: Lake, validation: Validation) -> None:
    """Write one row per check of *validation*; the same table, writer and window's earlier rows are replaced."""
    window = validation.window
    rows = [
        {
            "start_time": window.start,
            "end_time": window.end,
            "table_name": validation.table,
            "file": validation.file,
            "expectation": result.expectation,
            "column": result.column,
            "severity": result.severity,
            "success": result.success,
            "checked": result.checked,
            "failing": result.failing,
            "observed": result.observed,
            "examples": orjson.dumps(result.examples).decode(),
        }
        for result in validation.results
    ]
    # A file of its own for each window: hours and the day they belong to never erase each other.
    file = f"{validation.table}-{validation.file}-{window.start:%Y%m%dT%H}-{window.end:%Y%m%dT%H}"
    lake.write(CHECKS, validation.project, window, pa.Table.from_pylist(rows, CHECKS.schema), file)


def recorded(lake: Lake, project: str, window: Window) -> pa.Table:
    """Rows of `checks` for windows that overlap *window*, failed and critical first.

    A validation inside a longer one of the same table and writer is left out: the day speaks for its hours.
    """
    return lake.sql(
        f"""
        WITH near AS (SELECT * FROM checks WHERE start_time < $end AND end_time > $start)
        SELECT * FROM {standing("near")}
        ORDER BY success, severity, table_name, file, start_time, expectation, "column"
        """,
        project,
        window.reaching_back(LONGEST_WINDOW_HOURS),
        {"start": window.start, "end": window.end},
    )
