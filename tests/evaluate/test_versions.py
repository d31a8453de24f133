"""A judge whose question changed needs a new version; the lake remembers."""

import pytest

from tasks.evaluate.library import known_judges
from tasks.evaluate.versions import earlier_version, in_use, model_names
from tasks.evaluate.versions import remember_version as remembered
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import JudgeSettings
from tests.evaluate.judge_text import PLAIN, judge

QUESTION = {
    "messages": [{"content": "Short? <question>{{question}}</question> <answer>{{answer}}</answer>"}],
    "choices": {"brief": 1, "long": 0.5},
    "direction": "minimize",
    "select": "output IS NOT NULL",
    "not_applicable": "output = ''",
    "inputs": {"question": "input", "answer": "output_messages.$[0].content"},
    "parameters": {"temperature": 0},
    "max_output_tokens": 10,
    "passes_at": 0.7,
    "unit": "trace",
}
FREE = {
    "description": "Otherwise.",
    "model": "openai/gpt-4o",
    "fallback": "openai/gpt-4o",
    "max_cost_usd": 1,
    "price": 0,
    "sampling": {"rate": 0.5, "strata": {"long": {"where": "latency_ms > 1", "rate": 1}}},
    "lane": "batch",
    "canaries": [*PLAIN["canaries"], {"inputs": {"question": "a", "answer": "b"}, "expect": "long"}],
}


def remember_version(one, lake):
    return remembered(one, lake, JudgeSettings())


def test_another_model_makes_a_version_of_its_own(lake):
    first = remember_version(judge(), lake)
    other = remember_version(judge(model="other/gpt-4o:2026"), lake)
    assert (first.title, other.title) == ("brief@1", "brief@1-other-gpt-4o-2026")
    assert in_use(other, lake, JudgeSettings()) == other, "it is no other one again"
    assert remember_version(judge(), lake).title == "brief@1"
    assert in_use(judge(), lake, JudgeSettings(model="some/gpt-5")).title == "brief@1-some-gpt-5"


def test_the_earlier_one_keeps_the_model_that_it_had_by_the_settings(lake):
    remember_version(judge(), lake)
    later = JudgeSettings(model="other/gpt-4o")
    used = remembered(judge(), lake, later)
    before = earlier_version(used, lake)
    assert (before.title, model_names(before, later)) == ("brief@1", ["openai/gpt-4o-mini"])
    assert earlier_version(remember_version(judge(), lake), lake) is None, "the first one has none before it"


def test_an_edit_is_refused_though_the_model_changed_with_it(lake):
    remember_version(judge(), lake)
    with pytest.raises(ConfigurationError, match="passes_at changed, and version is still '1'"):
        remember_version(judge(model="other/gpt-4o", passes_at=0.7), lake)


@pytest.mark.parametrize("key", QUESTION)
def test_a_changed_question_under_the_old_version_is_refused(lake, key):
    remember_version(judge(), lake)
    with pytest.raises(
        ConfigurationError, match=rf"^judges/brief.yaml: {key} changed, and version is still '1'.*Raise"
    ):
        remember_version(judge(**{key: QUESTION[key]}), lake)


def test_a_changed_question_under_a_new_version_is_another_judge(lake):
    remember_version(judge(), lake)
    remember_version(judge(version="2", **QUESTION), lake)
    remember_version(judge(), lake)
    assert lake.file_names("judges") == ["brief@1.json", "brief@2.json"]


@pytest.mark.parametrize("key", FREE)
def test_what_is_no_part_of_the_question_may_change(lake, key):
    remember_version(judge(), lake)
    recorded = lake.get_file("judges/brief@1.json")
    remember_version(judge(**{key: FREE[key]}), lake)
    assert lake.get_file("judges/brief@1.json") == recorded


def test_every_key_is_part_of_the_question_or_free():
    kind = type(judge())
    assert set(QUESTION) | set(FREE) == set(kind.model_fields) - {"name", "version", "metric", "rating", "swap"}
    assert set(FREE) == kind.FREE


def test_a_judge_that_was_deleted_may_come_back_as_it_was(lake):
    remember_version(judge(), lake)
    recorded = lake.get_file("judges/brief@1.json")
    remember_version(judge(name="brief"), lake)
    assert lake.get_file("judges/brief@1.json") == recorded


def test_writing_a_default_out_changes_nothing(lake):
    assert judge(direction="maximize", passes_at=0.5, select="true").digest == judge().digest


def test_a_metric_that_phoenix_evals_changed_is_named_as_the_reason(lake):
    before = known_judges(JudgeSettings())["toxicity"]
    remember_version(before, lake)
    after = before.model_copy(update={"messages": before.messages[:0]})
    vars(after).pop("question", None)
    vars(after).pop("digest", None)
    with pytest.raises(
        ConfigurationError, match=r"messages changed \(a new phoenix-evals may have changed its metric tox"
    ):
        remember_version(after, lake)
