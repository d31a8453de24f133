"""Candidates from the lake: whose answer is right, whose failed, and which strata they are in."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.curate.pool import Source, asked_questions, check, compared, pool, source
from tasks.curate.strata import Stratum, kept_kinds, shares, strata_of
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import Window
from tasks.shared.settings import DATASET_KINDS, CurationSettings, FeedbackSettings
from tasks.shared.splits import cluster_of
from tests.curate.traffic_rows import (
    NOON,
    QUESTIONS,
    WINDOW,
    asked,
    lake_at,
    put_annotations,
    put_decisions,
    put_feedback,
    put_spans,
    scored,
)

SETTINGS = CurationSettings(scores={"faithful": 0.8, "toxicity": 0.2})
STRATA = [stratum for kind in DATASET_KINDS for stratum in strata_of(SETTINGS, kind)]
# How the feedback flow annotates what a person told the application.
BROUGHT = {"name": "user_feedback", "label": "positive"}
LOW_IS_GOOD = {"direction": "minimize"}
CASES = (
    *("liked", "approved", "scored", "nothing", "half_scored", "rescored"),
    *("error", "disliked", "rejected", "low", "toxic", "corrected"),
    *("refused", "guarded", "passed_guard", "rare", "foreign", "complex", "twice_a", "twice_b", "plain"),
)


def world() -> dict[str, Mapping[str, Any]]:
    """A span for each case, each with a question of its own, but for the one that is asked twice."""
    texts = {name: f"{QUESTIONS[n % 8]} Only for {name * 3}." for n, name in enumerate(CASES)}
    texts |= {"twice_a": "Is it on? ", "twice_b": " is it ON?", "foreign": "Wie viele Geräte sind in München aktiv?"}
    plans = {"rare": "enterprise"}
    return {
        name: asked(n, texts[name], metadata=json.dumps({"plan": plans.get(name, "free")}))
        for n, name in enumerate(CASES)
    }


@pytest.fixture(scope="module")
def spans():
    return world()


@pytest.fixture(scope="module")
def candidates(tmp_path_factory, spans) -> Source:
    """A lake with every case."""
    lake = lake_at(tmp_path_factory.mktemp("lake"))
    steps = [
        asked(90, "", trace_id=spans["error"]["trace_id"], parent_id="x", status_code="ERROR"),
        asked(91, "", trace_id=spans["guarded"]["trace_id"], parent_id="x", kind="GUARDRAIL", output="Blocked: secret"),
        asked(92, "", trace_id=spans["passed_guard"]["trace_id"], parent_id="x", kind="GUARDRAIL", output="fine"),
        asked(93, "", trace_id=spans["rescored"]["trace_id"], parent_id="x", kind="LLM"),
    ]
    put_spans(lake, *spans.values(), *steps)
    put_feedback(lake, spans["liked"], "positive")
    liked = ("error", "low", "toxic", "rejected", "rare", "foreign", "complex", "twice_a", "twice_b")
    put_annotations(
        lake,
        [
            *({"of": spans[name], "name": "user_feedback", "label": "Thumbs_Up"} for name in liked),
            {"of": spans["approved"], "name": "correctness", "label": "Correct "},
            {"of": spans["disliked"], "name": "user_feedback", "score": 0.0},
            {"of": spans["rejected"], "name": "correctness", "label": "wrong"},
            {"of": spans["corrected"], "name": "user_feedback", "label": "down"},
            {"of": spans["corrected"], "name": "correction", "explanation": " 42 "},
            {"of": spans["liked"], **BROUGHT, "identifier": f"feedback:{spans['liked']['span_id']}"},
            {"of": spans["nothing"], "name": "correctness", "label": "correct", "annotator_kind": "LLM"},
        ],
    )
    later = NOON + dt.timedelta(days=1)
    put_decisions(
        lake,
        scored(spans["scored"], "faithful", 0.8),
        scored(spans["scored"], "toxicity", 0.1, **LOW_IS_GOOD),
        scored(spans["half_scored"], "faithful", 1.0),
        scored(spans["rescored"], "faithful", 0.1),
        scored(spans["rescored"], "faithful", 0.9, version="2", decided_at=later),
        scored(steps[3], "faithful", 0.2),
        scored(steps[3], "toxicity", 0.0, **LOW_IS_GOOD),
        scored(spans["low"], "faithful", 0.7),
        scored(spans["toxic"], "toxicity", 0.9, **LOW_IS_GOOD),
        scored(spans["refused"], "refusal", 1.0, **LOW_IS_GOOD),
        scored(spans["complex"], "sql_complexity", None, label="complex"),
    )
    found = source(lake, "p", WINDOW, SETTINGS, FeedbackSettings())
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pooled(candidates):
    return pool(candidates, STRATA, {}, 100)


@pytest.fixture(scope="module")
def strata_by_case(spans, pooled):
    """By case the titles of its strata."""
    names = {row["span_id"]: name for name, row in spans.items()}
    return {names[row["span_id"]]: set(row["strata"]) for row in pooled.rows.to_pylist()}


def cases_in(strata_by_case, title):
    return {name for name, titles in strata_by_case.items() if title in titles}


def test_an_answer_is_right_by_feedback_by_a_person_or_by_all_scores_and_by_nothing_else(strata_by_case):
    twice = cases_in(strata_by_case, "golden/golden") & {"twice_a", "twice_b"}
    assert len(twice) == 1
    right = {"liked", "approved", "scored", "rescored", "rare", "foreign", "complex"}
    assert cases_in(strata_by_case, "golden/golden") - twice == right


def test_errors_bad_feedback_rejections_and_low_scores_are_failures_whatever_else_is_good(strata_by_case):
    failed = {name: titles for name, titles in strata_by_case.items() if "golden/past_failures" in titles}
    assert {name: {title for title in titles if title.startswith("failed/")} for name, titles in failed.items()} == {
        "error": {"failed/errors"},
        "disliked": {"failed/negative_feedback"},
        "corrected": {"failed/negative_feedback"},
        "rejected": {"failed/rejected"},
        "low": {"failed/low_scores"},
        "toxic": {"failed/low_scores"},
    }


def test_refusals_and_what_guardrails_blocked_are_no_failures_and_have_datasets_of_their_own(strata_by_case):
    assert strata_by_case["refused"] == {"blocked/refusals"}
    assert strata_by_case["guarded"] == {"blocked/guardrails"}
    assert "passed_guard" not in strata_by_case


def test_special_strata_are_found_among_right_answers(strata_by_case):
    assert cases_in(strata_by_case, "golden/rare_cohorts") == {"rare"}
    assert "foreign" in cases_in(strata_by_case, "golden/edge_cases")
    assert "complex" in cases_in(strata_by_case, "golden/complex_queries")


def test_what_people_labelled_is_for_the_expert_dataset_and_feedback_is_no_label(strata_by_case, spans, pooled):
    assert cases_in(strata_by_case, "expert/labelled") == {"approved", "rejected", "corrected"}
    assert cases_in(strata_by_case, "expert/approved") == {"approved"}
    rows = {row["span_id"]: row for row in pooled.rows.to_pylist()}
    assert rows[spans["corrected"]["span_id"]]["correction"] == "42"
    assert rows[spans["approved"]["span_id"]]["right_for"] == ["golden", "blocked", "expert"]
    assert [said["label"] for said in json.loads(rows[spans["rejected"]["span_id"]]["opinions"])] == [
        "wrong",
        "Thumbs_Up",
    ]


def test_feedback_that_came_from_the_application_and_from_phoenix_counts_once_but_not_what_a_person_made_of_it(
    spans, pooled, tmp_path
):
    rows = {row["span_id"]: row for row in pooled.rows.to_pylist()}
    liked = spans["liked"]
    assert (rows[liked["span_id"]]["positive"], rows[liked["span_id"]]["negative"]) == (1, 0)
    assert [said["name"] for said in json.loads(rows[liked["span_id"]]["opinions"])] == ["user_feedback"]
    lake = lake_at(tmp_path)
    put_spans(lake, liked)
    put_feedback(lake, liked, "positive")
    changed = {"name": "user_feedback", "label": "negative", "identifier": f"feedback:{liked['span_id']}"}
    put_annotations(lake, [{"of": liked, **changed}])
    of = source(lake, "p", WINDOW, SETTINGS, FeedbackSettings())
    (row,) = pool(of, STRATA, {}, 100).rows.to_pylist()
    assert (row["positive"], row["negative"], row["failed"]) == (1, 1, True)


def test_topics_are_new_by_how_near_the_dataset_is(candidates, pooled):
    def new(nearest):
        found = compared(candidates, pooled.rows, strata_of(SETTINGS, "golden"), [nearest] * pooled.rows.num_rows)
        return sum("new_topics" in names for names in found.values())

    assert (new(1.0), new(0.1)) == (0, 8)


def test_what_is_taken_does_not_come_back_to_its_dataset_but_may_to_another(candidates, spans, pooled):
    taken = {"golden": [row["span_id"] for row in spans.values()]}
    titles = {title for row in pool(candidates, STRATA, taken, 100).rows.to_pylist() for title in row["strata"]}
    assert {title.partition("/")[0] for title in titles} == {"failed", "blocked", "expert"}
    assert not pooled.cut


def test_a_pool_that_had_to_cut_says_so_and_cuts_the_same_again(candidates):
    strata = [Stratum("golden", "golden", "good")]
    small = pool(candidates, strata, {}, 3)
    assert (small.rows.num_rows, small.cut) == (3, True)
    assert small.rows["span_id"] == pool(candidates, strata, {}, 3).rows["span_id"]


def test_spans_of_one_trace_are_of_one_session_whichever_of_them_names_it_or_none(tmp_path):
    lake = lake_at(tmp_path)
    named = asked(0, QUESTIONS[0], span_id="root", session_id="s")
    child = asked(1, QUESTIONS[1], trace_id=named["trace_id"], parent_id="root", session_id=None)
    alone = asked(2, QUESTIONS[2], session_id=None)
    put_spans(lake, named, child, alone, asked(3, QUESTIONS[3], trace_id=alone["trace_id"], session_id=None))
    of = source(lake, "p", WINDOW, CurationSettings(spans=("chat",), right="true"), FeedbackSettings())
    rows = pool(of, strata_of(of.settings, "golden"), {}, 10).rows.to_pylist()
    assert {row["question"]: row["session_id"] for row in rows} == {
        QUESTIONS[0]: "s", QUESTIONS[1]: "s", QUESTIONS[2]: None, QUESTIONS[3]: None,
    }  # fmt: skip
    assert len({cluster_of(row["session_id"], row["trace_id"]) for row in rows}) == 2


def test_the_question_is_the_prompt_variable_the_field_the_last_user_message_or_the_input(tmp_path):
    turns = [("user", "first"), ("assistant", "x"), ("user", "last")]
    said = json.dumps([{"role": role, "content": content} for role, content in turns])
    lake = lake_at(tmp_path)
    put_spans(
        lake,
        asked(1, "rendered", prompt_variables='{"question": "by variable", "schema": "s"}', input_messages=said),
        asked(2, '{"question": "by field"}', input_messages=said),
        asked(3, "rendered", input_messages=said),
        asked(4, "by input", prompt_variables="{broken", session_id=None),
        asked(5, "   "),
        asked(6, "long " * 10),
        *(asked(n, f"step {n}", name="write", parent_id="x", session_id="one") for n in (7, 8)),
    )
    settings = CurationSettings(longest_characters=30)
    assert sorted(asked_questions(lake, "p", WINDOW, settings)) == ["by field", "by input", "by variable", "last"]
    # Of a session one question is asked, and only of spans that are named.
    assert len(asked_questions(lake, "p", WINDOW, CurationSettings(spans=("write",)))) == 1
    nobody = Window.of_day(dt.date(2026, 1, 1))
    assert source(lake, "p", nobody, SETTINGS, FeedbackSettings()) is None


def test_the_guide_lists_every_column_that_a_predicate_may_use(pooled):
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "golden-datasets.md").read_text(encoding="utf-8")
    listed = guide.partition("Columns:")[2].partition("\n\n")[0]
    internal = {"place", "strata", "right_for"}
    assert {name for name in pooled.rows.column_names if f"`{name}`" not in listed} == internal


def test_strata_of_the_settings_replace_add_and_remove():
    settings = CurationSettings(
        strata={"golden": {"golden": "", "new_topics": "good AND nearest < 0.5", "slow": "latency_ms > 5000"}}
    )
    found = {each.name: each.predicate for each in strata_of(settings, "golden")}
    assert list(found) == ["edge_cases", "complex_queries", "past_failures", "new_topics", "rare_cohorts", "slow"]
    assert found["new_topics"] == "good AND nearest < 0.5"
    assert set(shares(strata_of(settings, "golden"), 0.5).values()) == {1 / 6}
    shipped = shares(strata_of(CurationSettings(), "golden"), 0.5)
    assert (shipped["golden"], sum(shipped.values())) == (0.5, pytest.approx(1))


def test_a_predicate_that_is_none_is_named_before_anything_is_read(tmp_path):
    lake = lake_at(tmp_path)
    with pytest.raises(ConfigurationError, match=r"curation\.right 'positiv > 0' is no predicate"):
        check(lake, CurationSettings(right="positiv > 0"), [])
    with pytest.raises(ConfigurationError, match=r"curation\.strata\.failed\.slow"):
        check(lake, CurationSettings(), [Stratum("failed", "slow", "latency_ms >")])
    with pytest.raises(ConfigurationError, match="output"):
        check(lake, CurationSettings(), [Stratum("golden", "odd", "nearest < 0.1 AND output = 'x'")])
    check(lake, CurationSettings(right="positive > 0 AND labels['x'] = 'y' AND scores['z'] > 1"), [])


def test_a_stratum_needs_a_name_a_dataset_a_stratum_and_a_kind_a_dataset():
    with pytest.raises(ConfigurationError, match="lower-case"):
        strata_of(CurationSettings(strata={"golden": {"New topics": "good"}}), "golden")
    with pytest.raises(ConfigurationError, match="removes every stratum"):
        strata_of(CurationSettings(strata={"blocked": {"refusals": "", "guardrails": " "}}), "blocked")
    with pytest.raises(ConfigurationError, match="no dataset of the kind 'silver'"):
        kept_kinds(CurationSettings(), ["silver"], "p")
    unnamed = CurationSettings.model_validate({"names": {"expert": ""}})
    assert kept_kinds(unnamed, [], "p") == ["golden", "failed", "blocked"]
    with pytest.raises(ValueError, match="two datasets have one name"):
        CurationSettings.model_validate({"names": {"expert": "golden-queries"}})
