"""What a gate's verdicts make of cheaper versions of a prompt."""

import datetime as dt
import json
from typing import Any

import pytest

from tasks.prompts.candidates import Candidate
from tasks.prompts.compression_report import compression_page
from tasks.prompts.compression_round import (
    CompressionBeginning,
    best_of,
    candidates_for,
    compression_gate,
    cost_ratio,
)
from tasks.prompts.rounds import Round, questions_outside
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.few_shot import ShownExample, written
from tasks.shared.gateways.phoenix import Example
from tasks.shared.gateways.phoenix.prompt_versions import PromptText
from tasks.shared.pages.markdown import markdown
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tests.prompts.conftest import put
from tests.prompts.round_world import DAY, verdict

PROMPT = PromptText(name="p", messages=({"role": "user", "content": "{{question}}"},))


def candidate(name: str, **changes: Any) -> Candidate:
    said: dict[str, Any] = {
        "prompt": "p", "round": "r", "candidate": name, "start_time": dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
        "purpose": "compression", "base_version": "base", "version": f"v-{name}", "outcome": "proposed", "reason": "",
    }  # fmt: skip
    document = {
        "messages": list(PROMPT.messages), "sections": {}, "model": "", "parameters": {}, "digest": name,
        "metric": "sql_matches_expected", "what": "less", "characters": 0.6,
    }  # fmt: skip
    return Candidate(**{**said, "document": document, **changes})


def round_of(*candidates: Candidate) -> Round:
    return Round("p", DAY, "r", "base", "cheaper", "sql_matches_expected", candidates)


def said(outcome: str, cost: float) -> dict[str, Any]:
    ratios = {"cost": {"value": cost, "low": cost, "high": cost, "n": 20}, "latency": None}
    return {**verdict(outcome), "verdict": outcome, "ratios": ratios, "reason": "So it is."}


def test_the_cheapest_that_passes_wins_and_the_others_are_told_why():
    begun = round_of(*map(candidate, "abc"))
    ended, best = best_of(begun, {"a": said("pass", 0.6), "b": said("pass", 0.5), "c": said("fail", 0.4)})
    assert (best.candidate, cost_ratio(best), best.outcome) == ("b", 0.5, "proposed")
    told = {each.candidate: (each.outcome, each.reason) for each in ended.candidates}
    assert told["a"] == ("archived", "it passes too; b costs less")
    assert told["c"] == ("archived", "gate better: fail. So it is.")
    page = markdown(compression_page(ended, "p", PROMPT))
    assert "it passes too; b costs less" in page
    assert "60" in page


def test_nobody_wins_where_nobody_passes_and_nothing_ends_while_answers_are_missing():
    _, best = best_of(round_of(candidate("a")), {"a": said("inconclusive", 0.5)})
    assert best is None
    missing = {**said("inconclusive", 0.5), "candidate": {"answers": {"answered": 19, "errored": 1}}}
    with pytest.raises(Inconclusive, match="a: 1 answers of the candidate are errored"):
        best_of(round_of(candidate("a")), {"a": missing})


def test_a_round_is_found_by_the_version_in_production_or_by_its_winner_there():
    older = candidate("a", round="1", base_version="old")
    newer = candidate("b", round="2", base_version="new", version="won")
    assert candidates_for([older, newer], "old") == (older,)
    assert candidates_for([older, newer], "new") == candidates_for([older, newer], "won") == (newer,)
    assert candidates_for([older, newer], "other") == ()


def test_a_gate_without_a_ceiling_on_cost_decides_on_no_compression():
    def gate(**changes: Any) -> Any:
        given = {"metrics": {"m": {}}, "most_cost_ratio": 0.7, **changes}
        settings = {"gates": {"g": given}, "prompts": {"compress": {"p": {"gate": "g"}}}}
        return compression_gate(Settings.model_validate(settings), "p")

    assert gate()[0] == "g"
    with pytest.raises(ConfigurationError, match="no ceiling on cost"):
        gate(most_cost_ratio=None)
    with pytest.raises(ConfigurationError, match="no gate 'g' with metrics"):
        gate(metrics={})
    with pytest.raises(ConfigurationError, match=r"compress\.q"):
        compression_gate(Settings(), "q")


def test_which_examples_are_weak_is_not_learned_from_questions_that_decide(tmp_path):
    shown = written([ShownExample("Which sites are offline?", "SELECT 1"), ShownExample("How warm is it?", "SELECT 2")])
    base = PromptText(name="p", messages=PROMPT.messages, sections={"examples": shown})
    settings = Settings.model_validate({"lake": {"root": str(tmp_path)}})
    messages = json.dumps([{"role": "system", "content": shown}])
    asked = {f"Which {number} sites are offline?": 0.0 for number in range(20)}
    asked |= {f"How warm is it at {number}?": 1.0 for number in range(20)}
    spans = [{"span_id": text, "trace_id": text, "input": text, "input_messages": messages} for text in asked]
    scores = [{"unit_id": text, "evaluator": "right", "score": score} for text, score in asked.items()]
    put(Lake.open(settings.lake), "spans", *spans)
    put(Lake.open(settings.lake), "decisions", *scores)
    beginning = CompressionBeginning(settings, "p", "p", DAY)
    assert beginning.weak_examples(base, "right", ()) == ("Which sites are offline?",)
    examples = [Example(text, {"input": text}, {}, {"split": "train" if "warm" in text else "test"}) for text in asked]
    assert beginning.weak_examples(base, "right", questions_outside("train", examples)) == ()
