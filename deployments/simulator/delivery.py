"""Send a simulation to a real Phoenix over OTLP, and wait until it is stored."""

import asyncio
import datetime as dt
import gzip
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from deployments.simulator.otlp import to_request
from deployments.simulator.rhythm import NS_PER_S
from deployments.simulator.simulation import Simulation
from deployments.simulator.spans import SimulatedSpan
from tasks.shared.errors import ServiceRefused, ServiceUnavailable

Progress = Callable[[int, int], None]

SPANS_PER_REQUEST = 500
ATTEMPTS = 8
POLL_SECONDS = (0.5, 3.0)
SPANS_PER_SECOND = 200
STALL_SECONDS = 30.0
ROUNDS = 3
TRACES_PER_PAGE = 500
COUNT = "query ($project: String!) { getProjectByName(name: $project) { recordCount } }"
OTLP_HEADERS = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}


async def send(simulation: Simulation, phoenix_url: str, *, progress: Progress | None = None) -> int:
    """Send what Phoenix does not have yet and wait until it has stored everything; returns how many spans were sent.

    Sending the same simulation again sends nothing. Phoenix accepts before it has stored and forgets its queue when
    killed, so what stalls is sent again. *progress* is told the spans stored and the spans in all.
    Raises ServiceUnavailable or ServiceRefused.
    """
    async with httpx.AsyncClient(base_url=phoenix_url, timeout=60) as client:
        return await Delivery(client, simulation, progress or (lambda _stored, _total: None)).run()


class Delivery:
    """One simulation on its way into one Phoenix."""

    def __init__(self, client: httpx.AsyncClient, simulation: Simulation, progress: Progress) -> None:
        self.client, self.simulation, self.progress = client, simulation, progress

    async def run(self) -> int:
        """Send, wait, and look again until nothing is missing; returns how many spans were sent."""
        sent = 0
        for _ in range(ROUNDS):
            missing = await self.missing()
            if not missing:
                return sent
            before = await self.stored_count()
            for start in range(0, len(missing), SPANS_PER_REQUEST):
                await self.post(missing[start : start + SPANS_PER_REQUEST])
            sent += len(missing)
            await self.wait_stored(before, len(missing))
        if not await self.missing():
            return sent
        raise ServiceUnavailable(
            f"Phoenix at {self.client.base_url} accepted {sent} simulated spans but did not store all of them. "
            "See its log, then run the simulator again: it sends what is missing."
        )

    async def missing(self) -> list[SimulatedSpan]:
        """The spans that Phoenix has not stored."""
        stored = await self.stored_span_ids()
        missing = [span for span in self.simulation.spans if span.span_id not in stored]
        self.progress(len(self.simulation.spans) - len(missing), len(self.simulation.spans))
        return missing

    async def wait_stored(self, before: int, expected: int) -> None:
        """Return when Phoenix counts *expected* spans more than *before*, or when its count has stalled."""
        total = len(self.simulation.spans)
        last, since = before, time.monotonic()
        while time.monotonic() - since < STALL_SECONDS:
            count = await self.stored_count()
            self.progress(min(total - expected + count - before, total), total)
            if count - before >= expected:
                return
            if count != last:
                last, since = count, time.monotonic()
            await asyncio.sleep(until_next_look(expected - (count - before)))

    async def stored_count(self) -> int:
        """How many spans Phoenix has stored in the project; one cheap query."""
        body = {"query": COUNT, "variables": {"project": self.simulation.project}}
        answer = (await self.request("POST", "/graphql", json=body)).json()
        found = (answer.get("data") or {}).get("getProjectByName")
        return int(found["recordCount"]) if found else 0

    async def stored_span_ids(self) -> set[str]:
        """Ids of the spans that Phoenix has stored in the simulation's time."""
        path = f"/v1/projects/{quote(self.simulation.project, safe='')}/traces"
        starts = [span.start_ns for span in self.simulation.spans]
        parameters: dict[str, Any] = {
            "start_time": iso(min(starts) - NS_PER_S),
            "end_time": iso(max(starts) + NS_PER_S),
            "include_spans": True,
            "limit": TRACES_PER_PAGE,
        }
        found: set[str] = set()
        while True:
            answer = await self.request("GET", path, params=parameters, allowed=(404,))
            if answer.status_code == httpx.codes.NOT_FOUND:
                return found
            page = answer.json()
            found.update(span["span_id"] for trace in page["data"] for span in trace["spans"])
            if not page["next_cursor"]:
                return found
            parameters["cursor"] = page["next_cursor"]

    async def post(self, spans: list[SimulatedSpan]) -> None:
        """Post one OTLP request."""
        content = gzip.compress(to_request(spans, self.simulation.project).SerializeToString(), 1)
        await self.request("POST", "/v1/traces", content=content, headers=OTLP_HEADERS)

    async def request(
        self, method: str, path: str, *, allowed: tuple[int, ...] = (), **arguments: Any
    ) -> httpx.Response:
        """One request; waits longer and longer while Phoenix is away or its queue is full."""
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(0.25 * 2**attempt, 8.0))
            try:
                response = await self.client.request(method, path, **arguments)
            except httpx.TransportError as error:
                problem = repr(error)
                continue
            if response.is_success or response.status_code in allowed:
                return response
            problem = f"{response.status_code} {response.text[:200]}"
            if response.is_client_error and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                raise ServiceRefused(f"Phoenix at {self.client.base_url} refused {method} {path}: {problem}.")
        raise ServiceUnavailable(
            f"Phoenix at {self.client.base_url} did not answer {method} {path} in {ATTEMPTS} tries ({problem}). "
            "Is it running?"
        )


def until_next_look(waiting: int) -> float:
    """Seconds before counting again while *waiting* spans are not stored: counting takes from Phoenix's ingest."""
    least, most = POLL_SECONDS
    return min(max(waiting / SPANS_PER_SECOND / 2, least), most)


def iso(time_ns: int) -> str:
    """ISO 8601 in UTC of ns since the epoch."""
    return dt.datetime.fromtimestamp(time_ns / NS_PER_S, dt.UTC).isoformat()
