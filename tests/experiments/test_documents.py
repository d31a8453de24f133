"""The verdict as JSON, as a comment, and as a test report."""

import datetime as dt
from xml.etree import ElementTree

import orjson
import pytest
from jsonschema import Draft202012Validator

from tasks.experiments.document import NAMED_FLIPS, SCHEMA, Subject, document
from tasks.experiments.evidence import evidence
from tasks.experiments.junit import junit
from tasks.experiments.verdict import decide
from tasks.experiments.verdict_markdown import SHOWN_FLIPS, comment, marker
from tasks.shared.settings import GateMetric, GateSettings
from tasks.shared.statistics.estimate import share
from tasks.shared.statistics.judged_difference import Calibration
from tests.experiments.sides import changed, gate, pair, side, sides

AT = dt.datetime(2026, 11, 19, 12, tzinfo=dt.UTC)
VALIDATOR = Draft202012Validator(orjson.loads(SCHEMA.read_bytes()), format_checker=Draft202012Validator.FORMAT_CHECKER)
NAN = float("nan")


def documented(found, asked, doubts=(), at=AT):
    subject = Subject("prompts", "p", "golden", "golden-2026-11-18")
    return document(subject, found, decide(found, asked, doubts), evidence(found.pairs), asked, at=at)


PASSED = documented(sides(changed(100, 2, 3)), gate(0.1, "default", most_cost_ratio=1.0))
FAILED = documented(sides(changed(50, 0, 30), planned=100), gate(0.1))
DOUBTFUL = documented(sides(changed(100, 2, 3)), gate(0.1), ["a judge | is broken"])
EMPTY = documented(sides(pair([NAN] * 3, [NAN] * 3)), gate(0.1, most_latency_ratio=1.0))
CALIBRATED = Calibration(share(90, 100), share(80, 100))
MIXED = documented(
    sides(
        changed(60, 2, 3, metric="judged", judged=True, calibration=CALIBRATED),
        pair([0.5] * 60, [0.25, 0.75] * 30, metric="graded", clusters=tuple(f"s{i // 3}" for i in range(60))),
        candidate=side("cand", 60, statuses={"answered": 60, "errored": 2}, missing={"judged": {"errored": 2}}),
    ),
    gate(0.2, "none", "judged", "graded"),
)
ALL = [PASSED, FAILED, DOUBTFUL, EMPTY, MIXED]
linked = "https://phoenix/{}".format


def test_the_schema_is_one():
    Draft202012Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("said", ALL, ids=lambda said: said["verdict"])
def test_every_verdict_keeps_to_its_schema(said):
    assert list(VALIDATOR.iter_errors(orjson.loads(orjson.dumps(said)))) == []


@pytest.mark.parametrize("change", [{"verdict": "green"}, {"more": 1}, {"version": 2}, {"decided_at": None}])
def test_what_is_no_verdict_does_not(change):
    assert list(VALIDATOR.iter_errors({**PASSED, **change}))


def test_the_same_numbers_have_the_same_id_at_any_time():
    again = documented(sides(changed(100, 2, 3)), gate(0.1, "default", most_cost_ratio=1.0), at=AT + dt.timedelta(1))
    assert again["verdict_id"] == PASSED["verdict_id"]
    assert again["decided_at"] != PASSED["decided_at"]


@pytest.mark.parametrize(
    "other",
    [
        documented(sides(changed(100, 2, 3)), gate(0.11, "default", most_cost_ratio=1.0)),
        documented(sides(changed(100, 2, 4)), gate(0.1, "default", most_cost_ratio=1.0)),
        documented(sides(changed(100, 2, 3)), gate(0.1, "default", most_cost_ratio=1.0), ["a doubt"]),
    ],
    ids=["demands", "scores", "doubts"],
)
def test_other_numbers_have_another_id(other):
    assert other["verdict_id"] != PASSED["verdict_id"]


def test_a_verdict_says_what_it_rests_on():
    (metric,) = PASSED["metrics"]
    assert {name: metric[name] for name in ("n", "clusters", "eligible", "coverage", "better", "worse", "test")} == {
        "n": 100, "clusters": 100, "eligible": 100, "coverage": 1.0, "better": 2, "worse": 3, "test": "McNemar, exact",
    }  # fmt: skip
    assert metric["difference"]["value"] == -0.01
    assert metric["difference"]["low"] < -0.01 < metric["difference"]["high"]
    assert metric["bootstrap"][0] < -0.01 < metric["bootstrap"][1]
    assert metric["churn"] == pytest.approx(5 / 101)
    assert 0.05 < metric["detectable"] < 0.2
    assert [flip["example"] for flip in metric["flips"]] == ["e002", "e003", "e004", "e001", "e000"]
    assert metric["flips"][0] == {
        "example": "e002", "baseline": 1.0, "candidate": 0.0, "better": False,
        "baseline_trace": "base-2", "candidate_trace": "cand-2",
    }  # fmt: skip


def test_an_early_verdict_says_what_it_saved():
    assert FAILED["examples"]["stopped_early"] is True
    assert FAILED["examples"]["looks"] == [25, 50]
    assert FAILED["examples"]["saved"] == {"examples": 50, "answers": 100, "cost_usd": 1.0}
    assert PASSED["examples"]["saved"] == {"examples": 0, "answers": 0, "cost_usd": 0.0}


def test_a_judges_errors_are_told_beside_what_it_saw():
    judged, graded = MIXED["metrics"]
    assert judged["calibration"] == {
        "tpr": 0.9, "tnr": 0.8, "n_positive": 100, "n_negative": 100, "used": True, "refusal": None,
    }  # fmt: skip
    assert judged["difference"]["value"] == pytest.approx(-1 / 60)
    assert MIXED["demands"][0]["value"] == pytest.approx(-1 / 60 / 0.7)
    assert (graded["calibration"], graded["churn"]) == (None, None)
    assert (graded["test"], graded["clusters"]) == ("sign flips by cluster", 20)
    assert judged["p_adjusted"] == 1.0


def test_many_flips_are_counted_and_some_named():
    many = documented(sides(changed(200, 0, 120)), gate(0.1))
    assert many["metrics"][0]["worse"] == 120
    assert len(many["metrics"][0]["flips"]) == NAMED_FLIPS
    page = comment(many, linked)
    assert f"{SHOWN_FLIPS} of 120 examples that changed" in page
    assert page.count("https://phoenix/") == 2 * SHOWN_FLIPS


def test_the_comment_begins_with_its_hidden_marker_and_the_verdict():
    lines = comment(PASSED, linked).splitlines()
    assert lines[0] == marker("prompts") == "<!-- nightjar-gate: prompts -->"
    assert lines[2] == "### Gate `prompts`: ✅ pass"
    assert "| valid floor | 0.970 | [0.913, 0.996] | at least 0.950 | ✅ pass |" in lines
    assert "| `e002` | [1.000](https://phoenix/base-2) | [0.000](https://phoenix/cand-2) | worse |" in lines


def test_the_comment_tells_of_doubts_savings_and_what_is_missing():
    assert "> a judge | is broken" in comment(DOUBTFUL, linked)
    assert "### Gate `prompts`: ⚠️ inconclusive" in comment(DOUBTFUL, linked)
    assert "- stopped early: 100 answers and 1.0000 USD saved" in comment(FAILED, linked)
    assert "60 answered, 2 errored; 0.010000 USD, 1000 ms (median), 100 tokens" in comment(MIXED, linked)
    assert "nothing to compare" in comment(EMPTY, linked)


def test_without_a_server_there_are_no_links():
    assert "](" not in comment(PASSED, lambda _: None)


def test_cells_cannot_break_out_of_their_table():
    odd = documented(sides(changed(20, 0, 1, metric="a|b\nc")), GateSettings(metrics={"a|b\nc": GateMetric()}))
    assert "a\\|b c" in comment(odd, linked)


@pytest.mark.parametrize(
    ("said", "tests", "failures", "errors"),
    [(PASSED, 3, 0, 0), (FAILED, 1, 1, 0), (DOUBTFUL, 2, 0, 1), (EMPTY, 2, 0, 1)],
    ids=["passed", "failed", "doubtful", "empty"],
)
def test_the_test_report_is_green_only_for_a_pass(said, tests, failures, errors):
    suite = ElementTree.fromstring(junit(said))
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == [str(n) for n in (tests, failures, errors)]
    assert len(suite.findall("testcase")) == tests
    assert len(suite.findall("testcase/failure")) == failures
    assert len(suite.findall("testcase/error")) == errors
    assert (failures + errors == 0) == (said["verdict"] == "pass")


def test_control_characters_do_not_break_the_test_report():
    odd = documented(sides(changed(100, 2, 3)), gate(0.1), ["it said \x1b[31m<no> & left"])
    error = ElementTree.fromstring(junit(odd)).find("testcase/error")
    assert error.get("message") == "it said  [31m<no> & left."
