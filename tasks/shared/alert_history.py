"""What happened to alerts, and what follows from it: which are open, since when, who has seen them.

Events are never changed. The state of an alert is what its events come to, in the order of their times.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from tasks.shared.records import Severity

Happening = Literal[
    "raised", "renewed", "acknowledged", "resolved", "silenced", "false_positive", "true_positive", "skipped"
]

NIGHTJAR = "nightjar"


@dataclass(frozen=True)
class AlertEvent:
    """One row of `alert_events`; the table tells what each column is."""

    event_id: str
    start_time: dt.datetime
    event: Happening
    alert_id: str
    rule: str
    series: str
    severity: Severity
    message: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    limit: float | None = None
    example: str = ""
    runbook: str = ""
    owner: str = ""
    channels: str = ""
    bundle: str = ""
    quiet: bool = False
    until: dt.datetime | None = None
    who: str = NIGHTJAR
    note: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "AlertEvent":
        """The event that a row of the table is."""
        return cls(**{field.name: row[field.name] for field in fields(cls) if row.get(field.name) is not None})


@dataclass(frozen=True)
class Alert:
    """An alert as its events make it: `latest` is the last one that says how things stand."""

    raised: AlertEvent
    latest: AlertEvent
    told_at: dt.datetime | None = None
    acknowledged: AlertEvent | None = None
    resolved: AlertEvent | None = None
    false_positive: bool | None = None

    @property
    def alert_id(self) -> str:
        """Its id."""
        return self.raised.alert_id

    @property
    def key(self) -> tuple[str, str]:
        """Rule and series; one alert of these is open at a time."""
        return self.raised.rule, self.raised.series

    @property
    def open(self) -> bool:
        """Whether it lasts."""
        return self.resolved is None

    def after(self, event: AlertEvent) -> "Alert":
        """The alert when *event* has happened too."""
        told = self.told_at if event.quiet else event.start_time
        match event.event:
            case "renewed":
                return replace(self, latest=event, told_at=told)
            case "acknowledged":
                return replace(self, acknowledged=self.acknowledged or event)
            case "resolved":
                return replace(self, latest=event, resolved=self.resolved or event)
            case "false_positive" | "true_positive":
                return replace(self, false_positive=event.event == "false_positive")
        return self


def in_order(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """The events as they happened; one alert is raised before anything else happens to it in the same hour."""
    return sorted(events, key=lambda event: (event.start_time, event.event != "raised", event.event_id))


def alerts_of(events: Iterable[AlertEvent]) -> dict[str, Alert]:
    """Every alert by id, oldest first, of those whose beginning is among the *events*."""
    alerts: dict[str, Alert] = {}
    for event in in_order(events):
        if event.event == "raised":
            told = None if event.quiet else event.start_time
            alerts.setdefault(event.alert_id, Alert(event, event, told))
        elif event.alert_id in alerts:
            alerts[event.alert_id] = alerts[event.alert_id].after(event)
    return alerts


def silenced_until(events: Iterable[AlertEvent], rule: str, series: str, at: dt.datetime) -> dt.datetime | None:
    """Until when the series of the rule is silent at the time *at*; None where it is not.

    The silence that was made last counts: one that has ended ends an earlier one too. A silence without a series is for
    all series of its rule.
    """
    made = [
        event
        for event in in_order(events)
        if event.event == "silenced" and event.rule == rule and event.series in ("", series) and event.start_time <= at
    ]
    until = made[-1].until if made else None
    return until if until and until > at else None


def precision(alerts: Iterable[Alert]) -> dict[str, tuple[int, int]]:
    """By rule: how many of its alerts are right, of how many that somebody judged or acknowledged.

    An alert that a person marked is what they said; one that was acknowledged and never marked counts as right, because
    somebody worked on it; others say nothing.
    """
    counted: dict[str, tuple[int, int]] = {}
    for alert in alerts:
        if alert.false_positive is None and alert.acknowledged is None:
            continue
        right, judged = counted.get(alert.raised.rule, (0, 0))
        counted[alert.raised.rule] = (right + (not alert.false_positive), judged + 1)
    return counted
