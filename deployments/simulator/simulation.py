"""Settings in, spans and truth out: pure and seeded."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass

from deployments.simulator import agent, chat, legacy
from deployments.simulator.rhythm import spans_of_day
from deployments.simulator.spans import SimulatedSpan, SimulatedTrace
from deployments.simulator.traffic import Traffic
from deployments.simulator.truth import Truth, truth_of


@dataclass(frozen=True)
class Simulation:
    """Spans ordered by start, for one Phoenix project, and the truth about them."""

    project: str
    spans: tuple[SimulatedSpan, ...]
    truth: Truth


def simulate(traffic: Traffic) -> Simulation:
    """Simulate *traffic*. A day's spans depend on the seed, the project, the day and the rates, not on other days."""
    traces = [trace for day in traffic.all_days for trace in simulated_day(traffic, day)]
    return simulation_of(traffic, traces)


def simulation_of(traffic: Traffic, traces: list[SimulatedTrace]) -> Simulation:
    """Put *traces* in the order of time, with their truth."""
    spans = sorted((span for trace in traces for span in trace.spans), key=lambda span: span.start_ns)
    return Simulation(traffic.project, tuple(spans), truth_of(traffic, traces))


def simulated_day(traffic: Traffic, day: dt.date) -> Iterator[SimulatedTrace]:
    """The traces of all three services on *day*."""
    budget = spans_of_day(traffic, day)
    agent_share = 1 - traffic.chat_share - traffic.legacy_share
    shares = ((chat.sessions, traffic.chat_share), (agent.traces, agent_share), (legacy.traces, traffic.legacy_share))
    for service, share in shares:
        rng = random.Random(f"{traffic.seed}/{traffic.project}/{day}/{service.__module__}")
        yield from up_to(service(traffic, day, rng), budget * share)


def up_to(traces: Iterator[SimulatedTrace], spans: float) -> Iterator[SimulatedTrace]:
    """Traces until they have *spans* spans, give or take half a trace."""
    left = spans
    for trace in traces:
        if left < len(trace.spans) / 2:
            return
        left -= len(trace.spans)
        yield trace
