"""The door to Great Expectations: threads, broken expectations, and frames that stay small."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from tasks.shared.checks import Check, keep_out, validate, warm_up
from tasks.shared.checks.expectations import frame, verdicts
from tasks.shared.checks.rules import at_least, in_window, one_of, unique
from tasks.shared.errors import CheckBroken
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import METRICS, TIME
from tests.shared.checks.staged_rows import DAY, STRICT, good, staged


def not_null(column: str) -> Check:
    return Check("ExpectColumnValuesToNotBeNull", {"column": column}, "critical", f'"{column}" IS NULL', "there")


def test_eight_threads_get_their_own_verdicts() -> None:
    def failing_of(count: int) -> int:
        rows = pa.table({"n": [-1] * count + [1] * (100 - count)})
        verdict = verdicts([at_least("n", 0)], rows)[0]
        assert verdict["success"] == (count == 0)
        return int(verdict["result"]["unexpected_count"])

    counts = list(range(48))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(failing_of, counts)) == counts


def test_an_exception_inside_an_expectation_is_an_error_not_bad_data() -> None:
    with pytest.raises(CheckBroken, match=r"ExpectColumnValuesToBeBetween\(missing\) could not be computed: .*missing"):
        verdicts([not_null("n"), at_least("missing", 0)], pa.table({"n": [1]}))


def test_an_expectation_over_values_it_cannot_compare_is_an_error() -> None:
    with pytest.raises(CheckBroken, match="could not be computed"):
        verdicts([at_least("text", 0)], pa.table({"text": ["one", "two"]}))


def test_verdicts_come_in_the_order_of_the_checks() -> None:
    checks: list[Check] = [one_of("b", ["x"]), not_null("a"), unique(("a",)), one_of("a", ["x"])]

    successes = [v["success"] for v in verdicts(checks, pa.table({"a": ["x", "x"], "b": ["y", "y"]}))]

    assert successes == [False, True, False, True]


def test_nan_does_not_pass_as_missing() -> None:
    rows = pa.table({"x": [float("nan"), None, 1.0]})

    result = verdicts([at_least("x", 0)], rows)[0]["result"]

    assert (result["unexpected_count"], result["missing_count"]) == (1, 1)


def test_one_nan_among_numbers_is_seen_in_parquet_too(lake: Lake) -> None:
    rows = [good(METRICS, f"{n}", value=n / 10, low=None, high=None) for n in range(5)]

    with staged(lake, METRICS, [*rows, good(METRICS, "odd", value=math.nan, low=None, high=None)]) as stage:
        validation = validate(stage, lake, STRICT)
        kept_out = keep_out(stage, lake, validation)

    assert [(r.name, r.failing) for r in validation.critical] == [("ExpectColumnValuesToBeNull(broken)", 1)]
    assert validation.critical[0].examples[0]["name"] == "odd"
    assert kept_out == 1


def test_a_text_of_which_only_equality_matters_becomes_a_number() -> None:
    rows = pa.table({"id": ["a", "b", "a", None], "kind": ["x", "y", "x", "x"]})

    seen = frame(rows, [unique(("id", "kind")), one_of("kind", ["x"])])

    assert seen["id"].tolist()[:3] == [0.0, 1.0, 0.0]
    assert seen["id"].isna().tolist() == [False, False, False, True]
    assert seen["kind"].tolist() == ["x", "y", "x", "x"]


def test_the_end_of_a_window_lies_outside_it() -> None:
    rows = pa.table({"at": pa.array([DAY.start, DAY.end], TIME)})

    assert verdicts([in_window("at", DAY)], rows)[0]["result"]["unexpected_count"] == 1


def test_warming_up_twice_starts_one_thread() -> None:
    before = threading.active_count()

    assert warm_up() is warm_up()
    assert threading.active_count() <= before + 1
