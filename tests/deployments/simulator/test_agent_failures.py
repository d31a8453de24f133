"""How the simulated agent fails, and what it tells of that."""

import dataclasses
import datetime as dt
import json

from deployments.simulator.agent import QUIET, STATES, TOOL_OF_STATE
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic

TRAFFIC = Traffic(
    project="p", until=dt.date(2026, 11, 19), days=2, spans=4000, chat_share=0, legacy_share=0, agent_failure=0.4
)


def told(traffic):
    """The truth of failing traces, and by trace what the root says and the steps."""
    simulation = simulate(traffic)
    roots = {s.trace_id: json.loads(s.attributes["metadata"]) for s in simulation.spans if s.parent_id is None}
    days = simulation.truth.days.values()
    states = {trace: state for day in days for trace, state in day.failed_traces.items()}
    spans = {trace: span for day in days for trace, span in day.failed_spans.items()}
    return simulation, roots, states, spans


def test_roots_tell_the_first_failure_and_the_last_success_as_they_are():
    _, roots, states, _ = told(TRAFFIC)
    for trace, root in roots.items():
        failed = states.get(trace, "none")
        assert root["first_failure_state"] == failed
        place = STATES.index(failed) if failed != "none" else len(STATES)
        assert root["last_success_state"] == (STATES[place - 1] if place else "none")


def test_a_share_of_the_roots_can_be_labelled_and_nothing_else_changes():
    whole, few = (told(dataclasses.replace(TRAFFIC, agent_labels=share)) for share in (1.0, 0.3))
    labelled = sum("first_failure_state" in root for root in few[1].values())
    assert 0.2 < labelled / len(few[1]) < 0.4
    assert whole[2:] == few[2:]
    assert [span.span_id for span in whole[0].spans] == [span.span_id for span in few[0].spans]


def test_quiet_failures_tell_of_no_error_and_their_tool_fails_for_what_it_was_given():
    simulation, _, states, spans = told(dataclasses.replace(TRAFFIC, agent_quiet=1.0))
    by_id = {span.span_id: span for span in simulation.spans}
    quiet = {trace: by_id[span] for trace, span in spans.items() if by_id[span].kind == "LLM"}
    assert quiet
    assert all(span.status == "OK" and span.attributes["output.value"] == QUIET for span in quiet.values())
    for trace, span in quiet.items():
        after = [s for s in simulation.spans if s.trace_id == trace and s.parent_id and s.start_ns > span.start_ns]
        assert [s.status for s in after] == (["ERROR"] if states[trace] in TOOL_OF_STATE else [])
