"""Functions, endpoints and commands that answer: really called, over HTTP and in a shell."""

import asyncio
import json
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.shared.errors import ConfigurationError, ServiceBusy, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.applications import Command, Endpoint, Function, Said, said

HERE = __name__
QUESTION = {"input": "Where is parcel 7?"}
TOLD = {"output": "here", "model": "mine", "prompt_tokens": 3, "completion_tokens": 2, "cost_usd": 0.5}


def shout(question, mark="!"):
    return question["input"].upper() + mark


async def later(question):
    await asyncio.sleep(0)
    return {**TOLD, "output": {"of": question["input"]}}


def hang(_question):
    time.sleep(30)


def fail(_question):
    raise KeyError("parcel")


def leave(_question):
    sys.exit(3)


NOTHING = 7


async def ask(address, seconds=5.0, **parameters):
    return await Function(f"{HERE}:{address}", parameters, seconds).ask(QUESTION)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])


async def test_a_function_answers_with_its_parameters_and_so_does_a_coroutine():
    assert await ask("shout", mark="?") == Said("WHERE IS PARCEL 7??")
    assert await ask("later") == Said('{"of":"Where is parcel 7?"}', "mine", 3, 2, 0.5)


@pytest.mark.parametrize(("name", "words"), [("fail", "KeyError: 'parcel'"), ("leave", "SystemExit: 3")])
async def test_what_a_function_raises_is_told_and_ends_nothing_else(name, words):
    with pytest.raises(ServiceUnavailable, match=words):
        await ask(name)


async def test_a_function_that_hangs_is_left_alone_in_time():
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"no answer within 0\.05 s"):
        await ask("hang", 0.05)
    assert time.monotonic() - began < 2
    assert any(t.name == "nightjar-callable" and t.daemon for t in threading.enumerate()), "and no exit waits for it"


@pytest.mark.parametrize("address", ["missing", "NOTHING"])
def test_a_function_that_is_none_is_told_before_anything_is_asked(address):
    with pytest.raises(ConfigurationError, match=address):
        Function(f"{HERE}:{address}", {}, 1)
    with pytest.raises(ConfigurationError, match=r"nowhere\.at\.all.*callable:<module>:<function>"):
        Function("nowhere.at.all:f", {}, 1)


async def test_a_command_reads_the_question_and_writes_the_answer():
    reads = "import json,sys; q = json.load(sys.stdin); print(q['input'][::-1])"
    assert (await Command(f'{sys.executable} -c "{reads}"', 10).ask(QUESTION)).output == "?7 lecrap si erehW"
    assert await Command(f"echo '{json.dumps(TOLD)}'", 10).ask(QUESTION) == Said("here", "mine", 3, 2, 0.5)


async def test_a_command_that_fails_or_hangs_ends_with_all_its_children(tmp_path: Path):
    with pytest.raises(ServiceUnavailable, match="it ended with exit code 3: no such parcel"):
        await Command("echo no such parcel >&2; exit 3", 5).ask(QUESTION)
    child = tmp_path / "child"
    with pytest.raises(ServiceUnavailable, match="no answer within"):
        await Command(f"sleep 60 & echo $! > {child}; wait", 0.3).ask(QUESTION)
    process = int(child.read_text())
    deadline = time.monotonic() + 5
    while _runs(process):
        assert time.monotonic() < deadline
        time.sleep(0.01)  # noqa: ASYNC251


def _runs(process):
    try:
        return not Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].startswith(" Z")
    except FileNotFoundError:
        return False


@contextmanager
def serving(status, body, headers=(), seconds=0.0):
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((dict(self.headers), json.loads(self.rfile.read(int(self.headers["content-length"])))))
            time.sleep(seconds)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ask", heard
    finally:
        server.shutdown()
        server.server_close()


async def asked_at(url, seconds=5.0):
    async with Endpoint(url, {"authorization": "Bearer me"}, seconds, 2) as endpoint:
        return await endpoint.ask(QUESTION)


async def test_an_endpoint_is_sent_the_question_with_the_headers():
    with serving(200, json.dumps(TOLD)) as (url, heard):
        assert await asked_at(url) == Said("here", "mine", 3, 2, 0.5)
    headers, question = heard[0]
    assert question == QUESTION
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Bearer me"
    with serving(200, " a plain text\n") as (url, _):
        assert (await asked_at(url)).output == "a plain text"


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (429, [("retry-after", "7")], ServiceBusy, 7.0),
        (503, [], ServiceBusy, None),
        (500, [], ServiceUnavailable, None),
        (404, [], ServiceRefused, None),
    ],
)
async def test_what_an_endpoint_says_no_with_is_told_by_what_to_do_next(status, headers, error, seconds):
    with serving(status, "no such thing", headers) as (url, _), pytest.raises(error, match=f"{status} no such") as told:
        await asked_at(url)
    assert getattr(told.value, "retry_after_seconds", None) == seconds


async def test_an_endpoint_that_is_slow_or_away_is_unavailable_in_time():
    with serving(200, "late", seconds=0.4) as (url, _), pytest.raises(ServiceUnavailable, match="no answer within"):
        await asked_at(url, 0.1)
    with pytest.raises(ServiceUnavailable):
        await asked_at("http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="is no URL"):
        await asked_at("parcels/ask")


@pytest.mark.parametrize("value", [None, 7, ["here"], {"answer": "here"}, {"output": "x", "cost_usd": -1}])
def test_what_is_no_answer_is_refused(value):
    with pytest.raises(ServiceRefused, match="it answered"):
        said(value)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_any_value_is_read_or_refused(value):
    try:
        found = said({"output": value})
    except ServiceRefused:
        return
    assert found.output == value if isinstance(value, str) else json.loads(found.output) == value
