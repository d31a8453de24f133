"""The simulated batch interfaces through the real SDKs, over HTTP."""

import io
import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from deployments.simulator.batches.batch import SimulatedBatch
from deployments.simulator.faults import Faults
from tests.deployments.simulator.conftest import ANSWERS

MODEL, CLAUDE = "gpt-4o-mini", "claude-haiku-4-5"
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": ["hallucinated", "grounded"]}},
    "required": ["label"],
    "additionalProperties": False,
}
ENDED = ("completed", "expired", "failed", "cancelled")


def prompt(index: int) -> list[Any]:
    return [{"role": "user", "content": f"Question: {ANSWERS[index].input}\nSQL: {ANSWERS[index].output}"}]


def line(index: int) -> dict[str, Any]:
    form = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True}}
    body = {"model": MODEL, "messages": prompt(index), "response_format": form}
    return {"custom_id": f"unit-{index}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def params(index: int) -> Any:
    tool = {"name": "verdict", "input_schema": SCHEMA}
    choice = {"type": "tool", "name": "verdict"}
    return {"model": CLAUDE, "max_tokens": 100, "messages": prompt(index), "tools": [tool], "tool_choice": choice}


def request(index: int) -> Any:
    return {"custom_id": f"unit-{index}", "params": params(index)}


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=5) as made:
        yield made


@pytest.fixture
def claude(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0, timeout=5) as made:
        yield made


def set_faults(url: str, **changes: object) -> None:
    httpx.post(f"{url}/simulated/faults", json=changes).raise_for_status()


def handed_in(client: openai.OpenAI, lines: list[Any], **metadata: str) -> Any:
    text = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    file = client.files.create(file=("judgments.jsonl", io.BytesIO(text.encode())), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata=metadata
    )


def ended(client: openai.OpenAI, batch_id: str) -> Any:
    for _ in range(200):
        batch = client.batches.retrieve(batch_id)
        if batch.status in ENDED:
            return batch
        time.sleep(0.02)
    raise AssertionError(batch)


def lines_of(client: openai.OpenAI, file_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()]


def test_a_batch_of_openai_goes_through_its_states_and_is_answered(client, url):
    set_faults(url, batch_seconds=0.5)
    batch = handed_in(client, [line(i) for i in range(30)], run="night-1")
    seen = [batch.status]
    while seen[-1] not in ENDED:
        time.sleep(0.02)
        batch = client.batches.retrieve(batch.id)
        seen.append(batch.status)
    assert list(dict.fromkeys(seen)) == ["validating", "in_progress", "finalizing", "completed"]
    assert (batch.metadata, batch.error_file_id) == ({"run": "night-1"}, None)
    assert (batch.request_counts.completed, batch.request_counts.total) == (30, 30)
    answers = lines_of(client, batch.output_file_id)
    names = [each["custom_id"] for each in answers]
    assert sorted(names) == sorted(f"unit-{i}" for i in range(30))
    assert names != [f"unit-{i}" for i in range(30)]
    said = {a["custom_id"]: a["response"]["body"]["choices"][0]["message"]["content"] for a in answers}
    assert [json.loads(said[f"unit-{i}"])["label"] for i in range(4)] == ["hallucinated", "grounded"] * 2


def test_a_batch_costs_half_and_is_billed_once(client, url):
    set_faults(url, batch_seconds=0)
    client.chat.completions.create(**line(0)["body"])
    handed_in(client, [line(0)])
    for _ in range(2):
        books = httpx.get(f"{url}/simulated/calls").json()
    single, batched = (next(u for u in books["usage"] if u["lane"] == lane) for lane in ("sync", "batch"))
    assert (single["calls"], batched["calls"], books["distinct"]) == (1, 1, 1)
    assert list(books["prompts"].values()) == [2]
    assert batched["cost_usd"] == pytest.approx(single["cost_usd"] / 2, rel=1e-12)
    by_hand = single["prompt_tokens"] * 0.15e-6 + single["completion_tokens"] * 0.6e-6
    assert single["cost_usd"] == pytest.approx(by_hand, rel=1e-12)
    assert books["cost_usd"] == pytest.approx(1.5 * by_hand, rel=1e-12)


def test_items_expire_and_err_at_their_rates_and_are_not_billed(client, url):
    set_faults(url, batch_seconds=0, rate_batch_expired=0.3, rate_batch_error=0.2)
    batch = handed_in(client, [line(i) for i in range(200)])
    batch = client.batches.retrieve(batch.id)
    assert batch.status == "expired"
    good, bad = lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)
    expired = [each for each in bad if each["error"] and each["error"]["code"] == "batch_expired"]
    erred = [each for each in bad if each["response"] and each["response"]["status_code"] == 500]
    assert len(good) + len(expired) + len(erred) == 200
    assert len(expired) == pytest.approx(60, abs=20)
    assert len(erred) == pytest.approx(40, abs=20)
    assert httpx.get(f"{url}/simulated/calls").json()["answered"] == len(good)


def test_a_cancelled_batch_keeps_what_was_done(client, url):
    set_faults(url, batch_seconds=1)
    batch = handed_in(client, [line(i) for i in range(100)])
    time.sleep(0.5)
    assert client.batches.cancel(batch.id).status == "cancelling"
    batch = ended(client, batch.id)
    done, undone = lines_of(client, batch.output_file_id), lines_of(client, batch.error_file_id)
    assert (batch.status, len(done) + len(undone)) == ("cancelled", 100)
    assert 20 < len(done) < 80
    set_faults(url, batch_seconds=0)
    done_already = handed_in(client, [line(0)])
    with pytest.raises(openai.ConflictError, match="through"):
        client.batches.cancel(done_already.id)


def test_a_wrong_input_file_fails_the_batch_and_says_which_line(client, url):
    set_faults(url, batch_seconds=0)
    other = line(2) | {"body": {**line(2)["body"], "model": "gpt-4o"}}
    batch = handed_in(client, [line(0), "{", line(0), other, line(3) | {"url": "/v1/embeddings"}])
    assert (batch.status, batch.output_file_id) == ("failed", None)
    assert [(each.code, each.line) for each in batch.errors.data] == [
        ("invalid_json_line", 2),
        ("duplicate_custom_id", 3),
        ("invalid_request", 5),
        ("mismatched_model", None),
    ]


def test_a_batch_fails_as_a_whole_where_told_so(client, url):
    set_faults(url, batch_seconds=0, batch_fails=True)
    assert handed_in(client, [line(0)]).status == "failed"


def test_batches_are_listed_newest_first_page_by_page(client, url):
    set_faults(url, batch_seconds=0)
    made = [handed_in(client, [line(0)], number=str(number)).id for number in range(5)]
    first = client.batches.list(limit=2)
    assert ([each.id for each in first.data], first.has_more) == (made[:2:-1], True)
    assert [each.id for each in client.batches.list(limit=3)][:5] == made[::-1]


def test_a_batch_whose_answer_never_came_is_there_all_the_same(client, url):
    set_faults(url, rate_hang=1.0, hang_seconds=0.5)
    before = {each.id for each in client.batches.list(limit=100)}
    file = client.files.create(file=("a.jsonl", json.dumps(line(0)).encode()), purpose="batch")
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.1).batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"run": "lost"}
        )
    set_faults(url, rate_hang=0.0)
    (found,) = [each for each in client.batches.list(limit=100) if each.id not in before]
    assert found.metadata == {"run": "lost"}


def test_a_file_can_be_deleted(client):
    file = client.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    assert client.files.retrieve(file.id).bytes == 2
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)


def test_a_rate_limit_holds_for_batches_too(client, url):
    set_faults(url, rate_429=1.0)
    with pytest.raises(openai.RateLimitError):
        client.batches.list()


def test_a_batch_of_anthropic_is_answered_out_of_order(claude, url):
    set_faults(url, batch_seconds=0.3)
    batch = claude.messages.batches.create(requests=[request(i) for i in range(30)])
    assert (batch.processing_status, batch.request_counts.processing, batch.results_url) == ("in_progress", 30, None)
    time.sleep(0.35)
    batch = claude.messages.batches.retrieve(batch.id)
    assert (batch.processing_status, batch.request_counts.succeeded) == ("ended", 30)
    results = list(claude.messages.batches.results(batch.id))
    names = [each.custom_id for each in results]
    assert sorted(names) == sorted(f"unit-{i}" for i in range(30))
    assert names != [f"unit-{i}" for i in range(30)]
    labels = {each.custom_id: each.result.message.content[0].input["label"] for each in results}
    assert [labels[f"unit-{i}"] for i in range(4)] == ["hallucinated", "grounded"] * 2


def test_items_of_anthropic_err_expire_and_are_billed_at_half(claude, url):
    set_faults(url, batch_seconds=0, rate_batch_expired=0.3, rate_batch_error=0.2)
    wrong = {"custom_id": "wrong", "params": {"model": CLAUDE, "messages": prompt(0)}}
    batch = claude.messages.batches.create(requests=[*(request(i) for i in range(100)), wrong])
    results = list(claude.messages.batches.results(batch.id))
    sorts = Counter(each.result.type for each in results)
    counts = claude.messages.batches.retrieve(batch.id).request_counts
    assert (counts.succeeded, counts.errored, counts.expired) == (
        sorts["succeeded"],
        sorts["errored"],
        sorts["expired"],
    )
    assert min(sorts["succeeded"], sorts["errored"], sorts["expired"]) > 5
    # A batch of another model that an earlier test left may end only now.
    (line,) = [each for each in httpx.get(f"{url}/simulated/calls").json()["usage"] if each["model"] == CLAUDE]
    assert (line["calls"], line["lane"]) == (sorts["succeeded"], "batch")
    by_hand = (line["prompt_tokens"] * 1.00 + line["completion_tokens"] * 5.00) / 1e6 / 2
    assert line["cost_usd"] == pytest.approx(by_hand, rel=1e-12)


def test_a_batch_of_anthropic_can_be_cancelled_and_listed(claude, url):
    set_faults(url, batch_seconds=5)
    batch = claude.messages.batches.create(requests=[request(0), request(1)])
    assert claude.messages.batches.cancel(batch.id).processing_status == "canceling"
    set_faults(url, batch_seconds=0)
    later = claude.messages.batches.create(requests=[request(0)])
    assert [each.id for each in claude.messages.batches.list(limit=1)][:2] == [later.id, batch.id]
    with pytest.raises(anthropic.BadRequestError, match="no results yet"):
        claude.get(f"/v1/messages/batches/{batch.id}/results", cast_to=object)


@pytest.mark.parametrize("name", ["span|faithfulness|1", "x" * 65, ""])
def test_anthropic_takes_only_plain_custom_ids_of_64_characters(claude, name):
    with pytest.raises(anthropic.BadRequestError, match="custom_id"):
        claude.messages.batches.create(requests=[{"custom_id": name, "params": params(0)}])


def test_a_killed_provider_keeps_its_batches(tmp_path: Path):
    port = free_port()
    command = (sys.executable, "-m", "deployments.simulator", "provider", "--port", str(port))
    options = ("--folder", str(tmp_path), "--latency-ms", "0", "--batch-seconds", "0.5")
    with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=8) as client:
        with started(*command, *options):
            batch = handed_in(client, [line(i) for i in range(5)])
        with started(*command, *options):
            batch = ended(client, batch.id)
            assert len(lines_of(client, batch.output_file_id)) == 5


@contextmanager
def started(*command: str) -> Iterator[None]:
    """A process that is killed at the end."""
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_the_state_of_a_batch_follows_from_the_time():
    batch = SimulatedBatch(
        id="b", interface="openai", input_file="f", items=8, created_at=100, faults=Faults(batch_seconds=10)
    )
    stages = [batch.stage(now) for now in (100, 101, 108.9, 109, 110)]
    assert stages == ["validating", "in_progress", "in_progress", "finalizing", "ended"]
    assert [batch.worked(now) for now in (100, 105, 110)] == [0, 4, 8]
    stopped = batch.model_copy(update={"cancelled_at": 105})
    assert [stopped.stage(now) for now in (105, 106)] == ["cancelling", "cancelled"]
    assert stopped.worked(110) == 4
