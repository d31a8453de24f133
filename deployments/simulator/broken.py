"""A small simulated project with an instrumentation bug, to show what a failing check looks like."""

import dataclasses
import datetime as dt
import random
from itertools import islice

from deployments.simulator import agent
from deployments.simulator.prices import Usage
from deployments.simulator.simulation import Simulation, simulation_of
from deployments.simulator.spans import NS_PER_MS, SimulatedSpan, SimulatedTrace
from deployments.simulator.traffic import Traffic, yesterday

BROKEN_PROJECT = "nightjar-broken"
TRACES = 4
MALFORMED = 3


def broken(seed: int = 7, project: str = BROKEN_PROJECT, day: dt.date | None = None) -> Simulation:
    """About 40 spans of *day* (yesterday): LLM spans report negative tokens, three tool spans end before they start."""
    traffic = Traffic(project=project, seed=seed, days=1, until=day or yesterday(), agent_failure=0.0, incident=None)
    rng = random.Random(f"{seed}/{project}/broken")
    whole = list(islice(agent.traces(traffic, traffic.until, rng), TRACES))
    traces = [dataclasses.replace(trace, spans=tuple(map(with_negative_tokens, trace.spans))) for trace in whole]
    traces[:MALFORMED] = [with_malformed_tool(trace) for trace in traces[:MALFORMED]]
    simulation = simulation_of(traffic, traces)
    simulation.truth.negative_tokens = [s.span_id for s in simulation.spans if s.usage and s.usage.prompt < 0]
    simulation.truth.malformed = [s.span_id for s in simulation.spans if s.end_ns < s.start_ns]
    return simulation


def with_negative_tokens(span: SimulatedSpan) -> SimulatedSpan:
    """The simulated bug: the instrumentation reports its counters with the wrong sign."""
    if span.usage is None:
        return span
    usage = Usage(span.usage.model, -span.usage.prompt, -span.usage.completion)
    return dataclasses.replace(span, usage=usage, attributes={**span.attributes, **usage.attributes})


def with_malformed_tool(trace: SimulatedTrace) -> SimulatedTrace:
    """The simulated clock skew: the first tool step ends before it starts."""
    first = next(i for i, span in enumerate(trace.spans) if span.kind == "TOOL")
    skewed = dataclasses.replace(trace.spans[first], end_ns=trace.spans[first].start_ns - 500 * NS_PER_MS)
    return dataclasses.replace(trace, spans=(*trace.spans[:first], skewed, *trace.spans[first + 1 :]))
