"""Fetch, normalise, check and store a window, against the Phoenix client's `get_spans_dataframe` alone on the same one.

Each reader is a process of its own that has done its imports before the clock starts; neither has the Phoenix server
installed beside it. Memory is the peak of the process, and how far that is above what the imports took.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks.measure import Figure, at_least, at_most, peak_memory_mib, write_results

READERS = ("nightjar", "client")


def main() -> None:
    """Run the benchmark, or be one of its readers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, nargs="+", default=[9_900, 49_950])
    parser.add_argument("--large", type=int, default=99_900, help="read by Nightjar alone, for its memory")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--read-as", choices=READERS, help="(used by the benchmark itself)")
    parser.add_argument("--url", default="")
    parser.add_argument("--project", default="")
    options = parser.parse_args()
    if options.read_as:
        reader = {"nightjar": read_as_nightjar, "client": read_as_client}[options.read_as]
        print(json.dumps(reader(options.url, options.project)))
        return
    from benchmarks.server import fill_window, running_phoenix

    figures: list[Figure] = []
    with running_phoenix() as server:
        for count in options.spans:
            project = f"fetch-{count}"
            stored = fill_window(server, project, count)
            passes = [{r: read(r, server.url, project) for r in READERS} for _ in range(options.passes)]
            figures += compared(stored, {r: [p[r] for p in passes] for r in READERS})
        stored = fill_window(server, "fetch-large", options.large)
        alone = [read("nightjar", server.url, "fetch-large") for _ in range(options.passes)]
        peak_mib = statistics.median(one["peak_mib"] for one in alone)
        figures.append(at_most(f"{stored} spans: nightjar, peak memory", peak_mib, "MiB", 500))
    write_results("fetch", figures)


def read(reader: str, url: str, project: str) -> dict[str, float]:
    """One pass of *reader* in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fetch", "--read-as", reader, "--url", url, "--project", project],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the reader {reader} failed:\n{done.stderr[-3000:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def read_as_nightjar(url: str, project: str) -> dict[str, float]:
    """What the task `fetch_spans` does, without Prefect around it."""
    import great_expectations  # noqa: F401 - the imports are done before the clock starts
    import httpx
    import pandas  # noqa: F401

    from benchmarks.server import WINDOW
    from tasks.fetch.intake import take_in
    from tasks.shared.gateways.phoenix import Phoenix
    from tasks.shared.settings import LakeSettings, PhoenixSettings, Settings

    waited = waiting_time(httpx.AsyncClient)
    before_mib = peak_memory_mib()

    async def run(root: str) -> tuple[int, float]:
        settings = Settings(phoenix=PhoenixSettings(url=url), lake=LakeSettings(root=root))
        began = time.perf_counter()
        async with Phoenix(settings.phoenix) as phoenix:
            batch = await take_in(phoenix, settings, project, WINDOW)
        return batch.rows, time.perf_counter() - began

    with tempfile.TemporaryDirectory(prefix="nightjar-fetch-") as root:
        spans, seconds = asyncio.run(run(root))
    return used(spans, seconds, before_mib) | {"waiting": waited[0] / seconds}


def read_as_client(url: str, project: str) -> dict[str, float]:
    """`get_spans_dataframe` as its users call it, with a limit and a timeout that let the window through."""
    from phoenix.client import Client

    from benchmarks.server import WINDOW

    client = Client(base_url=url)
    before_mib = peak_memory_mib()
    began = time.perf_counter()
    frame = client.spans.get_spans_dataframe(
        project_identifier=project, start_time=WINDOW.start, end_time=WINDOW.end, limit=1_000_000, timeout=600
    )
    return used(len(frame), time.perf_counter() - began, before_mib)


def used(spans: int, seconds: float, before_mib: float) -> dict[str, float]:
    """What a pass took."""
    peak = peak_memory_mib()
    return {"spans": spans, "seconds": seconds, "peak_mib": peak, "above_imports_mib": peak - before_mib}


def waiting_time(client: Any) -> list[float]:
    """Seconds in which a request was under way, added up in the one item of the list as they pass (one at a time)."""
    total, send = [0.0], client.send

    async def timed(self: Any, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return await send(self, *arguments, **named)
        finally:
            total[0] += time.perf_counter() - began

    client.send = timed
    return total


def compared(stored: int, passes: dict[str, list[dict[str, float]]]) -> list[Figure]:
    """The medians side by side, with the goals."""

    def median(reader: str, what: str) -> float:
        return statistics.median(one[what] for one in passes[reader])

    seen = {one["spans"] for ones in passes.values() for one in ones}
    of = f"{stored} spans"
    figures = [Figure(f"{of}: read by both, complete", stored, "spans", "all", seen == {stored})]
    for reader in READERS:
        figures.append(Figure(f"{of}: {reader}", round(stored / median(reader, "seconds")), "spans/s"))
        figures.append(Figure(f"{of}: {reader}, peak memory", round(median(reader, "peak_mib")), "MiB"))
    return [
        *figures,
        at_least(f"{of}: speed, ratio", median("client", "seconds") / median("nightjar", "seconds"), "times", 5),
        at_least(f"{of}: share of wall time with a request at Phoenix", median("nightjar", "waiting"), "", 0.7),
        at_most(
            f"{of}: peak memory, ratio", median("nightjar", "peak_mib") / median("client", "peak_mib"), "times", 0.25
        ),
        at_most(
            f"{of}: memory above the imports, ratio",
            median("nightjar", "above_imports_mib") / median("client", "above_imports_mib"),
            "times",
            0.25,
        ),
    ]


if __name__ == "__main__":
    main()
