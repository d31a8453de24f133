"""The gate: what fails stays out and is told; what passes is recorded."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tasks.shared.checks import gate, recorded, validate
from tasks.shared.errors import CheckFailed
from tasks.shared.records import Window
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import CHECKS, DECISIONS, QUARANTINE, SPANS
from tests.shared.checks.staged_rows import DAY, NOON, SECOND, STRICT, WEEK, good, staged

HOUR = dt.timedelta(hours=1)
NOON_HOUR = Window(NOON, NOON + HOUR)
BAD = [good(SPANS, "fine"), good(SPANS, "early", latency_ms=-5.0, input="o'clock"), good(SPANS, "odd", kind="ROBOT")]


def through_the_gate(lake: Lake, rows: list[dict[str, Any]], window: Window = DAY, **options: Any) -> None:
    with staged(lake, SPANS, rows, window) as stage:
        gate(stage, lake, options.pop("settings", CheckSettings()), **options)
        stage.publish()


def test_the_error_names_expectation_count_examples_and_page(lake: Lake) -> None:
    with pytest.raises(CheckFailed) as failure:
        through_the_gate(lake, BAD)

    text = str(failure.value)
    assert "spans of p on 2026-11-19: 1 of 9 checks failed, rows kept out." in text
    assert "ExpectColumnValuesToBeNull(broken): 2 of 3 rows fail" in text
    examples = (
        "for example span_id=early, broken=latency_ms -5.0 is not at least 0; span_id=odd, broken=kind ROBOT is not one"
    )
    assert examples in text
    assert "2 rows went to quarantine" in text
    assert "\n" not in text
    page = Path(text.partition("see ")[2].partition(".html")[0] + ".html")
    assert "latency_ms" in page.read_text()


def test_a_critical_failure_keeps_the_partition_as_it_was(lake: Lake) -> None:
    through_the_gate(lake, [good(SPANS, "before")])

    with pytest.raises(CheckFailed):
        through_the_gate(lake, BAD)

    assert lake.read(SPANS, "p", DAY)["span_id"].to_pylist() == ["before"]


def test_quarantine_holds_exactly_the_failing_rows_with_reason_and_content(lake: Lake) -> None:
    with pytest.raises(CheckFailed):
        through_the_gate(lake, BAD)

    odd, early = sorted(lake.read(QUARANTINE, "p", DAY).to_pylist(), key=lambda row: row["row_id"], reverse=True)
    assert (odd["row_id"], odd["stage"]) == ("odd", "ExpectColumnValuesToBeNull(broken)")
    assert (early["row_id"], early["stage"]) == ("early", "ExpectColumnValuesToBeNull(broken)")
    assert early["reason"].endswith("cost_usd has a broken value, found broken=latency_ms -5.0 is not at least 0")
    assert early["table_name"] == "spans"
    assert early["start_time"] == NOON
    assert json.loads(early["row"])["input"] == "o'clock"


def test_a_row_that_fails_twice_is_kept_once_with_both_reasons(lake: Lake) -> None:
    with pytest.raises(CheckFailed):
        through_the_gate(lake, [good(SPANS, "worst", kind="ROBOT", prompt_tokens=-1, end_time=NOON - HOUR)])

    (row,) = lake.read(QUARANTINE, "p", DAY).to_pylist()
    assert row["reason"].count("wanted: ") == 2
    told = "broken=kind ROBOT is not one of AGENT, CHAIN, DECISION, ...; prompt_tokens -1 is not at least 0"
    assert told in row["reason"]


def test_a_row_without_a_time_is_kept_under_the_windows_start_and_its_json_is_valid(lake: Lake) -> None:
    with pytest.raises(CheckFailed):
        through_the_gate(lake, [good(SPANS, "lost", start_time=None, cost_usd=float("nan"))])

    (row,) = lake.read(QUARANTINE, "p", DAY).to_pylist()
    assert row["start_time"] == DAY.start
    assert json.loads(row["row"], parse_constant=pytest.fail)["cost_usd"] == "nan"


def test_a_repaired_window_clears_its_quarantine_and_its_failures(lake: Lake) -> None:
    with pytest.raises(CheckFailed):
        through_the_gate(lake, BAD)

    through_the_gate(lake, [good(SPANS, "fine")])

    assert lake.read(QUARANTINE, "p", DAY).num_rows == 0
    assert all(recorded(lake, "p", DAY)["success"].to_pylist())


def test_the_normaliser_s_quarantine_is_left_alone(lake: Lake) -> None:
    row = {"start_time": NOON, "table_name": "spans", "row_id": "x", "stage": "normalise", "reason": "r", "row": "{}"}
    lake.write(QUARANTINE, "p", DAY, pa.Table.from_pylist([row], QUARANTINE.schema), file="normalise")

    through_the_gate(lake, [good(SPANS, "fine")])

    assert lake.read(QUARANTINE, "p", DAY)["row_id"].to_pylist() == ["x"]


def test_warnings_are_recorded_and_let_the_rows_pass(lake: Lake) -> None:
    shown: list[dict[str, str]] = []

    through_the_gate(
        lake, [good(SPANS, "alone", session_id=None)], artifact=lambda **given: shown.append(given), settings=STRICT
    )

    first = recorded(lake, "p", DAY).to_pylist()[0]
    assert (first["column"], first["severity"], first["success"]) == ("root_has_session", "warning", False)
    assert (first["checked"], first["failing"]) == (1, 1)
    assert json.loads(first["examples"]) == [{"span_id": "alone", "root_has_session": "false"}]
    assert lake.read(SPANS, "p", DAY).num_rows == 1
    assert [given["key"] for given in shown] == ["checks-spans"]
    assert "warning" in shown[0]["markdown"]


def test_nothing_to_tell_shows_nothing(lake: Lake) -> None:
    shown: list[object] = []
    through_the_gate(lake, [good(SPANS, "fine")], artifact=lambda **given: shown.append(given))
    assert shown == []


def test_two_hours_of_a_day_do_not_erase_each_other(lake: Lake) -> None:
    next_hour = Window(NOON + HOUR, NOON + 2 * HOUR)

    through_the_gate(lake, [good(SPANS, "a")], NOON_HOUR)
    through_the_gate(lake, [good(SPANS, "b", start_time=NOON + HOUR, end_time=NOON + HOUR)], next_hour)

    assert set(recorded(lake, "p", DAY)["start_time"].to_pylist()) == {NOON_HOUR.start, next_hour.start}


def test_the_day_speaks_for_its_hours_and_an_hour_does_not_erase_the_day(lake: Lake) -> None:
    first_hour = Window(DAY.start, DAY.start + HOUR)
    through_the_gate(lake, [good(SPANS, "a", start_time=DAY.start, end_time=DAY.start)], first_hour)
    through_the_gate(lake, [good(SPANS, "a"), good(SPANS, "b")], DAY)
    through_the_gate(lake, [good(SPANS, "a", start_time=DAY.start, end_time=DAY.start)], first_hour)

    assert lake.read(CHECKS, "p", DAY).num_rows == 2 * 9
    assert set(recorded(lake, "p", DAY)["end_time"].to_pylist()) == {DAY.end}


def test_a_window_that_began_earlier_is_recorded_for_the_day_it_reaches_into(lake: Lake) -> None:
    through_the_gate(lake, [good(SPANS, "a")], DAY.reaching_back(48))

    assert recorded(lake, "p", DAY).num_rows == 9


def test_evaluators_have_records_and_quarantine_of_their_own(lake: Lake) -> None:
    for evaluator in ("no_error", "refusal"):
        rows = [good(DECISIONS, "u", evaluator=evaluator, cost_usd=-1.0)]
        with (
            staged(lake, DECISIONS, rows, file=evaluator) as stage,
            pytest.raises(CheckFailed, match=f"by {evaluator} "),
        ):
            gate(stage, lake, CheckSettings())

    assert set(recorded(lake, "p", DAY)["file"].to_pylist()) == {"no_error", "refusal"}
    assert set(lake.read(QUARANTINE, "p", DAY)["row_id"].to_pylist()) == {"span/u/no_error/1", "span/u/refusal/1"}


def test_late_rows_are_asked_the_critical_checks_only_and_leave_no_record(lake: Lake) -> None:
    with staged(lake, SPANS, [good(SPANS, "late", session_id=None)]) as stage:
        validation = gate(stage, lake, STRICT, partial=True)

    assert {result.severity for result in validation.results} == {"critical"}
    assert lake.read(CHECKS, "p", DAY).num_rows == 0


def test_late_rows_that_fail_are_added_to_the_quarantine(lake: Lake) -> None:
    with pytest.raises(CheckFailed):
        through_the_gate(lake, BAD)

    with staged(lake, SPANS, [good(SPANS, "late", kind="ROBOT")]) as stage, pytest.raises(CheckFailed, match="-late"):
        gate(stage, lake, CheckSettings(), partial=True)

    assert set(lake.read(QUARANTINE, "p", DAY)["row_id"].to_pylist()) == {"early", "odd", "late"}


def test_a_parent_stored_an_hour_before_is_known(lake: Lake) -> None:
    earlier = Window(NOON - HOUR, NOON)
    through_the_gate(lake, [good(SPANS, "root", start_time=NOON - SECOND, end_time=NOON)], earlier)
    rows = [
        good(SPANS, "child", parent_id="root"),
        good(SPANS, "leaf", parent_id="child"),
        good(SPANS, "orphan", parent_id="?"),
    ]

    with staged(lake, SPANS, rows, NOON_HOUR) as stage:
        validation = validate(stage, lake, STRICT)

    result = next(r for r in validation.results if r.column == "parent_known")
    assert (result.checked, result.failing) == (3, 1)
    assert result.examples == ({"span_id": "orphan", "parent_known": "false"},)


@pytest.mark.parametrize(
    ("weeks_before", "today", "success"),
    [((100, 120, 80), 60, True), ((100, 120, 80), 40, False), ((100, 120, 80), 160, False), ((0, 0, 100), 60, True)],
)
def test_volume_is_compared_with_the_same_weekday(
    lake: Lake, weeks_before: tuple[int, ...], today: int, success: bool
) -> None:
    for weeks, rows in enumerate(weeks_before, start=1):
        at = NOON - weeks * WEEK
        window = Window(DAY.start - weeks * WEEK, DAY.end - weeks * WEEK)
        with staged(
            lake, SPANS, [good(SPANS, f"{n}", start_time=at, end_time=at) for n in range(rows)], window
        ) as stage:
            stage.publish()

    with staged(lake, SPANS, [good(SPANS, f"{n}") for n in range(today)]) as stage:
        validation = validate(stage, lake, STRICT)

    volume = next(r for r in validation.results if not r.column)
    assert (volume.success, volume.severity, volume.checked) == (success, "warning", today)
    assert volume.observed == f"{today} rows (wanted: rows within 50% of 100, the usual of the same weekday)"


def test_without_history_the_volume_is_not_judged_and_says_so(lake: Lake) -> None:
    with staged(lake, SPANS, [good(SPANS, "a")]) as stage:
        validation = validate(stage, lake, STRICT)

    volume = next(r for r in validation.results if not r.column)
    assert volume.success
    assert volume.observed == "1 rows (wanted: any number, as there is no history of the same weekday)"
