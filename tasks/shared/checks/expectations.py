"""The one door to Great Expectations: checks and a data frame in, its verdicts out."""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.shared.checks.check import Check
from tasks.shared.checks.warm import warm_up
from tasks.shared.errors import CheckBroken

if TYPE_CHECKING:
    import pandas as pd

# Great Expectations holds the newest context for the whole process, whichever thread made it.
ONE_AT_A_TIME = threading.Lock()
EPOCH, MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
# These ask whether two values are equal, not which they are.
EQUALITY = ("ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique")


def verdicts(checks: Sequence[Check], rows: pa.Table) -> list[Mapping[str, Any]]:
    """Great Expectations' result for each of *checks* over *rows*, in order: {"success", "result"}.

    Every call has a context of its own, one at a time: shared ones give wrong results in threads, without a word. An
    exception inside an expectation raises CheckBroken, because it says nothing about the data.
    """
    warm_up().join()
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types import base

    with ONE_AT_A_TIME:
        config = base.DataContextConfig(
            store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=base.ProgressBarsConfig(globally=False, metric_calculations=False),
            analytics_enabled=False,
        )
        context = gx.get_context(mode="ephemeral", project_config=config)
        batch = (
            context.data_sources.add_pandas("staged")
            .add_dataframe_asset("rows")
            .add_batch_definition_whole_dataframe("all")
        )
        # Results come back in another order; `meta` tells which is whose.
        expectations = [
            getattr(gxe, check.expectation)(
                **_in_numbers(check.arguments), severity=check.severity, meta={"check": position}
            )
            for position, check in enumerate(checks)
        ]
        found = batch.get_batch({"dataframe": frame(rows, checks)}).validate(
            gx.ExpectationSuite(name="checks", expectations=expectations), result_format={"result_format": "SUMMARY"}
        )
    by_position: dict[int, Any] = {_position(each): each for each in found.results}
    return [_verdict(check, by_position[position]) for position, check in enumerate(checks)]


def frame(rows: pa.Table, checks: Sequence[Check]) -> "pd.DataFrame":
    """*rows* as *checks* need them, in little memory.

    Flags are numbers, times are microseconds since 1970, texts are categories, and texts of which only equality
    matters are numbers, one per text: as Python objects, 100,000 ids take 40 MiB. NaN is minus infinity, so that it
    does not pass as missing.
    """
    by_value = {name for check in checks if check.expectation not in EQUALITY for name in check.columns}
    columns = {name: _compact(rows[name], only_equality=name not in by_value) for name in rows.column_names}
    seen: pd.DataFrame = pa.table(columns).to_pandas()
    return seen


def _compact(column: pa.ChunkedArray, *, only_equality: bool) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        return encoded.indices if only_equality else encoded
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).cast(pa.float32())
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), float("-inf"), column)
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _in_numbers(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Times in microseconds, as in the frame: Great Expectations compares times one by one, numbers all at once."""
    return {n: (v - EPOCH) // MICROSECOND if isinstance(v, dt.datetime) else v for n, v in arguments.items()}


def _position(result: Any) -> int:
    return int(result.expectation_config.meta["check"])


def _verdict(check: Check, result: Any) -> Mapping[str, Any]:
    # One exception lies flat, several lie by metric id.
    info = result.exception_info
    each = [info] if "raised_exception" in info else list(info.values())
    raised = [e["exception_message"] for e in each if e.get("raised_exception")]
    if raised:
        raise CheckBroken(
            f"{check.expectation}({', '.join(check.columns)}) could not be computed: {raised[0]}. "
            "Nothing is known of the rows, so they were kept out; correct the check's suite."
        )
    return {"success": bool(result.success), "result": dict(result.result)}
