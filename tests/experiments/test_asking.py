"""Asking variants: really called, in time, kept at once, within budgets; and what becomes of their answers."""

import asyncio
import time
from collections import Counter

import pytest

from tasks.experiments.answering import Answer, Ask, Interview
from tasks.experiments.asking import Block, answered_so_far, asks_of, blocks_of, headers_for, interview
from tasks.experiments.expected import expected
from tasks.experiments.recording import Recorder
from tasks.experiments.runs import run_row, sent_span, span_row, window_of
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import ExperimentSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import EXPERIMENT_RUNS, SPANS
from tests.experiments.trials import NOW, QUESTIONS, trial
from tests.providers import books, change, judge_settings, settings_with, simulated

HERE = "callable:tests.experiments.answers"
ALL = Block(0, len(QUESTIONS))
PROMPTS = ("prompt:capitals", "prompt:capitals temperature=1")


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def settings(provider, tmp_path):
    change(provider, rate_500=0)
    own = ExperimentSettings(backoff_seconds=0.01, timeout_seconds=0.25)
    return settings_with(judge_settings(provider), tmp_path / "lake").model_copy(update={"experiments": own})


async def answers(settings, asked, rows=None, run="r"):
    async with interview(settings, asked, run) as heard:
        found = await heard.answers(asks_of(asked, ALL, rows or {}))
    return {(ask.experiment.role, ask.question.example_id, ask.repetition): answer for ask, answer in found}, heard


async def test_functions_are_asked_once_whatever_happens_in_between(settings, tmp_path):
    asked = trial(f"{HERE}:counting notes={tmp_path / 'notes'}", f"{HERE}:right", repetitions=2)
    first, _ = await answers(settings, asked)
    again, _ = await answers(settings, asked, run="after a kill")
    assert len(first) == 24
    assert {answer.status for answer in first.values()} == {"answered"}
    assert {key: (a.output, a.started_at, a.latency_ms) for key, a in again.items()} == {
        key: (a.output, a.started_at, a.latency_ms) for key, a in first.items()
    }
    assert all(answer.reused for answer in again.values())
    assert (tmp_path / "notes").read_text().count("\n") == 12


async def test_prompts_are_asked_once_and_cost_what_the_provider_bills(settings, provider):
    asked, before = trial(*PROMPTS), books(provider)
    first, _ = await answers(settings, asked)
    again, _ = await answers(settings, asked, run="after a kill")
    assert {a.status for a in first.values()} == {"answered"}
    assert {key: (a.output, a.cost_usd, a.latency_ms) for key, a in again.items()} == {
        key: (a.output, a.cost_usd, a.latency_ms) for key, a in first.items()
    }
    assert books(provider)["answered"] - before["answered"] == 12
    billed = float(books(provider)["exact_cost_usd"]) - float(before["exact_cost_usd"])
    assert sum(a.cost_usd for a in first.values()) == pytest.approx(billed)


async def test_a_budget_is_a_wall_also_for_what_applications_tell_of_their_cost(settings):
    budget = settings.budget.model_copy(update={"per_run_usd": 0.0025})
    one_by_one = settings.experiments.model_copy(update={"in_flight": 1})
    broke = settings.model_copy(update={"budget": budget, "experiments": one_by_one})
    found, _ = await answers(broke, trial(f"{HERE}:right", f"{HERE}:wrong_about_peru"))
    assert Counter(a.status for key, a in found.items() if key[0] == "candidate") == {
        "answered": 3,
        "budget_stopped": 3,
    }
    stopped = next(answer for answer in found.values() if answer.status == "budget_stopped")
    assert "budget run:r of 0.0025 USD has no room" in stopped.error


async def test_an_answer_that_does_not_come_is_errored_and_no_wrong_answer(settings, tmp_path):
    asked = trial(f"{HERE}:away_for_peru notes={tmp_path / 'back'}", "command:sleep 30")
    began = time.monotonic()
    found, _ = await answers(settings, asked)
    assert time.monotonic() - began < 10
    assert {a.error for key, a in found.items() if key[0] == "candidate"} == {
        "no answer after 3 tries, the last one: no answer within 0.25 s."
    }
    away = found["baseline", "capital-of-Peru", 1]
    assert (away.status, away.output) == ("errored", None)
    assert away.error == "no answer after 3 tries, the last one: ConnectionError: nobody answers"
    assert sum(a.status == "errored" for key, a in found.items() if key[0] == "baseline") == 1


async def test_a_target_that_is_gone_is_not_asked_for_ever():
    asked = trial(f"{HERE}:right", f"{HERE}:wrong_about_peru", repetitions=20)

    class Answering:
        async def answer(self, ask: Ask) -> Answer:
            await asyncio.sleep(0)
            if ask.experiment.role == "candidate":
                return Answer("errored", NOW, error="nobody there")
            return Answer("answered", NOW, "here")

    heard = Interview(dict.fromkeys((asked.baseline.id, asked.candidate.id), Answering()), 4)
    found = await heard.answers(asks_of(asked, ALL, {}))
    roles = Counter(ask.experiment.role for ask, _ in found)
    assert roles["baseline"] == 120
    assert 30 <= roles["candidate"] <= 34
    assert heard.stopped == {asked.candidate.id: "30 questions in a row got no answer: nobody there"}


async def test_what_cannot_be_asked_is_told_before_anything_is(settings):
    for target, said in (
        ("callable:nowhere:f", "is not there"),
        ("prompt:capitals model=openai/gpt-9", "has no price"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            await answers(settings, trial(f"{HERE}:right", target))


def test_an_endpoint_gets_the_headers_of_its_own_host_only():
    own = ExperimentSettings(http_headers={"chat.test": {"authorization": "Bearer me"}, "chat.test:8443": {"key": "7"}})
    assert headers_for(own, "https://chat.test/ask?x=1") == {"authorization": "Bearer me"}
    assert headers_for(own, "https://chat.test:8443/ask") == {"key": "7"}
    for elsewhere in ("https://other.test/chat.test", "https://chat.test.other/ask", "https://chat.test@other.test/"):
        assert headers_for(own, elsewhere) == {}


async def test_what_is_left_to_ask_is_estimated_by_what_was_answered(settings):
    asked = trial("prompt:capitals", f"{HERE}:wrong_about_peru")
    settings = settings.model_copy(update={"project": "p"})
    first = {each.name: each for each in expected(settings, asked, {"every_answer": (1_000_000, 0.25)})}
    assert (first["baseline"].calls, first["candidate"].calls, first["every_answer"].calls) == (6, 6, 12)
    assert "length assumed" in first["baseline"].basis
    assert "12 calls, about 0.0000 USD, 3 s; assumed, as it has judged nothing" in first["every_answer"].note()
    assert first["every_answer"].cost == 12_000_000, "a judge without a past is not taken for free"
    recorder = Recorder(settings, "p")
    some = {}
    for one in asked.experiments:
        recorder.record_experiment(asked, one, NOW)
        answer = Answer("answered", NOW, "x", None, 500.0, one.variant.model or None, 20, 4, 0.25)
        some[one.id] = [run_row(Ask(one, question, 1), answer) for question in QUESTIONS[:4]]
        recorder.record_answers(asked, one, [], some[one.id])
    later = {each.name: each for each in expected(settings, asked, {})}
    assert {name: (each.calls, each.free) for name, each in later.items()} == {"baseline": (2, 4), "candidate": (2, 4)}
    assert later["baseline"].completion_tokens == 8
    assert (later["candidate"].counts()["expected_microdollars"], later["candidate"].seconds) == (500_000, 2 * 0.5 / 8)


def test_both_variants_are_asked_about_an_example_one_after_the_other():
    asked = trial(f"{HERE}:right", f"{HERE}:wrong_about_peru", repetitions=2)
    first = [(a.question.example_id, a.repetition, a.experiment.role) for a in asks_of(asked, Block(0, 1), {})]
    example = QUESTIONS[0].example_id
    assert first == [(example, n, role) for n in (1, 2) for role in ("baseline", "candidate")]
    assert blocks_of((2, 6)) == [Block(0, 2), Block(2, 6)]


def rows_of(asked, examples, status="answered"):
    answer = Answer(status, NOW, "here", latency_ms=5.0) if status == "answered" else Answer(status, NOW, error="away")
    return {one.id: [run_row(Ask(one, question, 1), answer) for question in examples] for one in asked.experiments}


def test_what_is_answered_is_not_asked_again_and_what_was_not_is():
    asked = trial(f"{HERE}:right", f"{HERE}:wrong_about_peru")
    assert answered_so_far(asked, {}) == 0
    some = rows_of(asked, QUESTIONS[:4])
    assert len(asks_of(asked, ALL, some)) == 4
    assert answered_so_far(asked, some) == 4
    assert answered_so_far(asked, rows_of(asked, QUESTIONS)) == 6
    assert len(asks_of(asked, ALL, rows_of(asked, QUESTIONS, "errored"))) == 12


def test_a_variant_compared_with_itself_is_asked_once():
    asked = trial(f"{HERE}:right", f"{HERE}:right")
    assert len(asks_of(asked, ALL, {})) == 6


def test_an_answers_span_says_the_same_in_phoenix_and_in_the_lake():
    asked = trial("prompt:capitals", f"{HERE}:right")
    answer = Answer("answered", NOW, "Paris", None, 250.0, "simulated/gpt-4o-mini", 20, 2, 0.5)
    ask = Ask(asked.baseline, QUESTIONS[0], 1)
    row = run_row(ask, answer)
    lake, sent = span_row(ask.experiment, ask.question, row), sent_span(ask.experiment, ask.question, row)
    assert (lake["trace_id"], lake["span_id"], lake["name"]) == (sent.trace_id, sent.span_id, sent.name)
    assert (lake["kind"], lake["model"], lake["provider"]) == ("LLM", "gpt-4o-mini", "simulated")
    assert (lake["end_time"] - lake["start_time"]).total_seconds() == 0.25
    assert sent.attributes["llm.token_count.total"] == lake["total_tokens"] == 22
    assert sent.attributes["metadata"] == lake["metadata"]
    assert '"expected":{"output":' in lake["metadata"]
    assert sent.attributes["llm.input_messages.1.message.content"] == ask.question.text
    assert set(lake) == set(SPANS.schema.names)
    other = span_row(asked.candidate, ask.question, row | {"model": None})
    assert (other["kind"], other["model"], other["input_messages"]) == ("AGENT", None, None)


def test_another_try_at_a_question_is_another_trace():
    asked = trial(f"{HERE}:right", f"{HERE}:wrong_about_peru")
    ask = Ask(asked.baseline, QUESTIONS[0], 1)
    first, later = (run_row(ask, Answer("answered", at, "x")) for at in (NOW, NOW.replace(hour=13)))
    assert first["trace_id"] != later["trace_id"]
    assert first["trace_id"] == run_row(ask, Answer("answered", NOW, "y"))["trace_id"]


def test_an_answer_that_came_on_another_day_takes_the_place_of_the_one_that_did_not(tmp_path):
    asked, recorder = trial(f"{HERE}:right", f"{HERE}:wrong_about_peru"), Recorder(settings_with(None, tmp_path), "p")
    ask = Ask(asked.baseline, QUESTIONS[0], 1)
    yesterday = run_row(ask, Answer("errored", NOW.replace(day=19), error="away"))
    other = run_row(Ask(asked.baseline, QUESTIONS[1], 1), Answer("answered", NOW.replace(day=19), "x", latency_ms=1.0))
    today = run_row(ask, Answer("answered", NOW, "here", latency_ms=1.0))
    recorder.record_answers(asked, asked.baseline, [], [yesterday, other])
    recorder.record_answers(asked, asked.baseline, [yesterday, other], [today])
    rows = recorder.runs(asked.baseline.id)
    assert {row["example_id"]: row["status"] for row in rows} == dict.fromkeys(
        (QUESTIONS[0].example_id, QUESTIONS[1].example_id), "answered"
    )
    lake = Lake.open(recorder.settings.lake)
    assert lake.read(EXPERIMENT_RUNS, "p").num_rows == 2
    assert lake.read(SPANS, "Experiment-1").num_rows == 2
    assert window_of(row["start_time"] for row in rows).hours()
