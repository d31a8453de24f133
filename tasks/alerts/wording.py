"""What an alert says, in a sentence or two, and as a message for channels."""

import datetime as dt
from collections.abc import Sequence

from tasks.alerts.measure import Measure
from tasks.alerts.rule import Rule
from tasks.alerts.verdicts import Judgement, Verdict
from tasks.shared.alert_history import NIGHTJAR, Alert, AlertEvent, Happening
from tasks.shared.channels import Message
from tasks.shared.gateways.phoenix.links import project_url, session_url, span_url, trace_url
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.wording import number
from tasks.shared.records import HOUR, Event, Severity
from tasks.shared.settings import without_password

# What channels are told of; the rest is between a person and the lake.
TOLD_AS: dict[Happening, Event] = {
    "raised": "raised",
    "renewed": "renewed",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
}
PAGES = {"span": span_url, "trace": trace_url, "session": session_url}
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
HOLDS = {
    "above": "the limit is {limit}",
    "below": "the limit is {limit}",
    "rises": "{limit} is usual at these hours of the week",
    "falls": "{limit} is usual at these hours of the week",
    "changes": "{limit} is usual at these hours of the week",
    "no data": "{limit} spans or more are usual at these hours",
}


def sentence(
    judgement: Judgement, series: str, verdict: Verdict, end: dt.datetime, *, happened: Happening, alert: Alert | None
) -> str:
    """What happened to an alert on a series at the *end* of a window."""
    if happened == "resolved" and alert is not None:
        lasted, rule = lasting(end - alert.raised.start_time), judgement.rule
        if rule.since and alert.raised.start_time <= rule.start_of(end):
            return f"{subject(judgement, series)}: a new {rule.since} has begun. Closed after {lasted}."
        if verdict.state == "unknown":
            return f"{subject(judgement, series)}: nothing to measure any more. Closed after {lasted}."
        return f"{told(judgement, series, verdict, end)} Well again after {lasted}."
    if happened == "renewed" and alert is not None:
        return f"{told(judgement, series, verdict, end)} It has lasted for {lasting(end - alert.raised.start_time)}."
    return told(judgement, series, verdict, end)


def told(judgement: Judgement, series: str, verdict: Verdict, end: dt.datetime) -> str:
    """What was measured, with its interval, over which units and hours, against what."""
    rule, measure = judgement.rule, judgement.readings.measure
    if measure.kind == "gauge":
        said = f"{subject(judgement, series)}: {written(verdict.value, measure)} at {end:%H:%M} UTC on {end:%-d %B}"
    else:
        start = rule.start_of(end)
        said = f"{subject(judgement, series)}: {written(verdict.value, measure)}{_precision(verdict, measure)}"
        said += f", {_between(start, end)}"
    against = _of_budget(rule) if rule.budget else HOLDS.get(rule.sense, "")
    if verdict.limit is None or not against:
        return f"{said}."
    return f"{said}; {against.format(limit=written(verdict.limit, measure))}."


def _of_budget(rule: Rule) -> str:
    share = "" if rule.limit == 1 else f"{number(rule.limit, 'share')} of "
    return f"{share}the {rule.since}'s budget is {{limit}}"


def subject(judgement: Judgement, series: str) -> str:
    """What is measured of what: `Error rate of name execute_sql`."""
    title = judgement.readings.measure.title
    return f"{title} of {series.replace('=', ' ', 1)}" if series else title


def written(value: float | None, measure: Measure) -> str:
    """A value in the measure's unit; a gauge without one counts hours."""
    return number(value, measure.unit) + (" h" if measure.unit == "number" else "")


def lasting(time: dt.timedelta) -> str:
    """A length of time in hours or days."""
    hours = round(time / HOUR)
    return f"{hours} h" if hours < 48 else f"{hours / 24:.1f} days"


def title_of(event: AlertEvent) -> str:
    """One line for a subject or a phone."""
    what = f"{event.rule} ({event.series})" if event.series else event.rule
    said = {"raised": "", "renewed": "still ", "acknowledged": "acknowledged: ", "resolved": "resolved: "}
    return f"{said.get(event.event, '')}{what}"


def message_of(event: AlertEvent, project: str, phoenix_url: str) -> Message:
    """The message that tells of one event."""
    happened = TOLD_AS[event.event]
    return Message(
        message_id=f"alert:{event.alert_id}:{event.event_id}",
        topic=f"alert:{event.alert_id}",
        event=happened,
        severity=event.severity,
        title=f"{project}: {title_of(event)}",
        text=event.message + (f" {event.note}" if event.note else ""),
        project=project,
        at=event.start_time,
        facts=_facts(event),
        links=links_of(event, project, phoenix_url),
        data=_data(event),
    )


def digest_of(events: Sequence[AlertEvent], channel: str, project: str, phoenix_url: str) -> Message:
    """One message for several events, for one channel."""
    bundle = events[0].bundle
    counts = {kind: sum(event.event == kind for event in events) for kind in ("raised", "renewed", "resolved")}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    lines = [f"{title_of(event)} ({event.start_time:%-d %B %H:%M} UTC): {event.message}" for event in events]
    return Message(
        message_id=f"alerts:{bundle}:{channel}",
        topic=f"alerts:{bundle}",
        event="digest",
        severity=max((event.severity for event in events), key=SEVERITIES.index),
        title=f"{project}: alerts: {said}",
        text="\n".join([f"{len(events)} things happened to alerts: {said}.", "", *lines]),
        project=project,
        at=max(event.start_time for event in events),
        facts=tuple((kind, str(count)) for kind, count in counts.items() if count),
        links=(Link("project in Phoenix", project_url(without_password(phoenix_url), project)),),
        data={"events": [_data(event) for event in events]},
        parts=tuple(message_of(event, project, phoenix_url) for event in events),
    )


def links_of(event: AlertEvent, project: str, phoenix_url: str) -> tuple[Link, ...]:
    """The evidence in Phoenix, and what to do about it."""
    base, (kind, _, identifier) = without_password(phoenix_url), event.example.partition(":")
    evidence = (
        Link(f"{kind} that shows it", PAGES[kind](base, identifier))
        if kind in PAGES and identifier
        else Link("project in Phoenix", project_url(base, project))
    )
    return (evidence, Link("runbook", event.runbook)) if event.runbook else (evidence,)


def _precision(verdict: Verdict, measure: Measure) -> str:
    raw = ", corrected for the judge's errors" if verdict.corrected else ""
    if verdict.low is None or verdict.high is None:
        return f" (n {verdict.n:,}{raw})"
    if verdict.low == verdict.high:
        return f" ({verdict.n:,} units)" if measure.unit != "count" else ""
    return f" (95 % interval {written(verdict.low, measure)} to {written(verdict.high, measure)}, n {verdict.n:,}{raw})"


def _between(start: dt.datetime, end: dt.datetime) -> str:
    if start.date() == (end - HOUR).date():
        return f"{start:%H:%M} to {end:%H:%M} UTC on {start:%-d %B}"
    return f"{start:%-d %B %H:%M} to {end:%-d %B %H:%M} UTC"


def _facts(event: AlertEvent) -> tuple[tuple[str, str], ...]:
    said = (("rule", event.rule), ("series", event.series), ("severity", event.severity), ("owner", event.owner))
    by = (("by", event.who),) if event.who != NIGHTJAR else ()
    return tuple((name, value) for name, value in (*said, *by) if value)


def _data(event: AlertEvent) -> dict[str, object]:
    names = (
        "alert_id",
        "event",
        "rule",
        "series",
        "severity",
        "value",
        "low",
        "high",
        "n",
        "limit",
        "message",
        "owner",
        "who",
    )
    return {name: getattr(event, name) for name in names} | {"at": event.start_time.isoformat()}
