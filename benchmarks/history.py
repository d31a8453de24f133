"""The cost of fetching one window does not grow with the project's history: wall time and server CPU, x against 10x."""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass

from benchmarks.measure import Figure, at_most, write_results
from benchmarks.server import WINDOW, Server, add_history, fill_window, running_phoenix
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.settings import PhoenixSettings

PROJECT = "history"
PATHS = ["openinference", "llm", "input", "output", "session", "metadata", "retrieval", "tool", "user", "tag"]
GOAL = 1.3
GROWTH = 10


@dataclass(frozen=True)
class Cost:
    """What one fetch of the window cost."""

    spans: int
    wall_seconds: float
    phoenix_cpu_seconds: float
    server_cpu_seconds: float


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window-spans", type=int, default=4_950)
    parser.add_argument("--hours", type=int, default=10, help="hours of history of the smaller project")
    parser.add_argument("--passes", type=int, default=7)
    options = parser.parse_args()
    with running_phoenix() as server:
        fill_window(server, PROJECT, options.window_spans)
        short = add_history(server, PROJECT, range(1, options.hours))
        before = cost(server, options.passes)
        long = add_history(server, PROJECT, range(options.hours, options.hours * GROWTH))
        after = cost(server, options.passes)
    write_results("history", figures(short, before, long, after))


def cost(server: Server, passes: int) -> Cost:
    """The median cost of fetching WINDOW, after one pass to warm up."""
    costs = [asyncio.run(fetch(server)) for _ in range(passes + 1)][1:]
    return Cost(
        costs[0].spans,
        statistics.median(c.wall_seconds for c in costs),
        statistics.median(c.phoenix_cpu_seconds for c in costs),
        statistics.median(c.server_cpu_seconds for c in costs),
    )


async def fetch(server: Server) -> Cost:
    """Fetch WINDOW once, as ingestion does."""
    async with Phoenix(PhoenixSettings(url=server.url)) as phoenix:
        await phoenix.ping()
        (phoenix_before, database_before), began = server.cpu_seconds(), time.perf_counter()
        count = 0
        async for chunk in phoenix.spans(PROJECT, WINDOW, PATHS):
            count += len(chunk)
        wall = time.perf_counter() - began
        phoenix_after, database_after = server.cpu_seconds()
    used = phoenix_after - phoenix_before
    return Cost(count, wall, used, used + database_after - database_before)


def figures(short: int, before: Cost, long: int, after: Cost) -> list[Figure]:
    """The two costs side by side, and how much the larger history adds."""
    return [
        Figure("spans in the window", after.spans, "spans", f"{before.spans}, the same", after.spans == before.spans),
        Figure("history, short", short, "spans"),
        Figure("history, long", long, "spans"),
        Figure("wall, short history", round(before.wall_seconds, 3), "s"),
        Figure("wall, long history", round(after.wall_seconds, 3), "s"),
        at_most("wall, long over short", after.wall_seconds / before.wall_seconds, "times", GOAL),
        Figure("Phoenix CPU, short history", round(before.phoenix_cpu_seconds, 3), "s"),
        Figure("Phoenix CPU, long history", round(after.phoenix_cpu_seconds, 3), "s"),
        at_most("Phoenix CPU, long over short", after.phoenix_cpu_seconds / before.phoenix_cpu_seconds, "times", GOAL),
        at_most(
            "Phoenix and PostgreSQL CPU, long over short",
            after.server_cpu_seconds / before.server_cpu_seconds,
            "times",
            GOAL,
        ),
    ]


if __name__ == "__main__":
    main()
