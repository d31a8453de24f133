"""What a day's digest covers and which units a window's annotations are asked for, on a real lake."""

import datetime as dt
from pathlib import Path

import pytest

from tasks.fetch.annotations import annotated_units, annotation_rows
from tasks.fetch.progress import (
    OutdatedDay,
    awaited,
    comes_up_again,
    content,
    has_the_same_spans,
    is_outdated,
    set_awaited,
    set_done,
)
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS, SPANS
from tests.evaluate.rows import DAY, NOON, span_row, span_table

TODAY = DAY.start.date()
EVENING, MORNING_AFTER = DAY.end - dt.timedelta(seconds=10), DAY.end + dt.timedelta(seconds=5)
NOTED = {"id": "1", "name": "quality", "annotator_kind": "HUMAN", "result": {"label": "good"}}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with one trace, of session `s`, that begins ten seconds before midnight."""
    lake = Lake.open(LakeSettings(root=str(tmp_path / "lake")))
    store(lake, span_row("root", trace_id="t", session_id="s", start_time=EVENING))
    return lake


def store(lake, *rows):
    """Write rows of any hour within two days around DAY."""
    lake.write(SPANS, "p", DAY.around(48), span_table(*rows))


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        (True, {"trace_id": "t", "start_time": MORNING_AFTER}),
        (True, {"trace_id": "u", "session_id": "s", "start_time": MORNING_AFTER}),
        (True, {"trace_id": "t", "start_time": DAY.start - HOUR}),
        (True, {"trace_id": "u", "start_time": NOON}),
        (False, {"trace_id": "u", "session_id": "other", "start_time": MORNING_AFTER}),
        (False, {"trace_id": "u", "start_time": MORNING_AFTER}),
        (False, {"trace_id": "t", "session_id": "s", "start_time": DAY.end + 25 * HOUR}),
    ],
)
def test_a_day_changes_with_every_span_its_evaluators_read_and_with_no_other(lake, changes, row):
    before = content(lake, "p", TODAY)
    store(lake, span_row("more", **row))
    assert (content(lake, "p", TODAY) != before) is changes


def test_a_session_goes_on_in_spans_that_do_not_name_it(lake):
    store(lake, span_row("turn", trace_id="u", session_id="s", start_time=MORNING_AFTER))
    before = content(lake, "p", TODAY)
    store(lake, span_row("step", trace_id="u", start_time=MORNING_AFTER))
    assert content(lake, "p", TODAY) != before


@pytest.mark.parametrize(
    "edit", [{"name": "tone"}, {"trace_id": "u"}, {"metadata": {"by": "me"}}, {"result": {"label": "bad"}}]
)
def test_a_day_changes_with_its_annotations(lake, edit):
    started = {"t": EVENING, "u": EVENING}

    def digest(annotation):
        lake.write(ANNOTATIONS, "p", DAY, annotation_rows("trace", [annotation], started))
        return content(lake, "p", TODAY)

    noted = NOTED | {"trace_id": "t"}
    assert digest(noted) == digest(noted)
    assert digest(noted) != digest(noted | edit)


def test_a_day_does_not_change_with_the_annotations_of_another(lake):
    before = content(lake, "p", TODAY)
    tomorrow = Window(DAY.end, DAY.end + HOUR)
    rows = annotation_rows("trace", [NOTED | {"trace_id": "u"}], {"u": MORNING_AFTER})
    lake.write(ANNOTATIONS, "p", tomorrow, rows)
    assert content(lake, "p", TODAY) == before


@pytest.mark.parametrize("unit", ["trace", "session"])
def test_windows_that_slide_over_a_unit_store_its_annotation_once(lake, unit):
    store(lake, span_row("later", trace_id="t", session_id="s", start_time=MORNING_AFTER + HOUR))
    for offset in range(4):
        window = Window(DAY.end - 2 * HOUR, DAY.end + 2 * HOUR)
        window = Window(window.start + offset * HOUR, window.end + offset * HOUR)
        started = annotated_units(lake, "p", window)[unit]
        found = [NOTED | {f"{unit}_id": unit_id} for unit_id in started]
        lake.write(ANNOTATIONS, "p", window, annotation_rows(unit, found, started))
    assert [row["start_time"] for row in lake.read(ANNOTATIONS, "p").to_pylist()] == [EVENING]


def test_every_unit_that_starts_in_the_window_is_asked_for(lake):
    store(lake, span_row("later", trace_id="t", session_id="s", start_time=MORNING_AFTER), span_row("alone"))
    assert annotated_units(lake, "p", DAY) == {
        "span": {"alone": NOON, "root": EVENING},
        "trace": {"trace-of-alone": NOON, "t": EVENING},
        "session": {"s": EVENING},
    }
    tomorrow = Window(DAY.end, DAY.end + HOUR)
    assert annotated_units(lake, "p", tomorrow) == {"span": {"later": MORNING_AFTER}, "trace": {}, "session": {}}


def test_days_that_wait_for_batches_are_listed_until_they_no_longer_do(lake):
    assert awaited(lake, "p") == []
    for day in (TODAY, TODAY - dt.timedelta(days=40), TODAY):
        set_awaited(lake, "p", day, waits=True)
    set_awaited(lake, "p", TODAY - dt.timedelta(days=1), waits=False)
    assert awaited(lake, "p") == [TODAY - dt.timedelta(days=40), TODAY]
    set_awaited(lake, "p", TODAY, waits=False)
    assert (awaited(lake, "p"), awaited(lake, "q")) == ([TODAY - dt.timedelta(days=40)], [])


@pytest.mark.parametrize(
    ("counts", "days_ago", "again"),
    [
        ({"scored": 9}, 1, False),
        ({"to_ask_again": 2, "budget_stopped": 2}, 1, True),
        ({"to_ask_again": 2, "budget_stopped": 2}, 7, True),
        ({"to_ask_again": 2, "errored": 2}, 8, False),
        ({"errored": 2}, 1, False),  # a code evaluator's: it would raise again
        ({"pending": 1}, 40, True),
    ],
)
def test_a_day_of_which_judgments_are_owed_comes_up_again(counts, days_ago, again):
    assert comes_up_again(counts, TODAY, TODAY + dt.timedelta(days=days_ago)) is again


def test_a_day_with_new_labels_only_is_told_from_one_with_new_spans(lake):
    before = OutdatedDay(TODAY, content(lake, "p", TODAY))
    assert not has_the_same_spans(lake, "p", before), "it never was done"
    set_done(lake, "p", before)
    rows = annotation_rows("trace", [{**NOTED, "trace_id": "t"}], {"t": EVENING})
    lake.write(ANNOTATIONS, "p", DAY, rows)
    labelled = OutdatedDay(TODAY, content(lake, "p", TODAY))
    assert (is_outdated(lake, "p", labelled), has_the_same_spans(lake, "p", labelled)) == (True, True)
    store(lake, span_row("more", trace_id="t", start_time=NOON))
    assert not has_the_same_spans(lake, "p", OutdatedDay(TODAY, content(lake, "p", TODAY)))
