"""From verdicts to events: an alert is raised once, renewed while it lasts, resolved after it ended.

Pure: the events so far and the verdicts of an hour in, the new events out. Ids depend on what happened and when only,
so that a run that was killed, or another one at the same time, says the same once more and not something else.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from tasks.alerts.rule import Rule
from tasks.alerts.verdicts import Judgement, Verdict
from tasks.alerts.wording import sentence
from tasks.shared.alert_history import NIGHTJAR, Alert, AlertEvent, Happening, alerts_of, silenced_until
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import AlertSettings

DECIDING: tuple[Happening, ...] = ("raised", "renewed", "resolved")


@dataclass(frozen=True)
class Book:
    """What happened so far in a project, and when it is now: silences hold now, whatever hour is looked at."""

    project: str
    events: tuple[AlertEvent, ...]
    now: dt.datetime
    settings: AlertSettings

    def with_events(self, new: Iterable[AlertEvent]) -> "Book":
        """The book with *new* events."""
        return replace(self, events=(*self.events, *new))

    @property
    def alerts(self) -> dict[str, Alert]:
        """Every alert by id."""
        return alerts_of(self.events)

    def decided_until(self) -> dict[tuple[str, str], dt.datetime]:
        """By rule and series, the last time for which something was decided: earlier hours change it no more."""
        alerts, until = self.alerts, dict[tuple[str, str], dt.datetime]()
        for event in self.events:
            if event.event in DECIDING and event.alert_id in alerts:
                key = event.rule, event.series
                until[key] = max(until.get(key, event.start_time), event.start_time)
        return until

    def event(
        self,
        alert_id: str,
        event: Happening,
        at: dt.datetime,
        rule: Rule,
        *,
        series: str,
        message: str,
        alert: Alert | None = None,
    ) -> AlertEvent:
        """A new event, quiet where a silence holds; the end of an *alert* is for those who were told of it."""
        quiet = silenced_until(self.events, rule.name, series, self.now) is not None
        if event == "resolved" and alert is not None:
            quiet = alert.told_at is None
        return AlertEvent(
            event_id=digest(alert_id, event, at.isoformat()),
            start_time=at,
            event=event,
            alert_id=alert_id,
            rule=rule.name,
            series=series,
            severity=rule.severity,
            message=message,
            runbook=rule.runbook,
            owner=rule.owner,
            channels=" ".join(rule.channels),
            quiet=quiet,
        )


def events_at(book: Book, judgement: Judgement, end: dt.datetime) -> list[AlertEvent]:
    """What happens to the alerts of a rule at the *end* of an hour. Hours come in order."""
    rule, decided = judgement.rule, book.decided_until()
    open_alerts = {
        alert.raised.series: alert for alert in book.alerts.values() if alert.open and alert.key[0] == rule.name
    }
    verdicts = judgement.at(end)
    new: list[AlertEvent] = []
    for series in sorted({*verdicts, *open_alerts}):
        if decided.get((rule.name, series), end - HOUR) >= end:
            continue
        alert, verdict = open_alerts.get(series), verdicts.get(series, Verdict("unknown"))
        happened = _of_open(book, judgement, alert, end) if alert else _of_closed(judgement, series, end)
        if happened is None:
            continue
        raised = alert.alert_id if alert else digest(book.project, rule.name, series, end.isoformat())
        message = sentence(judgement, series, verdict, end, happened=happened, alert=alert)
        event = book.event(raised, happened, end, rule, series=series, message=message, alert=alert)
        new.append(_with_verdict(event, verdict))
    return new


def events_of_gone(book: Book, rules: Collection[str]) -> list[AlertEvent]:
    """The ends of open alerts of which no rule is among the names *rules* any more: no hour would ever close them."""
    return [
        replace(
            alert.latest,
            event_id=digest(alert.alert_id, "resolved", book.now.isoformat()),
            start_time=book.now,
            event="resolved",
            message=f"Closed, because the rule is gone: {alert.latest.message}",
            bundle="",
            quiet=alert.told_at is None,
            who=NIGHTJAR,
            note="",
        )
        for alert in book.alerts.values()
        if alert.open and alert.raised.rule not in rules
    ]


def event_of_skipped(book: Book, hours: Window, rules: str) -> AlertEvent:
    """What is noted of *hours* that an outage left so far behind that none of the *rules* looks at them any more."""
    said = f"{(hours.end - hours.start) // HOUR} hours, {hours.start:%Y-%m-%d %H:%M} to {hours.end:%Y-%m-%d %H:%M} UTC"
    return AlertEvent(
        event_id=digest(book.project, "skipped", rules, hours.start.isoformat()),
        start_time=book.now,
        event="skipped",
        alert_id="",
        rule="",
        series="",
        severity="warning",
        message=f"{said}, were looked at by no {rules}: the outage was longer than alerts.catch_up_hours.",
        quiet=True,
        until=hours.end,
    )


def renewable(book: Book, alert: Alert, at: dt.datetime) -> bool:
    """Whether it is time to tell again of an alert that lasts: nobody has seen it, and no silence holds."""
    if alert.acknowledged or silenced_until(book.events, *alert.key, book.now):
        return False
    return alert.told_at is None or at - alert.told_at >= book.settings.renew_after_hours * HOUR


def bundled(events: Sequence[AlertEvent], storm: int) -> list[AlertEvent]:
    """The events of one run, with those marked that are told together in one digest.

    Those are alerts that were raised and resolved again within the run (what was caught up with is over), and all
    others where they are more than *storm*.
    """
    told = [event for event in events if not event.quiet and event.event in DECIDING]
    raised = {event.alert_id for event in told if event.event == "raised"}
    over = raised & {event.alert_id for event in told if event.event == "resolved"}
    late = [event for event in told if event.alert_id in over]
    rest = [event for event in told if event.alert_id not in over]
    together = {event.event_id for event in (*late, *(rest if len(rest) > storm else ()))}
    bundle = digest(*sorted(together))
    return [replace(event, bundle=bundle) if event.event_id in together else event for event in events]


def digest(*parts: str) -> str:
    """16 hex digits over the parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _of_closed(judgement: Judgement, series: str, end: dt.datetime) -> Happening | None:
    return "raised" if judgement.lasts(series, end) else None


def _of_open(book: Book, judgement: Judgement, alert: Alert, end: dt.datetime) -> Happening | None:
    settings, series = book.settings, alert.raised.series
    # What was spent is not unspent: with the period the alert on it ends, and the next one has its own.
    if judgement.rule.since and alert.raised.start_time <= judgement.rule.start_of(end):
        return "resolved"
    if judgement.agrees(series, end, settings.resolve_after_hours, "clear"):
        return "resolved"
    # A gauge that says nothing is no sign that things are well again: who reads it may be what is broken.
    if judgement.readings.measure.kind != "gauge" and judgement.agrees(series, end, settings.silent_hours, "unknown"):
        return "resolved"
    lasts = judgement.at(end).get(series, Verdict("unknown")).state == "breach"
    return "renewed" if lasts and renewable(book, alert, end) else None


def _with_verdict(event: AlertEvent, verdict: Verdict) -> AlertEvent:
    seen = {name: getattr(verdict, name) for name in ("value", "low", "high", "n", "limit", "example")}
    return replace(event, **seen)
