"""Batches through the real SDKs, at the simulated provider, over HTTP."""

import asyncio
import datetime as dt
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.simulator.faults import Faults
from deployments.simulator.provider import SimulatedProvider
from deployments.simulator.serving import running
from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.llm import Batches, Lost, Models, Question, Reply, answer_schema
from tasks.shared.gateways.llm.batches.bodies import body_of
from tasks.shared.gateways.llm.batches.openai_batches import lines_in, reply_in
from tasks.shared.settings import JudgeSettings, ProviderSettings

OPENAI, CLAUDE = "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"
BOTH = pytest.mark.parametrize("name", [OPENAI, CLAUDE])
SCHEMA = answer_schema({"faithful": None, "unfaithful": None})
QUIET = Faults(latency_ms=0, batch_seconds=0)


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You judge."}, {"role": "user", "content": f"Is {number} faithful?"}]


def questions(count: int) -> list[Question]:
    return [Question(f"item-{number}", messages(number), SCHEMA) for number in range(count)]


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[SimulatedProvider, str]]:
    made = SimulatedProvider(QUIET)
    with running(made) as url:
        yield made, url


@pytest.fixture
def url(provider) -> str:
    set_faults(provider[1], **QUIET.model_dump())
    httpx.post(f"{provider[1]}/simulated/calls/reset").raise_for_status()
    return provider[1]


@pytest.fixture
async def models(url: str) -> AsyncIterator[Models]:
    settings = JudgeSettings(
        attempts=2,
        backoff_seconds=0.01,
        providers={
            "openai": ProviderSettings(kind="openai", base_url=f"{url}/v1", api_key="none"),
            "anthropic": ProviderSettings(kind="anthropic", base_url=url, api_key="none"),
            "google": ProviderSettings(kind="google", base_url=url, api_key="none"),
        },
    )
    async with Models(settings) as made:
        yield made


def set_faults(url: str, **changes: object) -> None:
    httpx.post(f"{url}/simulated/faults", json=changes).raise_for_status()


def books(url: str) -> dict[str, Any]:
    return httpx.get(f"{url}/simulated/calls").json()


async def handed_in(batches: Batches, count: int, own_id: str = "") -> str:
    submission = await batches.submit(own_id or uuid.uuid4().hex, questions(count))
    assert submission.kind == "taken", submission
    return submission.provider_id


async def results(batches: Batches, provider_id: str) -> dict[str, Reply]:
    assert (await batches.look(provider_id)).kind == "ended"
    return {custom_id: reply async for custom_id, reply in batches.results(provider_id)}


@BOTH
async def test_a_batch_answers_what_the_synchronous_lane_answers_for_the_same_tokens(models, url, name):
    batches, model = models.batches(name, 100), models.model(name, 100)
    found = await results(batches, await handed_in(batches, 20))
    single = {f"item-{number}": await model.ask(messages(number), SCHEMA) for number in range(20)}
    assert found.keys() == single.keys()
    assert {key: (r.kind, r.answer, r.usage) for key, r in found.items()} == {
        key: (r.kind, r.answer, r.usage) for key, r in single.items()
    }
    sent = books(url)
    assert sent["distinct"] == 20
    assert set(sent["prompts"].values()) == {2}
    batch, sync = sent["usage"]
    assert (batch["lane"], sync["lane"]) == ("batch", "sync")
    assert batch["cost_usd"] * 2 == pytest.approx(sync["cost_usd"], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters"), [(OPENAI, {"temperature": 0, "extra_body": {"seed": 3}}), (CLAUDE, {"temperature": 0})]
)
async def test_a_request_in_a_batch_is_the_one_the_synchronous_lane_sends(models, name, parameters):
    model = models.model(name, 77, parameters)
    sent: list[bytes] = []
    client = model.adapter.client.client

    async def spy(request: httpx.Request, **_: object) -> None:
        sent.append(request.content)
        raise httpx.ConnectError("not today")

    client._client.send = spy
    assert (await model.ask(messages(1), SCHEMA)).kind == "failed"
    assert orjson.loads(sent[0]) == body_of(model, messages(1), SCHEMA)


@BOTH
async def test_expired_and_failed_items_are_told_and_used_nothing(models, url, name):
    set_faults(url, rate_batch_expired=0.3, rate_batch_error=0.2, rate_malformed=0.2)
    batches = models.batches(name, 100)
    found = await results(batches, await handed_in(batches, 100))
    kinds = Counter(reply.kind for reply in found.values())
    assert kinds.total() == 100
    assert min(kinds["failed"], kinds["answered"]) > 20
    assert kinds["unparseable"] > 0
    assert all((reply.usage is None) == (reply.kind == "failed") for reply in found.values())
    assert any("expired" in reply.trouble for reply in found.values())
    assert books(url)["answered"] == kinds.total() - kinds["failed"]


@BOTH
async def test_a_batch_is_under_way_until_it_has_ended_and_can_be_cancelled(models, url, name):
    set_faults(url, batch_seconds=1.0)
    batches = models.batches(name, 100)
    provider_id = await handed_in(batches, 50)
    assert (await batches.look(provider_id)).kind == "under_way"
    await asyncio.sleep(0.5)
    await batches.cancel(provider_id)
    await asyncio.sleep(0.15)
    await batches.cancel(provider_id)
    kinds = Counter(reply.kind for reply in (await results(batches, provider_id)).values())
    assert min(kinds["answered"], kinds["failed"]) > 5
    assert books(url)["answered"] == kinds["answered"]


async def test_a_batch_that_is_turned_away_whole_says_why(models, url):
    set_faults(url, batch_fails=True)
    batches = models.batches(OPENAI, 100)
    progress = await batches.look(await handed_in(batches, 1))
    assert (progress.kind, "Simulated failure" in progress.trouble) == ("failed", True)


@BOTH
async def test_a_batch_is_handed_in_again_where_it_was_surely_not_taken(models, url, provider, name):
    set_faults(url, rate_429=0.5, retry_after_seconds=0.01, seed=11)
    batches = models.batches(name, 100)
    kinds = Counter([(await batches.submit(uuid.uuid4().hex, questions(1))).kind for _ in range(12)])
    assert set(kinds) <= {"taken", "absent"}
    assert kinds["taken"] > 5
    set_faults(url, rate_429=0.0)
    assert books(url)["answered"] == kinds["taken"]


@BOTH
async def test_what_became_of_a_submission_that_hangs_is_unknown_and_it_is_found_later(models, url, name):
    batches = models.batches(name, 100)
    others = [await handed_in(batches, 3) for _ in range(2)]
    own_id, began = uuid.uuid4().hex, dt.datetime.now(dt.UTC)
    lost = Lost(own_id, {f"item-{number}" for number in range(3)}, began, others)
    assert (await batches.find(lost)).kind == "absent"
    # The answer to a file's upload may come, that to handing in may not.
    set_faults(url, rate_hang=1.0, hang_seconds=0.2)
    batches.client.timeout = 0.3
    unseen = batches.client.with_options(timeout=0.05)
    object.__setattr__(batches, "client", Hasty(batches.client, unseen))
    assert (await batches.submit(own_id, questions(3))).kind == "unknown"
    set_faults(url, rate_hang=0.0)
    found = await batches.find(lost)
    assert found.kind == "taken"
    assert found.provider_id not in others
    assert len(await results(batches, found.provider_id)) == 3


class Hasty:
    """A client that waits for uploads and not for batches."""

    def __init__(self, patient: Any, hasty: Any) -> None:
        self.patient, self.hasty = patient, hasty

    def __getattr__(self, name: str) -> Any:
        """What does not hand in."""
        return getattr(self.patient, name)

    def with_options(self, **options: Any) -> Any:
        """What hands in."""
        return self.hasty.with_options(**options)


async def test_at_anthropic_a_lost_batch_shows_only_when_it_has_ended(models, url):
    set_faults(url, batch_seconds=0.3)
    batches = models.batches(CLAUDE, 100)
    began = dt.datetime.now(dt.UTC)
    provider_id = await handed_in(batches, 4)
    lost = Lost("ours", {f"item-{number}" for number in range(4)}, began, ())
    assert (await batches.find(lost)).kind == "unknown"
    assert (await batches.find(Lost("ours", {"a"}, began, ()))).kind != "unknown"
    await asyncio.sleep(0.35)
    assert (await batches.find(lost)).provider_id == provider_id
    foreign = Lost("ours", {f"other-{number}" for number in range(4)}, began, ())
    assert (await batches.find(foreign)).kind == "absent"


@BOTH
async def test_a_provider_that_is_down_or_refuses_is_told_apart(models, url, name):
    batches = models.batches(name, 100)
    with pytest.raises(ServiceRefused, match=r"404.*Check the key and the batch"):
        await batches.look("batch-of-nobody")
    set_faults(url, rate_500=1.0)
    with pytest.raises(ServiceUnavailable, match="Run again later"):
        await batches.look("batch-of-nobody")
    assert (await batches.submit("own", questions(1))).kind in {"unknown", "absent"}


async def test_a_wrong_request_is_not_taken(models, url):
    assert (
        await models.batches(CLAUDE, 100).submit("own", [Question("not|plain", messages(1), SCHEMA)])
    ).kind == "absent"
    assert books(url)["answered"] == 0


async def test_a_provider_without_batches_is_a_matter_of_settings(models):
    with pytest.raises(ConfigurationError, match="lane: sync"):
        models.batches("google/gemini-2.5-flash", 100)
    with pytest.raises(ConfigurationError, match="extra_headers"):
        await models.batches(OPENAI, 50, {"extra_headers": {"a": "b"}}).submit("own", questions(1))


async def test_judges_of_one_model_have_each_their_own_options(models):
    plain, cool = models.model(OPENAI, 100), models.model(OPENAI, 100, {"temperature": 0})
    assert (plain.options, cool.options) == (
        {"max_completion_tokens": 100},
        {"max_completion_tokens": 100, "temperature": 0},
    )
    assert models.batches(OPENAI, 100) is models.batches(OPENAI, 100)
    assert models.batches(OPENAI, 100, {"temperature": 0}).model.options == cool.options


SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(SOME_JSON)
def test_only_an_object_is_an_answer(content):
    body = {"choices": [{"message": {"content": orjson.dumps(content).decode()}}]}
    reply = reply_in({"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None})
    assert (reply.kind, reply.answer) == (("answered", content) if isinstance(content, dict) else ("unparseable", None))


@given(st.text(max_size=20) | st.none(), SOME_JSON)
def test_no_content_of_a_line_breaks_the_reading(text, body):
    whole = {"choices": [{"message": {"content": text}}]}
    for each in (whole, body):
        line = {"custom_id": "a", "response": {"status_code": 200, "body": each}, "error": None}
        assert reply_in(line).kind in {"answered", "unparseable", "failed"}


@given(st.lists(st.text(alphabet="a\u2028\u0085\u000b\r é", max_size=6), max_size=6), st.integers(1, 9))
async def test_lines_are_lines_whatever_is_in_their_strings_and_wherever_the_pieces_end(texts, size):
    content = b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    assert [orjson.loads(line)["text"] async for line in lines_in(pieces())] == texts
