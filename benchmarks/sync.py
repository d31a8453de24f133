"""Trajectory sync: spans that are stored already, and conversations made of spans.

Ten thousand stored spans are skipped, beside the same listing of ids with nothing done to them. Conversations are made
of spans in three dialects on one core, nothing read or written.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Figure, at_least, write_results
from tasks.shared.gateways.knowledge import Trajectory, local_vectors, open_store, passed_over
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.records import RawSpan
from tasks.shared.settings import PhoenixSettings, SyncSettings
from tasks.sync.syncing import Source, bring
from tasks.sync.trajectories import Harvest, reap

PROJECT, SPANS, PASSES = "sync", 9_900, 9
CONVERSATIONS = 6_000


def main() -> None:
    """Measure both, and write the results."""
    from benchmarks.server import fill_window, running_phoenix

    figures = [conversion()]
    with running_phoenix() as server, tempfile.TemporaryDirectory(prefix="nightjar-sync-") as folder:
        fill_window(server, PROJECT, SPANS)
        figures += asyncio.run(skipping(server.url, Path(folder)))
    write_results("sync", figures)


async def skipping(url: str, folder: Path) -> list[Figure]:
    """Spans a second that are listed, and that are skipped because they are stored; medians."""
    settings, source = SyncSettings(folder=str(folder), spans=()), Source(PROJECT, 1_000_000, include_errors=True)
    alone: list[float] = []
    skipped: list[float] = []
    async with Phoenix(PhoenixSettings(url=url)) as phoenix, open_store(settings, "team", local_vectors) as store:
        ids = [each.span_id async for page in phoenix.newest_spans(PROJECT, None, source.limit) for each in page]
        store.add([stored(span_id) for span_id in ids])
        passed = passed_over(settings, "team")

        async def list_ids() -> None:
            began = time.perf_counter()
            listed = sum([len(page) async for page in phoenix.newest_spans(PROJECT, None, source.limit)])
            alone.append(listed / (time.perf_counter() - began))

        async def skip_all() -> None:
            began = time.perf_counter()
            synced = await bring(phoenix, store, settings, source, lambda _words: None, passed=passed)
            skipped.append(synced.looked_at / (time.perf_counter() - began))
            if synced.stored or synced.harvest.skipped != {"seen_before": len(ids)}:
                message = f"not all of {len(ids)} spans were skipped: {synced}"
                raise SystemExit(message)

        for number in range(PASSES):
            for each in (list_ids, skip_all) if number % 2 else (skip_all, list_ids):
                await each()
    listing, skip = statistics.median(alone), statistics.median(skipped)
    return [
        Figure("stored spans that were met", len(ids), "spans"),
        Figure("ids listed, nothing done with them", round(listing), "spans/s"),
        Figure("stored spans skipped", round(skip), "spans/s"),
        at_least("skipping over listing", skip / listing, "times", 0.9),
    ]


def conversion() -> Figure:
    """Conversations a second, spans to trajectories; a median."""
    spans = [span_of(number) for number in range(CONVERSATIONS)]
    rates = []
    for _ in range(PASSES):
        harvest, began = Harvest(), time.perf_counter()
        reap(spans, PROJECT, harvest)
        rates.append(len(harvest.trajectories) / (time.perf_counter() - began))
        if len(harvest.trajectories) != CONVERSATIONS or harvest.errors:
            message = f"{len(harvest.trajectories)} of {CONVERSATIONS} conversations were made: {harvest.errors}"
            raise SystemExit(message)
    return at_least("conversations converted, ten turns each", statistics.median(rates), "conversations/s", 2_000)


def span_of(number: int) -> RawSpan:
    """A conversation of ten turns with two tool calls, in one of three dialects."""
    blocks = [
        {"role": "system", "content": f"You help. {number}"},
        *(
            {"role": ("user", "assistant")[n % 2], "content": f"Turn {n} of conversation {number}. " * 8}
            for n in range(5)
        ),
    ]
    call = {"type": "tool_use", "id": "t1", "name": "find", "input": {"q": "soup", "n": number}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "three found " * 20}]}
    turns: list[dict[str, Any]] = [
        *blocks,
        {"role": "assistant", "content": [{"type": "text", "text": "I look it up."}, call]},
        {"role": "user", "content": [result, {"type": "text", "text": "<system-reminder>x</system-reminder>Go on."}]},
        {"role": "assistant", "content": [{**call, "id": "t2"}]},
    ]
    return {
        "span_id": f"{number:016x}",
        "trace_id": f"{number:032x}",
        "parent_id": None,
        "name": "litellm_request",
        "kind": "LLM",
        "status_code": "OK",
        "status_message": "",
        "start_time": "2026-03-01T12:00:00.000000+00:00",
        "end_time": "2026-03-01T12:00:01.000000+00:00",
        "attributes": dialect(number % 3, turns),
        "events": None,
    }


def dialect(kind: int, turns: list[dict[str, Any]]) -> dict[str, Any]:
    """The turns as traceloop's attributes with JSON or Python literals for content, or as OpenTelemetry's messages."""
    import orjson

    done = {"role": "assistant", "content": "Here are three soups."}
    if kind == 2:
        return {
            "gen_ai": {
                "input": {"messages": orjson.dumps(turns).decode()},
                "output": {"messages": orjson.dumps([done]).decode()},
            }
        }
    write = (lambda value: orjson.dumps(value).decode()) if kind == 0 else repr
    prompts = [t | {"content": t["content"] if isinstance(t["content"], str) else write(t["content"])} for t in turns]
    return {"gen_ai": {"prompt": prompts, "completion": [done], "usage": {"prompt_tokens": 100}}}


def stored(span_id: str) -> Trajectory:
    """A short trajectory of that span."""
    messages = ({"role": "user", "content": span_id},)
    return Trajectory(span_id * 2, span_id, PROJECT, "m", "2026-03-01T12:00:00+00:00", 1, {}, messages)


if __name__ == "__main__":
    main()
