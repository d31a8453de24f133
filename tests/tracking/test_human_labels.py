"""What people say in a judge's name, read on its scale; and the units they say it of."""

import datetime as dt

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.tracking.human_labels import HumanLabel, Vote, label_of, labels_in_file, vote
from tasks.tracking.known_judges import KnownJudge, known_judge
from tasks.tracking.pairs import Drawn, label_draws, measured, paired
from tests.tracking.judged_days import SQL, STARS, pairs, remember
from tests.tracking.rows import lake_at

NOON = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
ANNOTATION = {
    "unit_id": "u",
    "user_id": None,
    "identifier": "",
    "label": None,
    "score": None,
    "metadata": "{}",
    "queued_with": None,
}
HARM = KnownJudge("harm", "1", "trace", {"toxic": 1.0, "clean": 0.0}, direction="minimize")


@pytest.mark.parametrize(
    ("judge", "label", "score", "read"),
    [
        (SQL, "valid", None, Vote(True, "valid")),
        (SQL, " Minor ", 0.0, Vote(True, "minor")),
        (SQL, "wrong", None, Vote(False, "wrong")),
        (SQL, "nonsense", None, None),
        (SQL, "nonsense", 0.0, Vote(False, "wrong")),
        (SQL, None, 0.7, Vote(True, None)),
        (SQL, None, 7.0, None),
        (SQL, None, None, None),
        (HARM, "clean", None, Vote(True, "clean")),
        (HARM, "toxic", None, Vote(False, "toxic")),
        (STARS, "4", None, Vote(True, 4.0)),
        (STARS, "2", None, Vote(False, 2.0)),
        (STARS, "6", None, None),
        (STARS, None, 0.25, Vote(False, 2.0)),
        (STARS, None, 4.0, None),
        (KnownJudge("topic", "1", "span", {"a": None, "b": None}), "B", 1.0, Vote(None, "b")),
    ],
)
def test_a_label_is_read_on_the_judges_scale(judge, label, score, read):
    assert vote(judge, HumanLabel("u", "ada", label, score)) == read


def test_user_and_identifier_tell_annotators_apart():
    people = [("VXNlcjox", ""), ("VXNlcjox", "app"), (None, "expert-1"), (None, "")]
    said = [label_of({**ANNOTATION, "user_id": user, "identifier": name}).annotator for user, name in people]
    assert said == ["VXNlcjox", "VXNlcjox/app", "expert-1", ""]


@pytest.mark.parametrize(
    ("metadata", "draw"),
    [
        ('{"inclusion_probability": 0.2}', (0.2, False)),
        ('{"draw": "random"}', (None, True)),
        ('{"draw": "random", "inclusion_probability": 0.5}', (0.5, True)),
        ('{"inclusion_probability": 0}', (None, False)),
        ('{"inclusion_probability": "often"}', (None, False)),
        ("[1]", (None, False)),
        (None, (None, False)),
    ],
)
def test_the_metadata_tells_how_the_unit_was_drawn(metadata, draw):
    said = label_of({**ANNOTATION, "metadata": metadata})
    assert (said.probability, said.random) == draw


def test_a_file_of_labels_has_one_per_line(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(
        '{"unit_id": "a", "label": "valid", "annotator": "ada", "draw": "random"}\n\n'
        '{"unit_id": "b", "score": 0, "inclusion_probability": 0.1}\n'
    )
    assert labels_in_file(str(path)) == [
        HumanLabel("a", "ada", "valid", None, None, True),
        HumanLabel("b", "dataset", None, 0.0, 0.1),
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2 is no JSON"),
        ("[]", "line 2 names no unit"),
        ('{"unit_id": 1, "label": "x"}', "line 2 names no unit"),
        ('{"unit_id": "a"}', "line 2 has neither a label nor a score"),
        ('{"unit_id": "a", "score": "high"}', "line 2 has neither a label nor a score"),
        ('{"unit_id": "a", "score": 1, "inclusion_probability": 2}', "inclusion_probability 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, complaint):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"unit_id": "a", "label": "valid"}\n' + line)
    with pytest.raises(ConfigurationError, match=complaint):
        labels_in_file(str(path))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        labels_in_file(str(tmp_path / "nowhere.jsonl"))


def test_the_last_label_of_each_annotator_counts_and_the_majority_decides():
    said = [
        HumanLabel("a", "ada", "wrong"),
        HumanLabel("a", "ada", "valid"),
        HumanLabel("a", "bob", "minor"),
        HumanLabel("a", "cyd", "wrong"),
        HumanLabel("b", "ada", "valid"),
        HumanLabel("b", "bob", "wrong"),
        HumanLabel("c", "ada", "?"),
        HumanLabel("d", "ada", "valid"),
    ]
    judged = {"start_time": NOON, "score": 0.0, "label": "hallucination", "probability": 0.5}
    rows = [{"unit_id": u, "trace": u, **judged} for u in "abc"]
    labels = paired(SQL, said, rows)
    assert [(pair.unit_id, pair.people_pass, pair.passes) for pair in labels.pairs] == [
        ("a", True, False),
        ("b", None, False),
    ]
    assert [pair.unit_id for pair in labels.usable] == ["a"]
    assert (labels.unreadable, labels.pairs[0].day, labels.pairs[0].probability) == (1, NOON.date(), 0.5)


def test_labels_chosen_by_the_judges_verdict_are_weighted():
    # Of 100 units that pass and 100 that fail, all of the latter and 10 of the former were labelled. People pass 9 of
    # the 10, and 20 of the 100: TPR is 90 / (90 + 20), TNR 80 / (10 + 80).
    passed = pairs("+" * 10, "+" * 9 + "-", label_probability=0.1)
    failed = pairs("-" * 100, "+" * 20 + "-" * 80, label_probability=1.0)
    found = measured([*passed, *failed])
    assert (found.tpr.value, found.tnr.value) == (pytest.approx(90 / 110), pytest.approx(80 / 90))
    unweighted = measured([*pairs("+" * 10, "+" * 9 + "-"), *pairs("-" * 100, "+" * 20 + "-" * 80)])
    assert unweighted.tpr.value == pytest.approx(9 / 29)


def test_two_ways_of_drawing_labels_are_not_mixed():
    known = pairs("+", "+", 1, label_probability=0.2)
    random, chosen = pairs("+", "-", 2, random=True), pairs("+", "-", 3)
    assert label_draws([*known, *random, *chosen]) == {"1-0-+": Drawn(True, 0.2)}
    assert label_draws([*random, *chosen]) == {"2-0-+": Drawn(False, 1.0)}
    assert label_draws(chosen) == {}


def test_a_judge_is_known_from_the_lake_where_defaults_are_left_out(tmp_path):
    lake = lake_at(tmp_path)
    remember(lake)
    remember(lake, name="stars", unit="trace", choices={}, rating={})
    remember(lake, name="pair", swap={"inputs": ["a", "b"]}, direction="minimize", passes_at=0.2)
    assert known_judge(lake, "sql", "1") == KnownJudge("sql", "1", "span", {"valid": 1.0, "wrong": 0.0})
    assert known_judge(lake, "stars", "1") == STARS
    pair = known_judge(lake, "pair", "1")
    assert (pair.swaps, pair.passes(0.2), pair.passes(0.3)) == (True, True, False)
    assert known_judge(lake, "sql", "2") is None


def test_what_a_judge_really_records_is_read(tmp_path):
    from tasks.evaluate.library import known_judges
    from tasks.evaluate.versions import remember_version
    from tasks.shared.settings import JudgeSettings

    lake = lake_at(tmp_path)
    for name, judge in known_judges(JudgeSettings(enabled=("*",))).items():
        remember_version(judge, lake, JudgeSettings())
        found = known_judge(lake, name, judge.version)
        assert (found.unit, found.direction, found.passes_at) == (judge.unit, judge.direction, judge.passes_at)
        assert found.choices == {label: choice.score for label, choice in judge.choices.items()}
        assert found.rating == (judge.rating and (judge.rating.low, judge.rating.high))


@pytest.mark.parametrize(
    ("judge", "scale", "order"),
    [
        (SQL, "ordinal", ("wrong", "minor", "valid")),
        (HARM, "nominal", ("clean", "toxic")),
        (STARS, "interval", (1.0, 2.0, 3.0, 4.0, 5.0)),
        (KnownJudge("topic", "1", "span", {"a": None, "b": None, "c": None}), "nominal", ("a", "b", "c")),
    ],
)
def test_the_scale_of_a_judge(judge, scale, order):
    assert (judge.scale, judge.order) == (scale, order)
