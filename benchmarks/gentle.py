"""What reading does to a Phoenix that takes in spans: Nightjar's gateway beside the Phoenix client, on the same window.

Phoenix is one event loop, so every reader slows its ingest. For each reader: spans stored per second (counted in the
database) and the latency of /healthz, while a queue of spans waits to be stored and the reader pulls again and again.
"""

import argparse
import asyncio
import datetime as dt
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import httpx

from benchmarks.history import PATHS
from benchmarks.measure import Figure, at_least, write_results
from benchmarks.server import HOUR, WINDOW, Server, fill_window, running_phoenix, spans_of_one_hour
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import PhoenixSettings
from tests.traffic import otlp

PULLED, TAKEN_IN = "pulled", "taken-in"
READERS = {"nobody": None, "Nightjar": 0.0, "Nightjar with a pause": 0.2, "Phoenix client": None}
QUEUED_PER_SECOND = 300
HEALTH_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Effect:
    """What was seen while one reader pulled."""

    stored_per_second: float
    health_p50_ms: float
    health_p95_ms: float
    health_worst_ms: float
    pulled_per_second: float


def main() -> None:
    """Run the benchmark, or be one of its readers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=9_900, help="spans in the window that is pulled")
    parser.add_argument("--seconds", type=float, default=20.0, help="per reader")
    parser.add_argument("--read-as", choices=READERS, help="(used by the benchmark itself)")
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    if options.read_as:
        read_for_ever(options.read_as, options.url)
        return
    with running_phoenix() as server:
        fill_window(server, PULLED, options.spans)
        effects = {reader: effect_of(server, reader, options.seconds) for reader in READERS}
    write_results("gentle", figures(effects))


def effect_of(server: Server, reader: str, seconds: float) -> Effect:
    """Queue more spans than can be stored in *seconds*, let *reader* pull, and look."""
    queue(server, int(seconds * QUEUED_PER_SECOND))
    process = start_reader(reader, server.url)
    if process:
        assert process.stdout is not None
        process.stdout.readline()  # it has imported what it needs
    latencies: list[float] = []
    done = threading.Event()
    watcher = threading.Thread(target=watch_health, args=(server.url, done, latencies))
    watcher.start()
    before, began = server.stored(TAKEN_IN), time.perf_counter()
    time.sleep(seconds)
    stored = (server.stored(TAKEN_IN) - before) / (time.perf_counter() - began)
    done.set()
    watcher.join()
    pulled = stop_reader(process) / seconds if process else 0.0
    wait_until_quiet(server)
    ordered = sorted(latencies)
    return Effect(
        stored, statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1], pulled_per_second=pulled
    )


def queue(server: Server, count: int) -> None:
    """Hand Phoenix *count* spans; it accepts them at once and stores them later."""
    spans = spans_of_one_hour(count, HOUR + dt.timedelta(days=1))
    with httpx.Client(base_url=server.url, timeout=120) as client:
        for start in range(0, count, 500):
            request = otlp(TAKEN_IN, spans[start : start + 500]).SerializeToString()
            headers = {"content-type": "application/x-protobuf"}
            client.post("/v1/traces", content=request, headers=headers).raise_for_status()


def wait_until_quiet(server: Server) -> None:
    """Return when nothing more is being stored."""
    last, now = -1, server.stored(TAKEN_IN)
    while now != last:
        time.sleep(2)
        last, now = now, server.stored(TAKEN_IN)


def watch_health(url: str, done: threading.Event, latencies_ms: list[float]) -> None:
    """Ask /healthz ten times a second until *done*."""
    with httpx.Client(base_url=url, timeout=120) as client:
        while not done.wait(HEALTH_EVERY_SECONDS):
            began = time.perf_counter()
            client.get("/healthz").raise_for_status()
            latencies_ms.append((time.perf_counter() - began) * 1000)


def start_reader(reader: str, url: str) -> "subprocess.Popen[str] | None":
    """A process of its own that pulls until it is stopped; none for nobody."""
    if reader == "nobody":
        return None
    command = [sys.executable, "-m", "benchmarks.gentle", "--read-as", reader, "--url", url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def stop_reader(process: "subprocess.Popen[str]") -> int:
    """Stop it, and say how many spans it had pulled."""
    process.terminate()
    output, _ = process.communicate(timeout=30)
    return sum(int(line) for line in output.split())


def read_for_ever(reader: str, url: str) -> None:
    """Pull WINDOW again and again, printing the number of spans after each pull (Nightjar: each chunk)."""
    pause = READERS[reader]
    if pause is None:
        pull_with_client(url)
    else:
        asyncio.run(pull_with_nightjar(url, pause))


async def pull_with_nightjar(url: str, pause_seconds: float) -> None:
    """Nightjar's gateway with its default settings, and *pause_seconds*."""
    async with Phoenix(PhoenixSettings(url=url, pause_seconds=pause_seconds)) as phoenix:
        print("ready", flush=True)
        while True:
            async for chunk in phoenix.spans(PULLED, WINDOW, PATHS):
                print(len(chunk), flush=True)


def pull_with_client(url: str) -> None:
    """The client's own way to get a window as a data frame."""
    from phoenix.client import Client

    client = Client(base_url=url)
    print("ready", flush=True)
    while True:
        frame = client.spans.get_spans_dataframe(
            project_identifier=PULLED, start_time=WINDOW.start, end_time=WINDOW.end, limit=1_000_000, timeout=600
        )
        print(len(frame), flush=True)


def figures(effects: dict[str, Effect]) -> list[Figure]:
    """The effects side by side; Nightjar should leave ingest and health no worse off than the client does."""
    shown = []
    for reader, effect in effects.items():
        shown += [
            Figure(f"stored while {reader} reads", round(effect.stored_per_second, 1), "spans/s"),
            Figure(f"/healthz p50 while {reader} reads", round(effect.health_p50_ms, 1), "ms"),
            Figure(f"/healthz p95 while {reader} reads", round(effect.health_p95_ms, 1), "ms"),
            Figure(f"/healthz worst while {reader} reads", round(effect.health_worst_ms, 1), "ms"),
            Figure(f"pulled by {reader}", round(effect.pulled_per_second, 1), "spans/s"),
        ]
    ours, theirs = effects["Nightjar"], effects["Phoenix client"]
    gain = ours.stored_per_second / max(theirs.stored_per_second, 0.1)
    return [
        *shown,
        at_least("stored, Nightjar over client", gain, "times", 1.0),
        at_least("worst /healthz, client over Nightjar", theirs.health_worst_ms / ours.health_worst_ms, "times", 1.0),
    ]


if __name__ == "__main__":
    main()
