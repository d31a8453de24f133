"""Every kind of provider over HTTP: what an attempt comes to, and what it used."""

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import Models, Prompt, Usage, answer_schema, builtin_metric
from tasks.shared.gateways.llm.usage import usage_of
from tasks.shared.settings import JudgeSettings, ProviderSettings
from tests.providers import books, change, simulated

KINDS = {
    "openai": {"base_url": "{url}/v1", "api_key": "simulated"},
    "azure": {"base_url": "{url}", "api_key": "simulated"},
    "anthropic": {"base_url": "{url}", "api_key": "simulated"},
    "bedrock": {"base_url": "{url}", "region": "eu-central-1"},
    "bedrock, other makers": {"base_url": "{url}/v1", "region": "eu-central-1"},
    "google": {"base_url": "{url}", "api_key": "simulated"},
}
MODEL_NAMES = {
    "openai": "gpt-4o-mini",
    "azure": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "bedrock": "eu.anthropic.claude-3-5-sonnet-20240620-v1:0",
    "bedrock, other makers": "openai.gpt-oss-120b-1:0",
    "google": "gemini-2.0-flash",
}
FAITHFUL = builtin_metric("faithfulness")
MESSAGES = Prompt(FAITHFUL.messages).render(
    {"input": "When was it opened?", "output": "In 1932.", "context": "The bridge was opened in 1932."}
)
SCHEMA = answer_schema(dict.fromkeys(FAITHFUL.choices))


@pytest.fixture(scope="module")
def provider():
    with simulated() as url:
        yield url


@pytest.fixture
def url(provider):
    """A provider without faults."""
    clean = {
        "rate_429": 0,
        "rate_500": 0,
        "rate_hang": 0,
        "rate_malformed": 0,
        "permanent_status": 0,
        "cached_share": 0,
    }
    change(provider, **clean)
    return provider


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    """Bedrock's client signs its requests with some AWS key or other."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulated")


def settings_of(kind, url, **more):
    values = {key: value.format(url=url) for key, value in KINDS[kind].items()}
    return JudgeSettings(providers={"mine": ProviderSettings(kind=kind.partition(",")[0], **values, **more)})


async def ask(kind, url, **more):
    async with Models(settings_of(kind, url, **more)) as models:
        return await models.model(f"mine/{MODEL_NAMES[kind]}", 200).ask(MESSAGES, SCHEMA)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_provider_answers_with_an_object_and_tells_its_usage(url, kind):
    change(url, cached_share=0.25)
    reply = await ask(kind, url)
    assert (reply.kind, reply.answer["label"]) == ("answered", "faithful")
    billed = books(url)["usage"][-1]
    assert reply.usage.prompt_tokens > 50
    assert reply.usage.completion_tokens > 5
    assert 0 < reply.usage.cache_read_tokens < reply.usage.prompt_tokens
    assert billed["calls"] >= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"rate_429": 1.0, "retry_after_seconds": 7}, "busy"),
        ({"rate_500": 1.0}, "failed"),
        ({"permanent_status": 401}, "refused"),
        ({"rate_malformed": 1.0, "malformed_as": "null"}, "unparseable"),
    ],
)
async def test_what_went_wrong_is_told_by_what_to_do_next(url, kind, faults, expected):
    change(url, **faults)
    reply = await ask(kind, url)
    # Anthropic's tool call without content is an empty object, which the judge finds no label in.
    empty = reply.kind == "answered" and not reply.answer
    assert empty if expected == "unparseable" and kind in {"anthropic", "bedrock"} and empty else reply.kind == expected
    if expected in {"failed", "refused", "busy"}:
        assert reply.usage is None
        assert reply.trouble


@pytest.mark.parametrize("kind", KINDS)
async def test_the_time_to_come_back_is_the_providers(url, kind):
    change(url, rate_429=1.0, retry_after_seconds=7.5)
    assert (await ask(kind, url)).retry_after_seconds == 7.5


async def test_an_answer_that_does_not_come_in_time_is_lost(url):
    change(url, rate_hang=1.0, hang_seconds=5)
    reply = await ask("openai", url, timeout_seconds=0.3)
    assert (reply.kind, reply.usage) == ("lost", None)


async def test_a_provider_that_is_not_there_costs_nothing():
    reply = await ask("openai", "http://127.0.0.1:9")
    assert (reply.kind, reply.usage) == ("failed", None)


@pytest.mark.parametrize("kind", ["openai", "azure", "anthropic", "google"])
async def test_a_missing_key_is_told_with_where_to_put_it(kind):
    settings = JudgeSettings(providers={"mine": ProviderSettings(kind=kind, base_url="http://127.0.0.1:9")})
    async with Models(settings) as models:
        with pytest.raises(
            ConfigurationError, match=r"provider 'mine' has no key. Set NIGHTJAR_JUDGES__PROVIDERS__MINE"
        ):
            models.model("mine/model", 100)


async def test_a_provider_nobody_configured_is_told_with_what_to_add():
    async with Models(JudgeSettings()) as models:
        with pytest.raises(ConfigurationError, match=r"Add \[judges.providers.elsewhere\]"):
            models.pace("elsewhere/model")
        with pytest.raises(ConfigurationError, match="Write provider/model"):
            models.pace("gpt-4o")


async def test_judges_of_a_run_share_a_providers_pace(url):
    async with Models(settings_of("openai", url, in_flight=3)) as models:
        assert models.pace("mine/one") is models.pace("mine/other")
        assert models.pace("mine/one").most == 3


def test_usage_counts_every_token_once():
    anthropic = {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 3}
    openai = {"prompt_tokens": 17, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
    google = {"promptTokenCount": 17, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "cachedContentTokenCount": 5}
    assert usage_of({"usage": anthropic}) == Usage(17, 3, 5, 2)
    assert usage_of({"usage": openai}) == Usage(17, 3, 5)
    assert usage_of({"usageMetadata": google}) == Usage(17, 3, 5)
    assert usage_of({"usage": None}) is None
    assert Usage(1, 2, 3, 4) + Usage(10, 20, 30, 40) == Usage(11, 22, 33, 44)


def test_labels_with_descriptions_stay_an_enumeration():
    """OpenAI's strict mode refuses `oneOf`, and a second request by tool call would cost twice."""
    schema = answer_schema({"good": "all is well", "bad": None})
    assert schema["properties"]["label"] == {
        "type": "string",
        "description": "good: all is well",
        "enum": ["good", "bad"],
    }


def test_a_metric_that_phoenix_evals_does_not_have_is_told():
    with pytest.raises(ConfigurationError, match=r"no metric 'qa'. Choose from .*faithfulness"):
        builtin_metric("qa")
