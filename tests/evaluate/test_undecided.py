"""What awaits a decision and what stands, on a real lake."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise

import pytest

from tasks.evaluate import undecided as module
from tasks.evaluate.annotations import publishable
from tasks.evaluate.catalogue import Ready
from tasks.evaluate.decide import decide
from tasks.evaluate.undecided import newest_first, slices, standing, undecided
from tasks.shared.records import HOUR, UTC, Evaluator, Window
from tasks.shared.store.tables import DECISIONS, SPANS
from tests.evaluate.rows import DAY, NOON, decision, decision_table, span_row, span_table

NOW = dt.datetime(2026, 11, 20, 8, tzinfo=UTC)
BY_SPAN = Ready(
    "mine", Evaluator(unit="span", needs=("name",), score=lambda name: 1.0 * len(name), select="kind = 'LLM'"), {}
)
BY_TRACE = Ready("mine", Evaluator(unit="trace", needs=("span_count",), score=lambda span_count: span_count), {})


def store(lake, *rows):
    lake.write(SPANS, "p", DAY, span_table(*rows))


def score(lake, ready, window=DAY):
    """What the step does, without Prefect and checks; returns the ids it decided."""
    fresh = decide(ready, undecided(lake, "p", window, ready), NOW)
    with lake.stage(replace(DECISIONS, rewrite="replace"), "p", window, file=ready.title) as stage:
        stage.append(standing(lake, "p", window, ready))
        stage.append(fresh)
        stage.publish()
    return fresh["unit_id"].to_pylist()


def decisions(lake):
    return {row["unit_id"]: row for row in lake.read(DECISIONS, "p").to_pylist()}


def test_there_is_a_decision_on_every_eligible_unit_and_none_on_others(lake):
    store(lake, span_row("a"), span_row("b", kind="TOOL"), span_row("c", start_time=NOON + HOUR))
    assert score(lake, BY_SPAN) == ["a", "c"]
    assert set(decisions(lake)) == {"a", "c"}


def test_a_second_run_decides_nothing_and_changes_no_file(lake):
    store(lake, span_row("a"), span_row("c", start_time=NOON + HOUR))
    score(lake, BY_SPAN)
    files = {file: lake.filesystem.get_file_info(file).mtime for file in lake.files(DECISIONS, "p")}
    assert score(lake, BY_SPAN) == []
    assert {file: lake.filesystem.get_file_info(file).mtime for file in lake.files(DECISIONS, "p")} == files
    assert len(files) == 1


def test_a_new_span_is_decided_beside_those_that_stand(lake):
    store(lake, span_row("a"))
    score(lake, BY_SPAN)
    store(lake, span_row("b"))
    assert score(lake, BY_SPAN) == ["b"]
    assert set(decisions(lake)) == {"a", "b"}


def test_a_changed_trace_is_decided_again(lake):
    store(lake, span_row("a", trace_id="t"), span_row("z", trace_id="u"))
    score(lake, BY_TRACE)
    store(lake, span_row("b", trace_id="t", start_time=NOON + HOUR))
    assert score(lake, BY_TRACE) == ["t"]
    assert {unit: row["score"] for unit, row in decisions(lake).items()} == {"t": 2.0, "u": 1.0}


def test_a_trace_whose_late_root_moves_it_to_an_earlier_hour_has_one_decision(lake):
    store(lake, span_row("child", trace_id="t", start_time=NOON, parent_id="root"))
    score(lake, BY_TRACE)
    store(lake, span_row("root", trace_id="t", start_time=NOON - dt.timedelta(seconds=1)))
    for window in (Window(NOON - HOUR, NOON), Window(NOON, NOON + HOUR)):
        score(lake, BY_TRACE, window)
    rows = lake.read(DECISIONS, "p").to_pylist()
    assert [(row["unit_id"], row["score"], row["start_time"].hour) for row in rows] == [("t", 2.0, 11)]


def test_another_version_decides_anew_beside_the_old_one(lake):
    store(lake, span_row("a"))
    score(lake, BY_SPAN)
    newer = replace(BY_SPAN, evaluator=replace(BY_SPAN.evaluator, version="2"))
    assert score(lake, newer) == ["a"]
    assert sorted(row["version"] for row in lake.read(DECISIONS, "p").to_pylist()) == ["1", "2"]


def test_another_evaluator_is_not_disturbed(lake):
    store(lake, span_row("a"))
    score(lake, BY_SPAN)
    assert score(lake, replace(BY_SPAN, name="other")) == ["a"]
    assert score(lake, BY_SPAN) == []


def test_a_changed_threshold_asks_anew(lake):
    budget = Evaluator(
        unit="span",
        needs=("latency_ms",),
        score=lambda latency_ms, budget_ms: latency_ms <= budget_ms["*"],
        select="list_contains(json_keys($budget_ms), '*')",
    )
    store(lake, span_row("a", latency_ms=100.0))
    assert score(lake, Ready("mine", budget, {"budget_ms": {"*": 150.0}})) == ["a"]
    assert score(lake, Ready("mine", budget, {"budget_ms": {"*": 150.0}})) == []
    assert score(lake, Ready("mine", budget, {"budget_ms": {"*": 50.0}})) == ["a"]
    assert [row["score"] for row in decisions(lake).values()] == [0.0]


def test_decisions_outlive_the_raw_spans(lake):
    """Raw spans may be deleted before their scores; a run after that must not take the scores along."""
    store(lake, span_row("a"), span_row("b"))
    score(lake, BY_SPAN)
    for file in lake.files(SPANS, "p"):
        lake.filesystem.delete_file(file)
    store(lake, span_row("b"))
    assert score(lake, BY_SPAN) == []
    assert set(decisions(lake)) == {"a", "b"}


def test_a_unit_that_is_no_longer_eligible_loses_its_decision(lake):
    store(lake, span_row("a"))
    score(lake, BY_SPAN)
    store(lake, span_row("a", kind="TOOL"))
    assert score(lake, BY_SPAN) == []
    assert decisions(lake) == {}


def test_only_scores_are_published(lake):
    picky = Ready(
        "mine",
        Evaluator(unit="span", needs=("name",), score=lambda name: None if name == "skip" else float(name)),
        {},
    )
    store(lake, span_row("a", name="0.5"), span_row("b", name="skip"), span_row("c", name="oops"))
    score(lake, picky)
    assert publishable(lake, "p", DAY, picky).to_pylist() == [
        {"unit_id": "a", "status": "scored", "score": 0.5, "label": None, "explanation": None}
    ]


def test_what_was_scored_before_and_is_not_now_is_taken_back(lake):
    picky = Evaluator(unit="span", needs=("name",), score=lambda name: None if name == "skip" else float(name))
    ready = Ready("mine", picky, {})
    store(lake, span_row("a", name="0.5"), span_row("b", name="skip"), span_row("c", name="1"))
    score(lake, ready)
    for now in ("skip", "oops"):  # not applicable, then errored: it stays taken back
        store(lake, span_row("a", name=now), span_row("b", name="oops"))
        score(lake, ready)
        told = {row["unit_id"]: row["status"] for row in publishable(lake, "p", DAY, ready).to_pylist()}
        assert told == {"a": "not_applicable" if now == "skip" else "errored", "c": "scored"}
    store(lake, span_row("a", name="0.7"))
    score(lake, ready)
    assert [(row["unit_id"], row["score"]) for row in publishable(lake, "p", DAY, ready).to_pylist()] == [
        ("a", 0.7),
        ("c", 1.0),
    ]


def test_what_a_judge_drew_and_still_owes_is_told_with_its_probability(lake):
    store(lake, span_row("a"), span_row("b"))
    digest = undecided(lake, "p", DAY, BY_SPAN)["unit_digest"][0].as_py()
    same = {"unit_digest": digest, "inclusion_probability": 0.25, "stratum": "slow"}
    owed = decision("span", "a", "mine", status="errored", score=None, **same)
    lake.write(DECISIONS, "p", DAY, decision_table(owed), file="mine@1")
    rows = undecided(lake, "p", DAY, BY_SPAN).to_pylist()
    assert [(row["unit_id"], row["drawn_with"], row["drawn_from"]) for row in rows] == [
        ("a", 0.25, "slow"),
        ("b", None, None),
    ]
    store(lake, span_row("a", name="another"))
    assert undecided(lake, "p", DAY, BY_SPAN)["drawn_with"].to_pylist() == [None, None], "what changed is drawn anew"


def test_a_unit_that_a_judge_still_owes_is_counted_once(lake):
    store(lake, span_row("a"), span_row("b"))
    digest = undecided(lake, "p", DAY, BY_SPAN)["unit_digest"][0].as_py()
    owed = decision("span", "a", "mine", status="errored", score=None, unit_digest=digest)
    lake.write(DECISIONS, "p", DAY, decision_table(owed), file="mine@1")
    assert [part.units for part in newest_first(lake, "p", DAY, BY_SPAN, 100)] == [2]


@pytest.mark.parametrize(("slice_mib", "parts"), [(64, 1), (1e-9, 24)])
def test_a_window_is_cut_where_it_would_not_fit(lake, monkeypatch, slice_mib, parts):
    monkeypatch.setattr(module, "SLICE_MIB", slice_mib)
    store(lake, span_row("a"))
    cut = list(slices(lake, "p", DAY))
    assert len(cut) == parts
    assert (cut[0].start, cut[-1].end) == (DAY.start, DAY.end)
    assert all(left.end == right.start for left, right in pairwise(cut))
