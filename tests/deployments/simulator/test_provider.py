"""The simulated model provider, called as a real one: through the openai SDK and through phoenix-evals."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import openai
import pytest
import uvicorn

from deployments.simulator.faults import Faults
from deployments.simulator.judge import SimulatedJudge, labels_in
from deployments.simulator.provider import SimulatedProvider
from deployments.simulator.truth import Answer, Truth

ANSWERS = [
    Answer(span_id=str(i), input=f"question {i}?", output=f"SELECT {i} FROM t", hallucinated=i % 2 == 0, refused=False)
    for i in range(100, 400)
]
RIGHT = Faults(true_positive_rate=1.0, false_positive_rate=0.0, latency_ms=0)
SCHEMA = {
    "type": "object",
    "properties": {
        "explanation": {"type": "string"},
        "label": {"type": "string", "enum": ["hallucinated", "grounded"]},
    },
    "required": ["explanation", "label"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    provider = SimulatedProvider(RIGHT, Truth(project="p", seed=1, answers=ANSWERS))
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    httpx.post(f"{url}/simulated/faults", json=RIGHT.model_dump()).raise_for_status()
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=5) as made:
        yield made


def set_faults(url: str, **changes: float) -> None:
    httpx.post(f"{url}/simulated/faults", json=changes).raise_for_status()


def asked(answer: Answer) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Judge.\nQuestion: {answer.input}\nSQL: {answer.output}\n"}]


def label(client: openai.OpenAI, answer: Answer) -> str:
    wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True}}
    made = client.chat.completions.create(model="gpt-4o-mini", messages=asked(answer), response_format=wanted)
    return json.loads(made.choices[0].message.content)["label"]


def test_models_are_listed(client):
    assert "gpt-4o" in [model.id for model in client.models.list()]


def test_a_structured_answer_fits_the_schema_and_is_right_at_perfect_rates(client):
    assert [label(client, answer) for answer in ANSWERS[:4]] == ["hallucinated", "grounded"] * 2


def test_a_forced_tool_call_carries_the_verdict(client):
    tool = {"type": "function", "function": {"name": "verdict", "parameters": SCHEMA}}
    choice = {"type": "function", "function": {"name": "verdict"}}
    made = client.chat.completions.create(model="gpt-4o", messages=asked(ANSWERS[0]), tools=[tool], tool_choice=choice)
    (call,) = made.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)["label"]) == ("verdict", "hallucinated")
    assert made.choices[0].finish_reason == "tool_calls"


def test_every_answer_has_usage(client):
    made = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "x" * 400}])
    assert made.usage.prompt_tokens > 100
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens


def test_phoenix_evals_judges_through_it(client, url):
    from phoenix.evals import LLM, create_classifier

    llm = LLM(provider="openai", model="gpt-4o", base_url=f"{url}/v1", api_key="none")
    choices = {"hallucinated": 1.0, "grounded": 0.0}
    template = "Question: {{question}}\nSQL: {{sql}}"
    judge = create_classifier(name="hallucination", prompt_template=template, llm=llm, choices=choices)
    (score,) = judge.evaluate({"question": ANSWERS[0].input, "sql": ANSWERS[0].output})
    assert (score.score, score.label) == (1.0, "hallucinated")
    assert score.explanation


def test_a_rate_limit_says_when_to_come_back(client, url):
    set_faults(url, rate_429=1.0, retry_after_seconds=3)
    with pytest.raises(openai.RateLimitError) as raised:
        label(client, ANSWERS[0])
    assert raised.value.response.headers["retry-after"] == "3"


def test_a_server_error_is_a_500(client, url):
    set_faults(url, rate_500=1.0)
    with pytest.raises(openai.InternalServerError):
        label(client, ANSWERS[0])


def test_a_hanging_request_outlasts_the_clients_timeout(client, url):
    set_faults(url, rate_hang=1.0, hang_seconds=1.0)
    with pytest.raises(openai.APITimeoutError):
        label(client.with_options(timeout=0.2), ANSWERS[0])


def test_a_malformed_answer_is_not_json(client, url):
    set_faults(url, rate_malformed=1.0)
    with pytest.raises(json.JSONDecodeError):
        label(client, ANSWERS[0])


def test_latency_is_kept(client, url):
    set_faults(url, latency_ms=150)
    begins = time.monotonic()
    label(client, ANSWERS[0])
    assert time.monotonic() - begins >= 0.15


def test_what_was_served_is_counted(client, url):
    label(client, ANSWERS[0])
    shown = httpx.get(f"{url}/simulated/faults").json()
    assert (shown["requests"], shown["served"]) == (1, {"ok": 1})


def test_an_unknown_fault_is_refused(client, url):
    answer = httpx.post(f"{url}/simulated/faults", json={"rate_418": 1.0})
    assert answer.status_code == 400
    assert "rate_418" in answer.json()["error"]["message"]


def test_a_request_without_messages_is_refused(client):
    with pytest.raises(openai.BadRequestError, match="needs model and messages"):
        client.chat.completions.create(model="gpt-4o", messages=[])


def test_the_judge_errs_as_often_as_it_is_told():
    judge = SimulatedJudge(ANSWERS)
    faults = Faults(true_positive_rate=0.8, false_positive_rate=0.1)
    labels = ("hallucinated", "grounded")
    said = [judge.verdict(f"{a.input} {a.output}", labels, faults).found for a in ANSWERS]
    true = [found for found, answer in zip(said, ANSWERS, strict=True) if answer.hallucinated]
    false = [found for found, answer in zip(said, ANSWERS, strict=True) if not answer.hallucinated]
    assert sum(true) / len(true) == pytest.approx(0.8, abs=0.1)
    assert sum(false) / len(false) == pytest.approx(0.1, abs=0.08)
    assert said == [judge.verdict(f"{a.input} {a.output}", labels, faults).found for a in ANSWERS]


def test_the_judge_knows_an_answer_by_its_question_too():
    twice = [
        Answer(span_id="1", input="how many?", output="SELECT 1", hallucinated=True, refused=False),
        Answer(span_id="2", input="how few?", output="SELECT 1", hallucinated=False, refused=False),
    ]
    judge = SimulatedJudge(twice)
    assert judge.verdict("how many? SELECT 1", ("incorrect", "correct"), RIGHT).label == "incorrect"
    assert judge.verdict("how few? SELECT 1", ("incorrect", "correct"), RIGHT).label == "correct"
    assert "does not know" in judge.verdict("something else", ("incorrect", "correct"), RIGHT).explanation


def test_faults_are_drawn_at_their_rates_and_the_same_every_time():
    faults = Faults(rate_429=0.2, rate_500=0.1, rate_hang=0.05, rate_malformed=0.05)
    drawn = [faults.draw(number) for number in range(4000)]
    assert drawn == [faults.draw(number) for number in range(4000)]
    for fault, rate in {"rate_limited": 0.2, "server_error": 0.1, "hang": 0.05, "malformed": 0.05, None: 0.6}.items():
        assert drawn.count(fault) / 4000 == pytest.approx(rate, abs=0.03)


def test_labels_are_found_wherever_the_schema_has_them():
    assert labels_in({"type": "object", "properties": {"a": {"type": "array", "items": SCHEMA}}}) == [
        "hallucinated",
        "grounded",
    ]
    assert labels_in({"type": "object"}) == ("incorrect", "correct")
