"""The label queue without Phoenix: people's votes, who is drawn, what experts are shown, how it is told."""

import datetime as dt

import pytest
from pydantic import ValidationError

from tasks.evaluate.label_examples import examples, instructions, note_identifier
from tasks.evaluate.label_queue import Standing, beside_people, drawn, progress, queue_rows, standing
from tasks.evaluate.label_votes import Vote, passes, score_of_label, votes
from tasks.evaluate.library import read_judge
from tasks.shared.records import Window
from tasks.shared.settings import LabelSettings
from tasks.shared.statistics.confusion import rates
from tasks.shared.store.tables import ANNOTATIONS, DECISIONS, LABEL_QUEUE, SPANS
from tests.evaluate.rows import DAY, NOON, decision, decision_table, span_row, span_table

PROJECT = "p"
WEEK = Window(DAY.start - dt.timedelta(days=6), DAY.end)
COMMON = """
version: "1"
description: Is the answer {name}?
unit: {unit}
inputs: {{answer: {column}}}
messages: [{{content: "Judge: <answer>{{{{answer}}}}</answer>"}}]
"""
CHOICES = "choices: {good: 1, fair: 0.5, poor: 0}\ncanaries: [{inputs: {answer: a}, expect: [good]}]"
RATING = "rating: {low: 1, high: 5}\npasses_at: 0.75\ncanaries: [{inputs: {answer: a}, expect: [5]}]"
LABELS_ONLY = "choices: [cats, dogs]\ncanaries: [{inputs: {answer: a}, expect: [cats]}]"


def judge_of(answers=CHOICES, name="mine", unit="span", column="output"):
    return read_judge(name, "mine.yaml", f"name: {name}" + COMMON.format(name=name, unit=unit, column=column) + answers)


@pytest.mark.parametrize(
    ("answers", "label", "score", "expected"),
    [
        (CHOICES, "fair", None, 0.5),
        (CHOICES, " Poor ", 1.0, 0.0),
        (CHOICES, "so-so", None, None),
        (CHOICES, None, 0.5, 0.5),
        (CHOICES, None, 4.0, None),
        (RATING, "4", None, 0.75),
        (RATING, "6", None, None),
        (RATING, None, 0.25, 0.25),
        (LABELS_ONLY, "cats", 1.0, None),
    ],
)
def test_a_label_comes_before_a_score_and_what_is_off_the_scale_is_no_answer(answers, label, score, expected):
    assert score_of_label(judge_of(answers), label, score) == expected


def test_what_passes_depends_on_the_direction():
    minimize = judge_of().model_copy(update={"direction": "minimize", "passes_at": 0.0})
    assert [passes(judge_of(RATING), score) for score in (0.5, 0.75, 1.0)] == [False, True, True]
    assert [passes(minimize, score) for score in (0.0, 0.5)] == [True, False]


def test_people_vote_together_and_a_tie_is_no_verdict():
    said = [
        {"unit_id": unit_id, "annotator": who, "label": label, "score": None}
        for unit_id, who, label in [
            ("a", "ada", "good"),
            ("a", "bob", "poor"),
            ("a", "eve", "fair"),
            ("b", "ada", "good"),
            ("b", "bob", "poor"),
            ("c", "ada", "what?"),
        ]
    ]
    assert votes(judge_of(), said) == {"a": Vote(True, 3), "b": Vote(None, 2)}


def test_one_person_has_one_vote_which_is_the_latest():
    said = [("ada", "good"), ("bob", "poor"), ("ada", "poor"), ("eve", "good"), ("eve", "what?")]
    rows = [{"unit_id": "a", "annotator": who, "label": label, "score": None} for who, label in said]
    assert votes(judge_of(), rows) == {"a": Vote(False, 2)}
    named = [{**row, "label": label} for row, label in zip(rows, ("cats", "dogs", "dogs", "cats", "?"), strict=True)]
    assert votes(judge_of(LABELS_ONLY), named) == {"a": Vote(None, 2, "dogs")}


def verdict(unit_id, score=1.0, **values):
    return {
        "unit_id": unit_id,
        "trace_id": unit_id,
        "start_time": NOON,
        "score": score,
        "versions_disagree": False,
    } | values


def judged(*rows):
    return {row["unit_id"]: row for row in rows}


def queued(unit_id):
    return {"unit_id": unit_id, "start_time": NOON, "inclusion_probability": 0.5}


def test_neither_labelled_nor_queued_units_nor_those_of_other_days_are_drawn():
    rows = [verdict(name) for name in ("new", "labelled", "queued")]
    now = Standing(
        judged(*rows, verdict("old", start_time=NOON - dt.timedelta(days=9))),
        {"labelled": Vote(True, 1)},
        [queued("queued")],
    )
    assert [each.unit_id for each in drawn(judge_of(), now, WEEK, LabelSettings())] == ["new"]


def test_only_as_many_wait_as_the_settings_say():
    now = Standing(judged(*(verdict(f"u{n}") for n in range(20))), {"u0": Vote(True, 1)}, [queued("u0"), queued("u1")])
    assert len(drawn(judge_of(), now, WEEK, LabelSettings(per_judge=5))) == 4
    assert drawn(judge_of(), now, WEEK, LabelSettings(per_judge=1)) == []


def test_the_verdict_on_which_people_disagree_more_gets_more_than_its_share():
    units = [verdict(f"u{n}", float(n % 2)) for n in range(400)]
    people = {f"u{n}": Vote(bool(n % 2) if n % 2 else n % 4 == 0, 1) for n in range(100)}
    chosen = drawn(judge_of(), Standing(judged(*units), people, []), WEEK, LabelSettings(per_judge=60))
    failed = [each for each in chosen if not each.passed]
    assert len(chosen) == 60
    assert len(failed) in {41, 42}  # 0.3 * 30 + 0.7 * 60 * 0.5 / (0.5 + 0.137) = 42.0


def test_of_a_judge_without_scores_all_units_are_drawn_alike():
    now = Standing(judged(*(verdict(f"u{n}", None, label="cats") for n in range(40))), {}, [])
    chosen = drawn(judge_of(LABELS_ONLY), now, WEEK, LabelSettings(per_judge=10))
    assert [each.probability for each in chosen] == [pytest.approx(0.25)] * 10
    assert set(queue_rows(judge_of(LABELS_ONLY), now, chosen, NOON)["stratum"].to_pylist()) == {"all"}


def test_of_a_judge_without_scores_the_labels_are_compared():
    said = [("a", "Cats"), ("b", "dogs"), ("c", "dogs"), ("c", "cats"), ("d", "birds"), ("e", "cats")]
    people = votes(
        judge_of(LABELS_ONLY),
        [{"unit_id": unit, "annotator": str(n), "label": label, "score": 1.0} for n, (unit, label) in enumerate(said)],
    )
    assert people == {
        "a": Vote(None, 1, "cats"),
        "b": Vote(None, 1, "dogs"),
        "c": Vote(None, 2, None),
        "e": Vote(None, 1, "cats"),
    }
    own = {"a": "cats", "b": "dogs", "c": "dogs", "e": "dogs"}
    now = Standing(judged(*(verdict(u, None, label=label) for u, label in own.items())), people, [queued("a")])
    told = progress(judge_of(LABELS_ONLY), now)
    assert "people agree with the judge on 2 of 3 labelled units (kappa 0.50, " in told


def test_progress_and_agreement_are_told_of_what_people_and_judge_both_decided():
    units = [verdict("a"), verdict("b", 0.0), verdict("c", 0.0), verdict("tie")]
    people = {
        "a": Vote(True, 1),
        "b": Vote(False, 1),
        "c": Vote(True, 2),
        "tie": Vote(None, 2),
        "unknown": Vote(True, 1),
    }
    now = Standing(judged(*units), people, [queued("a"), queued("d")])
    found = rates(beside_people(judge_of(), now), "pass")
    assert (found.n, found.tnr.value) == (3, 1.0)
    assert found.tpr.value == pytest.approx(2 / 3), "the queued unit was drawn with one half, so it stands for two"
    assert progress(judge_of(), now).startswith(
        "mine: 1 of 2 queued units are labelled; people agree with the judge on 2 of 3 labelled units (kappa 0.50, "
    )
    assert progress(judge_of(), Standing({}, {}, [])) == "mine: 0 of 0 queued units are labelled."


def annotation(unit_id, kind="HUMAN", name="mine", **values):
    row = dict.fromkeys(ANNOTATIONS.schema.names) | {"annotation_id": f"{unit_id}{kind}{name}", "unit": "span"}
    said = {
        "unit_id": unit_id,
        "start_time": NOON,
        "name": name,
        "annotator_kind": kind,
        "identifier": "",
        "metadata": "{}",
    }
    return row | said | {"label": "good"} | values


def test_the_lake_tells_verdicts_of_this_version_people_and_queue(lake):
    old = {"version": "0", "score": 0.0}
    files = {
        "mine@1": [decision("span", unit_id, "mine", label="good") for unit_id in "ab"]
        + [decision("span", "c", "mine", status="errored", score=None)],
        "mine@0": [
            decision("span", "a", "mine", label="poor", **old),
            decision("span", "b", "mine", label="good", **old),
            decision("span", "e", "mine", label="poor", **old),
        ],
        "mine_too@1": [decision("span", "d", "mine_too")],
    }
    for name, rows in files.items():
        lake.write(DECISIONS, PROJECT, DAY, decision_table(*rows), file=name)
    later = {"annotation_id": "again", "updated_at": NOON + dt.timedelta(hours=1)}
    said = [annotation("a", label="poor"), annotation("b", "LLM"), annotation("c", name="other")]
    said += [annotation("a", **later)]
    lake.write(ANNOTATIONS, PROJECT, DAY, ANNOTATIONS.schema.empty_table().from_pylist(said, ANNOTATIONS.schema))
    before = standing(lake, PROJECT, DAY, judge_of(), 30)
    assert {unit_id: row["versions_disagree"] for unit_id, row in before.judged.items()} == {"a": True, "b": False}
    assert before.voted == {"a": Vote(True, 1)}
    table = queue_rows(judge_of(), before, drawn(judge_of(), before, DAY, LabelSettings()), NOON)
    lake.write(LABEL_QUEUE, PROJECT, DAY, table, file="mine")
    now = standing(lake, PROJECT, DAY, judge_of(), 30)
    assert [(row["unit_id"], row["stratum"], row["inclusion_probability"]) for row in now.awaiting] == [
        ("b", "pass", 1.0)
    ]


@pytest.mark.parametrize(
    ("unit", "unit_id", "column", "shown"),
    [
        ("span", "child", "output", "from the child"),
        ("trace", "t", "output", "from the root"),
        ("session", "s", "conversation", "User: asked\nAssistant: from the root"),
    ],
)
def test_an_example_shows_what_the_judge_saw_and_links_to_a_span(lake, unit, unit_id, column, shown):
    same = {"trace_id": "t", "session_id": "s"}
    root = span_row("root", **same, input="asked", output="from the root")
    child = span_row("child", **same, parent_id="root", output="from the child")
    lake.write(SPANS, PROJECT, DAY, span_table(child, root))
    row = {"unit": unit, "unit_id": unit_id, "start_time": NOON, "version": "1", "stratum": "pass"}
    judge = judge_of(unit=unit, column=column)
    gone = {**row, "unit_id": "gone"}
    (example,) = examples(lake, PROJECT, judge, [{**row, "inclusion_probability": 0.25}, gone])
    assert example.id == f"mine:{unit}:{unit_id}"
    assert example.span_id == ("child" if unit == "span" else "root")
    assert example.input == {"question": "Is the answer mine?", "answer": shown}
    assert example.output == {"output": shown}
    assert (example.metadata["judge"], example.metadata["inclusion_probability"]) == ("mine", 0.25)


def test_every_judge_and_project_has_a_dataset_of_its_own():
    assert LabelSettings().dataset_of("shop {judge}", "toxicity") == "shop {judge}: labels for toxicity"
    with pytest.raises(ValidationError, match=r"both \{project\} and \{judge\}"):
        LabelSettings(dataset="labels for {judge}")


def test_the_note_says_how_to_answer():
    assert "one of these labels: a whole number from 1 to 5." in instructions(judge_of(RATING))
    assert 'an annotation called "mine"' in instructions(judge_of())
    assert note_identifier(judge_of()) == "nightjar:label-queue:mine"
