"""Alerts: which rules there are, who is told, how often."""

from typing import Any, Literal

from pydantic import Field

from tasks.shared.settings.section import Positive, Section


class AlertRule(Section):
    """One rule. What is left out is as in the shipped rule of the same name, or else as told here."""

    enabled: bool | None = Field(None, description="false switches the rule off; true by default")
    metric: str | None = Field(None, description="what is measured: a measure, see the table of measures")
    condition: str | None = Field(
        None,
        description="`> 5 %`, `< 0.85`, `> 10 s`; `> budget` or `> 80 % of budget`, that of the window's period; "
        "`rises`, `falls` or `changes` against the same hours of earlier weeks; `no data`; `failed` for flow runs",
    )
    window: str | None = Field(
        None,
        description="over how much time it is measured: `1h`, `6h`, `1d`; `today`, `this week` or `this month` so far, "
        "in UTC",
    )
    for_: str | None = Field(None, alias="for", description="how long it has to last: `2h`; at once by default")
    by: str | None = Field(None, description="dimension, each value of which is a series: name, model, evaluator ...")
    series: tuple[str, ...] | None = Field(
        None, description="values of the dimension that are looked at; all when empty"
    )
    minimum_effect: str | None = Field(
        None, description="by how much it has to exceed the threshold or the usual: `3 %` (of a rate: points)"
    )
    severity: Literal["info", "warning", "critical"] | None = Field(None, description="warning by default")
    channels: tuple[str, ...] | None = Field(None, description="channels that are told; those of alerts when left out")
    owner: str | None = Field(None, description="who takes care of it; the settings' owner by default")
    runbook: str | None = Field(None, description="URL of what to do")


class AlertSettings(Section):
    """When somebody is told that something is wrong, and who."""

    channels: tuple[str, ...] = Field((), description="channels that every rule tells, unless it names its own")
    rules: dict[str, AlertRule] = Field(
        default_factory=dict, description="rules by name; one called as a shipped rule changes that one"
    )
    weeks: int = Field(4, ge=2, le=12, description="earlier weeks that a change is measured against")
    false_discovery_rate: float = Field(
        0.025,
        gt=0,
        le=0.5,
        description="share of the series found at once that may be there by chance, one-sided; of changes against "
        "earlier weeks over all looks of a day",
    )
    least_units: Positive = Field(
        5, description="units below which a rate or a quantile is never said to be beyond a limit"
    )
    resolve_after_hours: Positive = Field(2, description="hours in a row that have to be well before an alert resolves")
    silent_hours: Positive = Field(
        24, description="hours without any unit, after which an alert on them resolves because nothing tells"
    )
    renew_after_hours: Positive = Field(24, description="hours after which an alert that lasts is told again")
    catch_up_hours: Positive = Field(72, description="after an outage, how far back hours are still evaluated")
    wait_hours: int = Field(3, ge=0, description="how long an hour waits to be ingested before later ones go ahead")
    storm: Positive = Field(5, description="more alerts than that in one run are told as one digest")
    retry_hours: Positive = Field(48, description="how long a message that a channel did not take is tried again")
    slow_trace_ms: float = Field(5000.0, gt=0, description="a trace that takes longer is slow")
    hallucination_judges: tuple[str, ...] = Field(
        ("sql_hallucination", "faithfulness"), description="judges whose failures are hallucinations"
    )
    least_usual_spans: Positive = Field(
        10,
        description="spans that earlier weeks, all but one, had in the same hours, below which none is no alert",
    )

    def options(self) -> dict[str, Any]:
        """What measures are told of the settings, by the name of a SQL parameter."""
        return {"slow_trace_ms": self.slow_trace_ms, "hallucination_judges": list(self.hallucination_judges)}
