"""Alerts that are open, those that were resolved, and how often each rule was right."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from tasks.reports.evidence import Evidence, Section
from tasks.shared.alert_history import Alert, AlertEvent, alerts_of, precision, silenced_until
from tasks.shared.pages.blocks import Block, Cell, Interval, Link, Number, Table, Text
from tasks.shared.pages.wording import shortened
from tasks.shared.records import DAY, Window
from tasks.shared.statistics.intervals import wilson
from tasks.shared.store.tables import ALERT_EVENTS

REMEMBERED_DAYS = 90
# A report that is made the morning after says how things are by now; one made later, how they were.
FRESH = 1.5 * DAY


def alerts(evidence: Evidence) -> list[Block]:
    """Hours that nobody looked at and open alerts first; what people marked false counts against a rule's precision."""
    known = _events(evidence)
    found = list(alerts_of(known).values())
    lasting = [alert for alert in found if alert.open]
    start = evidence.window.start
    over = [alert for alert in found if alert.resolved and alert.resolved.start_time >= start]
    gaps: list[Block] = [
        Text(event.message, "warning") for event in known if event.event == "skipped" and event.start_time >= start
    ]
    if not found:
        return [*gaps, Text("No alert was raised in the last 90 days.")]
    told = [_warning(alert, known, _until(evidence)) for alert in lasting]
    tables = [_table("Open alerts", lasting, evidence, "No alert is open.")]
    tables += [_table("Resolved", over, evidence, f"No alert was resolved on this {evidence.edition}.")]
    return [*gaps, *told, *tables, _precision(found, evidence)]


def _events(evidence: Evidence) -> list[AlertEvent]:
    until = _until(evidence)
    window = Window(evidence.window.start - REMEMBERED_DAYS * DAY, Window.of_day(until.date()).end)
    rows = evidence.lake.read(ALERT_EVENTS, evidence.project, window).to_pylist()
    return [AlertEvent.of(row) for row in rows if row["start_time"] <= until]


def _until(evidence: Evidence) -> dt.datetime:
    return evidence.made_at if evidence.made_at - evidence.window.end < FRESH else evidence.window.end


def _warning(alert: Alert, events: Sequence[AlertEvent], until: dt.datetime) -> Text:
    since = f"{alert.raised.rule}, since {alert.raised.start_time:%-d %B %H:%M} UTC: {alert.latest.message}"
    silent = silenced_until(events, *alert.key, until)
    if silent:
        return Text(f"Silenced until {silent:%-d %B %H:%M} UTC: {since}", "note")
    if alert.acknowledged:
        return Text(f"Acknowledged by {alert.acknowledged.who}: {since}", "note")
    return Text(f"{alert.raised.severity}: {since}", "warning")


def _table(title: str, listed: Sequence[Alert], evidence: Evidence, empty: str) -> Table:
    newest = sorted(listed, key=lambda alert: alert.latest.start_time, reverse=True)
    rows = [_row(alert, evidence) for alert in newest]
    columns = (
        "Alert",
        "Rule",
        "Severity",
        "Raised",
        "Resolved",
        "What was measured",
        "Owner",
        "Seen by",
        "Evidence",
        "Runbook",
    )
    return Table(title, columns, rows, empty=empty)


def _row(alert: Alert, evidence: Evidence) -> tuple[Cell, ...]:
    raised, resolved = alert.raised, alert.resolved
    return (
        raised.alert_id[:8],
        f"{raised.rule} ({raised.series})" if raised.series else raised.rule,
        raised.severity,
        f"{raised.start_time:%-d %b %H:%M}",
        f"{resolved.start_time:%-d %b %H:%M}" if resolved else None,
        shortened(raised.message) + (" (marked false)" if alert.false_positive else ""),
        raised.owner,
        alert.acknowledged.who if alert.acknowledged else None,
        _shown_by(alert, evidence),
        Link("runbook", raised.runbook) if raised.runbook else None,
    )


def _shown_by(alert: Alert, evidence: Evidence) -> Link | None:
    kind, _, identifier = alert.raised.example.partition(":")
    link = evidence.links.to(kind, identifier, f"{kind} that shows it") if identifier else None
    return link or evidence.links.to("project", evidence.project)


def _precision(found: Sequence[Alert], evidence: Evidence) -> Table:
    judged = precision(found)
    raised = Counter(alert.raised.rule for alert in found)
    latest = {alert.raised.rule: _shown_by(alert, evidence) for alert in found}
    rows = [(rule, Number(count), *_of(judged.get(rule, (0, 0))), latest[rule]) for rule, count in raised.most_common()]
    return Table(
        "How often each rule was right, 90 days",
        ("Rule", "Raised", "Judged", "Precision", "95 % interval", "Latest"),
        rows,
        note="Judged are alerts that somebody acknowledged or marked: `python -m flows alerts false-positive`.",
    )


def _of(judged: tuple[int, int]) -> tuple[Cell, ...]:
    right, n = judged
    if not n:
        return Number(0), None, None
    return Number(n), Number(right / n, "share"), Interval(*wilson(right, n), "share")


SECTION = Section(order=12, title="Alerts", build=alerts)
