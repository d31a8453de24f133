"""OpenAI's files and batches: `/v1/files`, `/v1/batches`."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from aiohttp.web import FileField

from deployments.simulator.batches.batch import VALIDATED, WORKED, Problem, SimulatedBatch
from deployments.simulator.batches.queue import Queue
from deployments.simulator.batches.results import Result
from deployments.simulator.interfaces.exchange import Refusal, body_of, respond
from deployments.simulator.interfaces.openai_chat import OpenAIChat

if TYPE_CHECKING:
    from deployments.simulator.provider import SimulatedProvider

DAY_S = 86_400
ENDPOINT = "/v1/chat/completions"
STATUS = {"ended": "completed"}
UNREACHED = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request was not executed because the batch was cancelled."),
}


class OpenAIBatches:
    """Routes for files and batches."""

    def __init__(self, provider: "SimulatedProvider") -> None:
        self.provider, self.interface = provider, OpenAIChat()
        self.shelf = provider.shelf
        self.queue = Queue(provider.shelf, self.interface, provider.model)

    def routes(self) -> list[web.RouteDef]:
        """The routes, each with the faults of any request."""
        guarded = self.provider.guarded
        return [
            web.post("/v1/files", guarded(self.interface, self.upload)),
            web.get("/v1/files/{id}", guarded(self.interface, self.show_file)),
            web.get("/v1/files/{id}/content", guarded(self.interface, self.content)),
            web.delete("/v1/files/{id}", guarded(self.interface, self.delete)),
            web.post("/v1/batches", guarded(self.interface, self.create)),
            web.get("/v1/batches", guarded(self.interface, self.show_all)),
            web.get("/v1/batches/{id}", guarded(self.interface, self.show)),
            web.post("/v1/batches/{id}/cancel", guarded(self.interface, self.cancel)),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """`POST /v1/files`: a multipart form with purpose and file."""
        form = await request.post()
        file, purpose = form.get("file"), form.get("purpose")
        if not isinstance(file, FileField) or purpose != "batch":
            raise Refusal("bad_request", 400, "The simulated provider takes a 'file' with the purpose 'batch'.")
        number = len(self.shelf.names("meta-file-simulated-")) + 1
        return respond(self.file(f"file-simulated-{number:06d}", file.filename, "batch", file.file.read()))

    def file(self, name: str, filename: str, purpose: str, data: bytes) -> dict[str, Any]:
        """Keep a file, and say what is known of it."""
        known = {
            "id": name,
            "object": "file",
            "bytes": len(data),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        self.shelf.put(name, data)
        self.shelf.put(f"meta-{name}", orjson.dumps(known))
        return known

    def data(self, name: str) -> bytes:
        """What lies on the shelf under *name*.

        Raises:
            Refusal: If nothing does.
        """
        data = self.shelf.get(name)
        if data is None:
            raise Refusal("not_found", 404, f"No such File object: {name.removeprefix('meta-')}")
        return data

    async def show_file(self, request: web.Request) -> web.Response:
        """`GET /v1/files/{id}`."""
        self.data(request.match_info["id"])
        return respond(orjson.loads(self.data(f"meta-{request.match_info['id']}")))

    async def content(self, request: web.Request) -> web.Response:
        """`GET /v1/files/{id}/content`."""
        return web.Response(body=self.data(request.match_info["id"]), content_type="application/octet-stream")

    async def delete(self, request: web.Request) -> web.Response:
        """`DELETE /v1/files/{id}`."""
        name = request.match_info["id"]
        self.data(name)
        self.shelf.drop(name)
        return respond({"id": name, "object": "file", "deleted": True})

    async def create(self, request: web.Request) -> web.Response:
        """`POST /v1/batches`: it is handed in before the time of the answer begins."""
        body = await body_of(request)
        if body.get("endpoint") != ENDPOINT or body.get("completion_window") != "24h":
            raise Refusal("bad_request", 400, f"The simulated provider takes endpoint '{ENDPOINT}', window '24h'.")
        metadata = body.get("metadata")
        if metadata and (len(metadata) > 16 or any(len(k) > 64 or len(v) > 512 for k, v in metadata.items())):
            raise Refusal("bad_request", 400, "Metadata has at most 16 pairs, keys of 64 and values of 512 characters.")
        name = str(body.get("input_file_id"))
        lines = self.data(name).splitlines()
        problems = [Problem(code="internal_error", message="Simulated failure of the batch.")]
        problems = problems if self.provider.faults.batch_fails else problems_of(lines)
        batch = self.queue.hand_in(name, len(lines), self.provider.faults, metadata, problems)
        return respond(self.shown(batch))

    async def show_all(self, request: web.Request) -> web.Response:
        """`GET /v1/batches?limit=&after=`: newest first."""
        batches, after = self.queue.all(), request.query.get("after")
        if after:
            batches = [batch for batch in batches if batch.id < self.queue.find(after).id]
        limit = int(request.query.get("limit", "20"))
        page = [self.shown(batch) for batch in batches[:limit]]
        ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return respond({"object": "list", "data": page, "has_more": len(batches) > limit, **ends})

    async def show(self, request: web.Request) -> web.Response:
        """`GET /v1/batches/{id}`."""
        return respond(self.shown(self.queue.find(request.match_info["id"])))

    async def cancel(self, request: web.Request) -> web.Response:
        """`POST /v1/batches/{id}/cancel`."""
        return respond(self.shown(self.queue.cancel(self.queue.find(request.match_info["id"]))))

    def shown(self, batch: SimulatedBatch) -> dict[str, Any]:
        """*batch* as it stands now; its files are written when it is through."""
        now = time.time()
        stage = batch.stage(now)
        results = self.queue.results(batch) if batch.final(now) else ()
        completed = [result for result in results if result.outcome == "succeeded"]
        others = [result for result in results if result.outcome != "succeeded"]
        status = (
            "expired" if stage == "ended" and any(r.outcome == "expired" for r in others) else STATUS.get(stage, stage)
        )
        done = len(completed) if results else batch.worked(now)
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": ENDPOINT,
            "errors": {"object": "list", "data": [p.model_dump() for p in batch.problems]}
            if stage == "failed"
            else None,
            "input_file_id": batch.input_file,
            "completion_window": "24h",
            "status": status,
            "output_file_id": self.written(batch, "output", completed),
            "error_file_id": self.written(batch, "error", others),
            "request_counts": {"total": batch.items, "completed": done, "failed": len(others)},
            "metadata": batch.metadata,
            **times(batch, now, status),
        }

    def written(self, batch: SimulatedBatch, sort: str, results: Sequence[Result]) -> str | None:
        """Name of the file with these *results*, which is written if it is not yet; None for none."""
        if not results:
            return None
        name = f"file-{batch.id}-{sort}"
        if self.shelf.get(f"meta-{name}") is None:
            lines = [orjson.dumps(self.line(result, batch)) for result in results]
            self.file(name, f"{batch.id}_{sort}.jsonl", "batch_output", b"\n".join(lines) + b"\n")
        return name

    def line(self, result: Result, batch: SimulatedBatch) -> dict[str, Any]:
        """A result as a line of the output file or the error file."""
        response, error = None, None
        name = f"{batch.id}_{result.custom_id}"
        if result.said:
            response = {"status_code": 200, "request_id": name, "body": self.interface.answered(result.said)}
        elif result.refusal:
            body = self.interface.refused(result.refusal).body
            response = {"status_code": result.refusal.status, "request_id": name, "body": body}
        else:
            code, message = UNREACHED[result.outcome]
            error = {"code": code, "message": message}
        return {"id": f"batch_req_{name}", "custom_id": result.custom_id, "response": response, "error": error}


def times(batch: SimulatedBatch, now: float, status: str) -> dict[str, int | None]:
    """When what happened to *batch*."""
    moments: dict[str, float | None] = {
        "created_at": batch.created_at,
        "in_progress_at": batch.created_at + VALIDATED * batch.seconds,
        "finalizing_at": batch.created_at + WORKED * batch.seconds,
        "cancelling_at": batch.cancelled_at,
    }
    ended = (batch.cancelled_at or batch.created_at) + (VALIDATED if batch.cancelled_at else 1) * batch.seconds
    if status in ("completed", "expired", "cancelled", "failed"):
        moments[f"{status}_at"] = ended
    shown = {name: int(at) for name, at in moments.items() if at is not None and at <= now}
    return {**shown, "expires_at": int(batch.created_at + DAY_S)}


def problems_of(lines: Sequence[bytes]) -> list[Problem]:
    """What is wrong with an input file, line by line."""
    problems: list[Problem] = []
    seen: set[str] = set()
    models: set[str] = set()
    for number, line in enumerate(lines, start=1):
        try:
            item: Mapping[str, Any] = orjson.loads(line)
        except orjson.JSONDecodeError:
            problems.append(Problem(code="invalid_json_line", message="This line is not valid JSON.", line=number))
            continue
        name = item.get("custom_id")
        if not isinstance(name, str) or name in seen:
            code = "duplicate_custom_id" if name in seen else "missing_required_parameter"
            problems.append(Problem(code=code, message=f"custom_id: {name!r}", line=number, param="custom_id"))
        if item.get("method") != "POST" or item.get("url") != ENDPOINT or not isinstance(item.get("body"), Mapping):
            message = f"A line has method POST, url {ENDPOINT} and a body."
            problems.append(Problem(code="invalid_request", message=message, line=number))
            continue
        seen.add(str(name))
        models.add(str(item["body"].get("model")))
    if len(models) > 1:
        problems.append(Problem(code="mismatched_model", message=f"One model for a batch, not {sorted(models)}."))
    return problems or ([] if lines else [Problem(code="empty_file", message="The input file is empty.")])
