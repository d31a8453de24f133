"""Anthropic's message batches: `/v1/messages/batches`."""

import datetime as dt
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from deployments.simulator.batches.batch import VALIDATED, SimulatedBatch
from deployments.simulator.batches.openai_batches import DAY_S
from deployments.simulator.batches.queue import Queue
from deployments.simulator.batches.results import Result
from deployments.simulator.interfaces.anthropic_messages import AnthropicMessages
from deployments.simulator.interfaces.exchange import Refusal, body_of, respond

if TYPE_CHECKING:
    from deployments.simulator.provider import SimulatedProvider

CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
OUTCOMES = {"cancelled": "canceled"}


class AnthropicBatches:
    """Routes for message batches."""

    def __init__(self, provider: "SimulatedProvider") -> None:
        self.provider, self.interface = provider, AnthropicMessages()
        self.queue = Queue(provider.shelf, self.interface, provider.model)

    def routes(self) -> list[web.RouteDef]:
        """The routes, each with the faults of any request."""
        guarded, path = self.provider.guarded, "/v1/messages/batches"
        return [
            web.post(path, guarded(self.interface, self.create)),
            web.get(path, guarded(self.interface, self.show_all)),
            web.get(f"{path}/{{id}}", guarded(self.interface, self.show)),
            web.get(f"{path}/{{id}}/results", guarded(self.interface, self.results)),
            web.post(f"{path}/{{id}}/cancel", guarded(self.interface, self.cancel)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """`POST /v1/messages/batches`: it is handed in before the time of the answer begins."""
        requests = (await body_of(request)).get("requests")
        if not requests:
            raise Refusal("bad_request", 400, "requests: at least one is required")
        names = [each.get("custom_id") for each in requests]
        for number, name in enumerate(names):
            if not isinstance(name, str) or not CUSTOM_ID.fullmatch(name):
                raise Refusal("bad_request", 400, f"requests.{number}.custom_id: must match '^[a-zA-Z0-9_-]{{1,64}}$'")
        if repeated := [name for name, count in Counter(names).items() if count > 1]:
            raise Refusal("bad_request", 400, f"requests: custom_id must be unique, {repeated[0]!r} is not")
        lines = [orjson.dumps({"custom_id": each["custom_id"], "body": each["params"]}) for each in requests]
        shelf = self.provider.shelf
        input_file = f"requests-{len(shelf.names('requests-')) + 1:06d}"
        shelf.put(input_file, b"\n".join(lines))
        return respond(self.shown(self.queue.hand_in(input_file, len(lines), self.provider.faults, None, []), request))

    async def show_all(self, request: web.Request) -> web.Response:
        """`GET /v1/messages/batches?limit=&after_id=&before_id=`: newest first."""
        query, batches = request.query, self.queue.all()
        limit = int(query.get("limit", "20"))
        if after := query.get("after_id"):
            batches = [batch for batch in batches if batch.id < after]
        if before := query.get("before_id"):
            batches = [batch for batch in batches if batch.id > before][-limit:]
        page = [self.shown(batch, request) for batch in batches[:limit]]
        ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return respond({"data": page, "has_more": len(batches) > limit, **ends})

    async def show(self, request: web.Request) -> web.Response:
        """`GET /v1/messages/batches/{id}`."""
        return respond(self.shown(self.queue.find(request.match_info["id"]), request))

    async def cancel(self, request: web.Request) -> web.Response:
        """`POST /v1/messages/batches/{id}/cancel`."""
        return respond(self.shown(self.queue.cancel(self.queue.find(request.match_info["id"])), request))

    async def results(self, request: web.Request) -> web.Response:
        """`GET /v1/messages/batches/{id}/results`: one JSON object a line."""
        batch = self.queue.find(request.match_info["id"])
        if not batch.final(time.time()):
            raise Refusal("bad_request", 400, f"The batch {batch.id} has no results yet.")
        lines = [orjson.dumps(self.line(result)) for result in self.queue.results(batch)]
        return web.Response(body=b"\n".join(lines) + b"\n", content_type="application/x-jsonl")

    def line(self, result: Result) -> dict[str, Any]:
        """A result as a line of the results."""
        kind = OUTCOMES.get(result.outcome, result.outcome)
        made: dict[str, Any] = {"type": kind}
        if result.said:
            message = self.interface.answered(result.said)
            made["message"] = {**message, "usage": {**message["usage"], "service_tier": "batch"}}
        if result.refusal:
            made["error"] = self.interface.refused(result.refusal).body
        return {"custom_id": result.custom_id, "result": made}

    def shown(self, batch: SimulatedBatch, request: web.Request) -> dict[str, Any]:
        """*batch* as it stands now; counts are zero until it has ended."""
        now = time.time()
        final = batch.final(now)
        counts = Counter(OUTCOMES.get(r.outcome, r.outcome) for r in (self.queue.results(batch) if final else ()))
        sorts = ("succeeded", "errored", "canceled", "expired")
        ended_at = (batch.cancelled_at or batch.created_at) + (VALIDATED if batch.cancelled_at else 1) * batch.seconds
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if final else "in_progress" if batch.cancelled_at is None else "canceling",
            "request_counts": {"processing": 0 if final else batch.items, **{sort: counts[sort] for sort in sorts}},
            "created_at": moment(batch.created_at),
            "expires_at": moment(batch.created_at + DAY_S),
            "ended_at": moment(ended_at) if final else None,
            "cancel_initiated_at": moment(batch.cancelled_at) if batch.cancelled_at else None,
            "archived_at": None,
            "results_url": f"{request.url.origin()}/v1/messages/batches/{batch.id}/results" if final else None,
        }


def moment(seconds: float) -> str:
    """Seconds since the epoch as Anthropic writes a time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
