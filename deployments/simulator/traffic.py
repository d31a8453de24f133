"""The settings of simulated traffic: how much, when, and what goes wrong how often."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

DEMO_PROJECT = "nightjar-demo"


def yesterday() -> dt.date:
    """The last whole UTC day."""
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


@dataclass(frozen=True)
class Incident:
    """A few bad hours of the simulated telemetry database.

    Attributes:
        day: UTC day; the last simulated one when not given.
        start_hour: Hour of the day it starts, UTC.
        hours: How long it lasts.
        error_rate: Share of queries that fail in it.
        latency_factor: How much slower queries are in it.
    """

    day: dt.date | None = None
    start_hour: int = 13
    hours: int = 3
    error_rate: float = 0.65
    latency_factor: float = 6.0


def state_weights() -> dict[str, float]:
    """Where a failing recipe-agent trace fails, relative to each other."""
    return {
        "ParseRequest": 4,
        "PlanToolCalls": 8,
        "GenCustomerArgs": 6,
        "GetCustomerProfile": 7,
        "GenRecipeArgs": 22,
        "GetRecipes": 18,
        "GenWebArgs": 16,
        "GetWebInfo": 14,
        "ComposeResponse": 5,
    }


@dataclass(frozen=True)
class Traffic:
    """What to simulate. Equal settings give equal spans, ids included; the project is part of every id.

    Attributes:
        project: Phoenix project.
        seed: Equal seeds give equal spans.
        days: How many UTC days.
        until: The last of them; yesterday by default.
        spans: How many spans in all, about.
        chat_share: Share of the spans that are the text-to-SQL chat's.
        legacy_share: Share that are the legacy gateway's, in other dialects; the recipe agent has the rest.
        users: How many users the chat has.
        agent_failure: Share of the recipe agent's traces that fail at one of its states.
        failing_states: At which state a failing trace fails, as relative weights.
        agent_quiet: Share of the agent's traces whose LLM step, where one fails, tells of no error.
        agent_labels: Share of the agent's traces whose root tells the state that failed, as applications may record it.
        invalid_tool_call: Share of the agent's tool calls with invalid arguments.
        hallucination: Share of the chat's SQL that is hallucinated, in the control variant.
        treatment_effect: What the treatment variant multiplies that share with.
        refusal: Share of the chat's questions that are refused.
        sql_error: Share of the chat's queries that time out.
        invalid_json: Share of the answers declared JSON that do not parse.
        slow: Share of LLM calls that are 8 to 15 times slower.
        cached: Share of follow-up questions whose prompt is read from the provider's cache.
        incident: A few bad hours; None for none.
    """

    project: str = DEMO_PROJECT
    seed: int = 7
    days: int = 14
    until: dt.date = field(default_factory=yesterday)
    spans: int = 5000
    chat_share: float = 0.58
    legacy_share: float = 0.04
    users: int = 60
    agent_failure: float = 0.18
    failing_states: Mapping[str, float] = field(default_factory=state_weights)
    agent_quiet: float = 0.0
    agent_labels: float = 1.0
    invalid_tool_call: float = 0.08
    hallucination: float = 0.10
    treatment_effect: float = 0.5
    refusal: float = 0.05
    sql_error: float = 0.015
    invalid_json: float = 0.04
    slow: float = 0.01
    cached: float = 0.6
    incident: Incident | None = Incident()

    @property
    def all_days(self) -> tuple[dt.date, ...]:
        """The simulated UTC days, in order."""
        return tuple(self.until - dt.timedelta(days=back) for back in reversed(range(self.days)))

    @property
    def incident_day(self) -> dt.date | None:
        """The day of the injected incident, None when there is none."""
        return None if self.incident is None else self.incident.day or self.until
