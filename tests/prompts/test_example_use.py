"""What examples in a prompt are worth: seen in calls of production and of experiments."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tasks.prompts.example_calls import answered_calls, metric_of
from tasks.prompts.example_use import AnsweredCall, examples_use, finding, passed_share, weak_kinds, weak_questions
from tasks.shared.errors import ConfigurationError
from tasks.shared.few_shot import ShownExample, written
from tasks.shared.gateways.phoenix.prompt_versions import PromptText
from tasks.shared.settings import LakeSettings, Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, EXPERIMENTS, SPANS
from tests.evaluate.rows import DAY, NOON, decision, decision_table, span_row, span_table

EXAMPLES = [
    ShownExample("Which sites have offline devices?", "SELECT 1"),
    ShownExample("How warm is device 7 in the morning?", "SELECT 2"),
    ShownExample("How warm is device 9 in the morning?", "SELECT 3"),
    ShownExample("Quite another matter", "SELECT 4"),
]


def calls() -> list[AnsweredCall]:
    """Questions about sites are answered wrongly, those about warmth rightly where an example of it is shown."""
    found = []
    for number in range(20):
        found.append(AnsweredCall(f"Which sites have {number} offline devices?", frozenset({0, 1}), passed=False))
        found.append(AnsweredCall(f"How warm is device {number} in the evening?", frozenset({0, 1}), passed=True))
        found.append(AnsweredCall(f"How warm is device {number} in the evening?", frozenset({0}), passed=number > 9))
    return found


def test_a_weak_a_redundant_and_an_idle_example_are_seen():
    use = examples_use(EXAMPLES, calls())
    assert (use.calls, use.questions, use.passed.value) == (60, 40, 0.5)
    sites, warm, again, other = use.examples
    assert (sites.finding, warm.finding, again.finding, other.finding) == ("weak", "", "redundant", "never nearest")
    assert (sites.shown, sites.with_it.value, sites.without) == (60, 0.5, None)
    assert (sites.nearest.value, sites.nearest.n, sites.nearest.clusters) == (0.0, 20, 20)
    assert (warm.shown, warm.with_it.value, warm.without.value) == (40, 0.5, 0.5)
    assert (again.like, again.shown, other.nearest) == (2, 0, None)
    assert weak_questions(use) == (EXAMPLES[0].question, EXAMPLES[2].question)


def test_the_same_answer_again_is_no_more_evidence():
    once = [AnsweredCall(f"q{number}", frozenset(), passed=number < 8) for number in range(10)]
    single, repeated = passed_share(once), passed_share(once * 5)
    assert (single.value, repeated.value, repeated.n) == (0.8, 0.8, 50)
    assert repeated.high - repeated.low >= single.high - single.low
    assert passed_share([AnsweredCall("q", frozenset(), passed=True)] * 50).low < 0.3


def test_without_answers_nothing_is_found():
    use = examples_use(EXAMPLES, [])
    assert (use.calls, use.passed) == (0, None)
    assert [each.finding for each in use.examples] == ["", "", "redundant", ""]
    assert examples_use([], calls()).examples == ()
    assert finding(None, None, None, weak=False) == ""


def test_of_many_examples_as_good_as_all_hardly_any_is_called_weak():
    draw, named, named_one_by_one = np.random.default_rng(7), 0, 0
    for _ in range(100):
        kinds = [
            [AnsweredCall(f"{k} {n}", frozenset(), passed=draw.random() < 0.8) for n in range(20)] for k in range(12)
        ]
        whole = passed_share([call for kind in kinds for call in kind])
        named += bool(weak_kinds(kinds, whole))
        named_one_by_one += any(passed_share(kind).high < whole.value for kind in kinds)
    assert named <= 10 < named_one_by_one


def test_one_bad_example_among_many_is_weak_still():
    kinds = [[AnsweredCall(f"{k} {n}", frozenset(), passed=k > 0 and n > 1) for n in range(20)] for k in range(12)]
    assert weak_kinds(kinds, passed_share([call for kind in kinds for call in kind])) == {0}


PROMPT = PromptText(
    name="p",
    messages=({"role": "system", "content": "{{examples}}"}, {"role": "user", "content": "{{question}}"}),
    sections={"examples": written(EXAMPLES[:2], "SQL")},
)


def messages(*examples: ShownExample) -> str:
    content = "Task.\n\n" + written(examples, "SQL")
    return json.dumps([{"role": "system", "content": content}, {"role": "user", "content": "q"}])


def test_calls_are_read_from_production_and_from_every_experiment_with_the_prompt(tmp_path):
    lake = Lake.open(LakeSettings(root=str(tmp_path)))
    judged = {"evaluator": "judge", "kind": "llm"}

    def store(project: str, spans: list[dict], decisions: list[dict]) -> None:
        lake.write(SPANS, project, DAY, span_table(*spans))
        lake.write(DECISIONS, project, DAY, decision_table(*decisions), file="judge")

    store(
        "p",
        [
            span_row("a", name="write", input="qa", input_messages=messages(*EXAMPLES[:2])),
            span_row("b", name="write", input="qb", input_messages=messages(EXAMPLES[1])),
            span_row("c", name="write", input="qc", input_messages=messages()),
            span_row("d", name="other", input="qd", input_messages=messages()),
            span_row("e", name="write", input="qe", input_messages=messages(EXAMPLES[0])),
        ],
        [
            decision("span", "a", **judged, score=1.0),
            decision("span", "b", **judged, score=0.4),
            decision("span", "c", **judged, score=0.5),
            decision("span", "d", **judged, score=1.0),
            decision("span", "e", **judged, score=None, status="errored"),
            decision("span", "a", **judged, score=0.0, version="0", decided_at=DAY.start),
        ],
    )
    store(
        "traced", [span_row("x", input="qx", input_messages=messages())], [decision("span", "x", **judged, score=1.0)]
    )
    rows = [
        {**dict.fromkeys(EXPERIMENTS.schema.names, ""), "experiment": name, "start_time": NOON, "examples": 1,
         "repetitions": 1, "traced_in": traced_in, "specification": json.dumps({"prompt": prompt})}
        for name, traced_in, prompt in (("1", "traced", "p"), ("2", "elsewhere", "another"))
    ]  # fmt: skip

    lake.write(EXPERIMENTS, "p", DAY, pa.Table.from_pylist(rows, EXPERIMENTS.schema))
    found = {
        call.question: (sorted(call.shown), call.passed) for call in answered_calls(lake, "p", PROMPT, "judge", DAY)
    }
    assert found == {"qa": ([0, 1], True), "qb": ([1], False), "qc": ([], True), "qx": ([], True)}
    assert answered_calls(Lake.open(LakeSettings(root=str(tmp_path / "empty"))), "p", PROMPT, "judge", None) == []


def test_the_metric_is_that_of_the_prompts_gate_or_is_to_be_named():
    with pytest.raises(ConfigurationError, match="--metric"):
        metric_of(Settings(), "p")
    made = Settings.model_validate(
        {"gates": {"g": {"metrics": {"judge": {}}}}, "prompts": {"compress": {"p": {"gate": "g"}}}}
    )
    assert metric_of(made, "p") == "judge"
