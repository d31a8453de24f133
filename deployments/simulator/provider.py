"""A simulated model provider: the wire formats of real ones, set latency and faults, judge and writer of known quality.

It loads the truth file itself; the pipeline that calls it never sees one.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
from aiohttp import web
from pydantic import ValidationError

from deployments.simulator.answering import answer, check
from deployments.simulator.batches.anthropic_batches import AnthropicBatches
from deployments.simulator.batches.openai_batches import OpenAIBatches
from deployments.simulator.batches.shelf import Shelf
from deployments.simulator.calls import Books
from deployments.simulator.faults import Fault, Faults
from deployments.simulator.interfaces.anthropic_messages import AnthropicMessages, BedrockInvoke
from deployments.simulator.interfaces.exchange import CREATED, Interface, Refusal, body_of, respond
from deployments.simulator.interfaces.google_generate import GoogleGenerate
from deployments.simulator.interfaces.openai_chat import AzureChat, OpenAIChat
from deployments.simulator.interfaces.openai_embeddings import OpenAIEmbeddings
from deployments.simulator.judging.judge import SimulatedJudge
from deployments.simulator.judging.labels import Case
from deployments.simulator.prices import PRICES, Usage
from deployments.simulator.rhythm import tokens_of
from deployments.simulator.simulated_model import SimulatedModel
from deployments.simulator.truth import Truth
from deployments.simulator.writing.skill import Skill

Work = Callable[[web.Request], Awaitable[web.Response]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LARGEST_BODY = 512 * 1024 * 1024
INTERFACES: dict[str, Interface] = {
    "/v1/chat/completions": OpenAIChat(),
    "/openai/deployments/{model}/chat/completions": AzureChat(),
    "/openai/v1/chat/completions": AzureChat(),
    "/v1/messages": AnthropicMessages(),
    "/model/{model}/invoke": BedrockInvoke(),
    # The SDK asks v1 since 3.0, and v1beta before or where told to.
    "/v1/models/{model}:generateContent": GoogleGenerate(),
    "/v1beta/models/{model}:generateContent": GoogleGenerate(),
}


class SimulatedProvider:
    """State of one simulated provider: its faults, its model, its books, and what it has served."""

    def __init__(self, faults: Faults | None = None, truth: Truth | None = None, folder: Path | None = None) -> None:
        """Serve with *faults* and what the *truth* knows; batches are kept in *folder* when given, else in memory."""
        self.faults = faults or Faults()
        self.model = SimulatedModel(SimulatedJudge(truth.answers if truth else ()))
        self.books = Books()
        self.shelf = Shelf(folder)
        self.batches = (OpenAIBatches(self), AnthropicBatches(self))
        self.requests = 0
        self.in_flight = 0
        self.served: Counter[str] = Counter()
        self.taken_at: deque[float] = deque()

    def app(self) -> web.Application:
        """The HTTP application."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                *(web.post(path, self.asking(interface)) for path, interface in INTERFACES.items()),
                web.post("/v1/embeddings", self.embedding()),
                *(route for batches in self.batches for route in batches.routes()),
                web.get("/v1/models", self.models),
                web.get("/simulated/faults", self.show_faults),
                web.post("/simulated/faults", self.set_faults),
                web.post("/simulated/truth", self.set_truth),
                web.get("/simulated/skill", self.show_skill),
                web.post("/simulated/skill", self.set_skill),
                web.get("/simulated/judge", self.show_judge),
                web.get("/simulated/calls", self.show_calls),
                web.post("/simulated/calls/reset", self.reset_calls),
            ]
        )
        return app

    def asking(self, interface: Interface) -> Handler:
        """The handler of an *interface*'s questions."""

        async def answer_in_time(request: web.Request) -> web.Response:
            number = self.numbered()
            asked = interface.asked(await body_of(request), request.match_info.get("model"))
            fault = self.admitted(number, asked.model)
            check(asked, self.faults)
            said = answer(self.model.with_seed(asked), self.model, self.faults, fault, number)
            await self.wait(fault)
            self.served[fault or "ok"] += 1
            self.books.bill(asked, said.usage)
            return respond(interface.answered(said))

        return self.refusing(interface, answer_in_time)

    def embedding(self) -> Handler:
        """The handler of texts to embed: no judge, no writer, but faults, time and bills like any question."""
        interface = OpenAIEmbeddings()

        async def embed_in_time(request: web.Request) -> web.Response:
            number, body = self.numbered(), await body_of(request)
            asked = interface.asked(body, None)
            fault = self.admitted(number, asked.model)
            check(asked, self.faults)
            usage = Usage(model=asked.model, prompt=tokens_of(asked.prompt), completion=0)
            await self.wait(fault)
            self.served[fault or "ok"] += 1
            self.books.bill(asked, usage)
            return respond(interface.vectors(body, usage))

        return self.refusing(interface, embed_in_time)

    def guarded(self, interface: Interface, work: Work) -> Handler:
        """The handler of other requests: the faults of any request, then *work*, then the time the answer takes."""

        async def work_in_time(request: web.Request) -> web.Response:
            fault = self.admitted(self.numbered())
            response = await work(request)
            await self.wait(fault)
            self.served[fault or "ok"] += 1
            return response

        return self.refusing(interface, work_in_time)

    def refusing(self, interface: Interface, work: Work) -> Handler:
        """The handler that does *work* and words refusals as *interface* does."""

        async def handle(request: web.Request) -> web.Response:
            self.in_flight += 1
            try:
                return await work(request)
            except Refusal as refusal:
                reply = interface.refused(refusal)
                return respond(reply.body, refusal.status, reply.headers)
            finally:
                self.in_flight -= 1

        return handle

    def numbered(self) -> int:
        """The number of this request, from 1."""
        self.requests += 1
        return self.requests

    def admitted(self, number: int, model: str = "") -> Fault | None:
        """The fault of a request, None mostly.

        Raises:
            Refusal: If it is one that refuses the request, or there are too many requests.
        """
        faults = self.faults
        if not faults.befall(model):
            return None
        if faults.cap_per_second:
            self.cap(faults.cap_per_second)
        fault = faults.draw(number)
        if fault == "rate_limited":
            self.served[fault] += 1
            raise Refusal("rate_limited", 429, "Simulated rate limit.", faults.retry_after_seconds)
        if fault == "server_error":
            self.served[fault] += 1
            raise Refusal("server_error", faults.server_error_status, "Simulated server error.")
        return fault

    def cap(self, per_second: int) -> None:
        """Take this request, or refuse it when the last second has had its share.

        Raises:
            Refusal: With the time until the next one is taken.
        """
        now = time.monotonic()
        while self.taken_at and self.taken_at[0] <= now - 1:
            self.taken_at.popleft()
        if len(self.taken_at) >= per_second:
            self.served["capped"] += 1
            wait_s = self.taken_at[-per_second] + 1 - now
            raise Refusal("rate_limited", 429, f"Simulated limit of {per_second} requests per second.", wait_s)
        self.taken_at.append(now)

    async def wait(self, fault: Fault | None) -> None:
        """The time an answer takes."""
        seconds = self.faults.hang_seconds if fault == "hang" else self.faults.latency_ms / 1000
        if seconds:
            await asyncio.sleep(seconds)

    async def models(self, _request: web.Request) -> web.Response:
        """`GET /v1/models`."""
        listed = [{"id": name, "object": "model", "created": CREATED, "owned_by": "simulator"} for name in PRICES]
        return respond({"object": "list", "data": listed})

    async def show_faults(self, _request: web.Request) -> web.Response:
        """`GET /simulated/faults`: the settings, and how many requests were served how."""
        return respond({"faults": self.faults.model_dump(), "requests": self.requests, "served": self.served})

    async def set_faults(self, request: web.Request) -> web.Response:
        """`POST /simulated/faults`: change the settings given, keep the others, and count anew."""
        try:
            self.faults = Faults.model_validate(self.faults.model_dump() | orjson.loads(await request.read()))
        except ValidationError as error:
            return respond({"error": {"message": str(error)}}, 400)
        self.requests, self.served = 0, Counter()
        return await self.show_faults(request)

    async def show_skill(self, _request: web.Request) -> web.Response:
        """`GET /simulated/skill`: how well the writer writes."""
        return respond(self.model.skill.model_dump())

    async def set_skill(self, request: web.Request) -> web.Response:
        """`POST /simulated/skill`: change the settings given, keep the others."""
        try:
            self.model.skill = Skill.model_validate(self.model.skill.model_dump() | orjson.loads(await request.read()))
        except ValidationError as error:
            return respond({"error": {"message": str(error)}}, 400)
        return await self.show_skill(request)

    async def show_judge(self, _request: web.Request) -> web.Response:
        """`GET /simulated/judge`: the judge's error rates over all answers of the truth, for every case it tells."""
        cases: tuple[Case, ...] = ("grounding", "correctness", "refusal")
        return respond({case: self.model.judge.realised(case, self.faults) for case in cases})

    async def set_truth(self, request: web.Request) -> web.Response:
        """`POST /simulated/truth`: judge by this truth from now on."""
        try:
            truth = Truth.model_validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"error": {"message": str(error)}}, status=400)
        self.model.judge = SimulatedJudge(truth.answers)
        return web.json_response({"answers": len(truth.answers)})

    async def show_calls(self, _request: web.Request) -> web.Response:
        """`GET /simulated/calls`: the books, and how many requests wait for their answer now."""
        self.settle()
        return respond(self.books.shown() | {"in_flight": self.in_flight})

    async def reset_calls(self, request: web.Request) -> web.Response:
        """`POST /simulated/calls/reset`: begin new books."""
        self.settle()
        self.books = Books()
        return await self.show_calls(request)

    def settle(self) -> None:
        """Enter the batches that are through into the books."""
        for batches in self.batches:
            batches.queue.settle(self.books)
