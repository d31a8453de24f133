"""What the examples of a dataset can tell, before they are asked."""

import datetime as dt

import pytest

from tasks.experiments.document import Subject, document
from tasks.experiments.evidence import evidence
from tasks.experiments.planning import demand_count, earlier_of, read_earlier, told
from tasks.experiments.verdict import decide
from tasks.shared.store.tables import VERDICTS
from tests.experiments.sides import changed, gate, pair, sides
from tests.experiments.stored import NOON, PROJECT, lake_at, put

EACH = [f"s{i}" for i in range(100)]
SESSIONS = [f"s{i // 5}" for i in range(100)]


def entry(**values):
    return {"metric": "valid", "churn": 0.05, "deviation": 0.3, "design_effect": 1.0, **values}


def distance(asked, clusters, earlier=None):
    (found,) = told(asked, clusters, {"valid": earlier} if earlier else {})
    assert found.known == bool(earlier)
    return found.passes_from + found.margin, -found.fails_from - found.margin


def test_without_a_past_a_cautious_guess_is_taken_and_said_to_be_one():
    (found,) = told(gate(0.05), EACH, {})
    assert found.note == (
        "valid, margin 0.05: with power 80 % a candidate keeps it when its true difference is "
        f"{found.passes_from:+.3f} or more, and breaks it at {found.fails_from:+.3f} or less "
        "(by a cautious guess of how much changes)."
    )
    assert 0.1 < found.passes_from < 0.2


def test_an_earlier_verdict_tells_how_much_changes():
    cautious, known = distance(gate(0.05), EACH), distance(gate(0.05), EACH, entry())
    graded = distance(gate(0.05), EACH, entry(churn=None, deviation=0.1))
    assert graded[0] < known[0] < cautious[0]


def test_examples_in_sessions_tell_less():
    assert distance(gate(0.05), SESSIONS)[0] > distance(gate(0.05), EACH)[0]


def test_a_fail_is_told_from_farther_the_more_is_demanded_and_a_pass_is_not():
    alone, floored = distance(gate(0.05), EACH), distance(gate(0.05, "default", most_cost_ratio=0.7), EACH)
    assert floored[0] == pytest.approx(alone[0])
    assert floored[1] > alone[1]
    assert demand_count(gate(0.05, "default", "a", "b", most_cost_ratio=0.7, most_latency_ratio=1.0)) == 6


def test_looking_early_costs_a_little():
    assert distance(gate(0.05), EACH)[0] > distance(gate(0.05, early_stop=False), EACH)[0]


def test_hopelessly_few_examples_are_said_to_be():
    (found,) = told(gate(0.05), EACH[:2], {})
    assert "a candidate cannot be expected to keep it, and cannot be told to break it" in found.note
    assert told(gate(0.05), [], {}) == []


def verdict_of(*pairs, at=NOON):
    found, asked = sides(*pairs), gate(0.1, "none", *(each.metric for each in pairs))
    subject = Subject("prompts", PROJECT, "golden", "1")
    return document(subject, found, decide(found, asked), evidence(found.pairs), asked, at=at)


def test_the_latest_verdict_on_the_dataset_that_compared_the_metric_speaks(tmp_path):
    import orjson

    lake = lake_at(tmp_path)
    nan = [float("nan")] * 3
    days = [verdict_of(changed(100, 1, 1)), verdict_of(changed(100, 9, 9)), verdict_of(pair(nan, nan))]
    for hours, said in enumerate(days):
        row = {"verdict_id": said["verdict_id"], "document": orjson.dumps(said).decode(), "dataset": "golden"}
        put(lake, VERDICTS, [{**row, "start_time": NOON + dt.timedelta(hours=hours)}], file=said["verdict_id"])
    assert read_earlier(lake, PROJECT, "golden")["valid"]["churn"] == pytest.approx(19 / 101)
    assert read_earlier(lake, PROJECT, "other") == {}
    assert earlier_of([]) == {}
