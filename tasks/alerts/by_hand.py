"""What people do with alerts: look at them, acknowledge, resolve, silence, mark false. Each is an event of its own."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from tasks.alerts.evaluating import events_of, write_events
from tasks.alerts.life_cycle import digest
from tasks.alerts.rulebook import rule_named
from tasks.shared.alert_history import Alert, AlertEvent, Happening, alerts_of, silenced_until
from tasks.shared.errors import ConfigurationError
from tasks.shared.records import HOUR
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake

LONGEST_SILENCE_HOURS = 90 * 24
SAID: dict[Happening, str] = {
    "acknowledged": "Acknowledged by {who}: {message}",
    "resolved": "Resolved by {who}: {message}",
    "false_positive": "{who} marked it as a false alarm: {message}",
    "true_positive": "{who} marked it as right: {message}",
}


def known_alerts(settings: Settings, project: str, *, closed: bool = False) -> tuple[list[Alert], list[AlertEvent]]:
    """The open alerts, or all of the last 90 days, newest first; and every event."""
    events = events_of(Lake.open(settings.lake), project, _now())
    alerts = [alert for alert in alerts_of(events).values() if closed or alert.open]
    return sorted(alerts, key=lambda alert: alert.raised.start_time, reverse=True), events


def happen(
    settings: Settings, project: str, identifiers: Sequence[str], what: Happening, *, who: str, note: str = ""
) -> list[Alert]:
    """Note *what* a person did with the alerts; whoever tells channels next tells it.

    Doing it twice changes nothing. Alerts are named by their id or its beginning.

    Raises:
        ConfigurationError: an id is of no alert, or of several; or a closed alert is to be acknowledged or resolved.
    """
    lake, now = Lake.open(settings.lake), _now()
    with lake.one_writer(f"alerting-{project}"):
        alerts, _ = known_alerts(settings, project, closed=True)
        chosen = [_named(alerts, identifier) for identifier in identifiers]
        new = [_event(alert, what, now, who, note) for alert in chosen if _changes(alert, what)]
        write_events(lake, project, settings, new)
    return chosen


def silence(
    settings: Settings, project: str, rule: str, hours: float, *, series: str = "", who: str, note: str = ""
) -> dt.datetime:
    """Keep a rule, or one series of it, quiet for so many *hours* from now; 0 ends a silence. Returns its end.

    Raises:
        ConfigurationError: there is no such rule, it has no such series, or the hours are fewer than none.
    """
    of, now = rule_named(settings, rule), _now()
    by = "deployment" if of.sense == "failed" else of.by
    if series and (not by or not series.startswith(f"{by}=")):
        there = f"{rule} is by {by}: write {by}=<value>" if by else f"{rule} is of the whole project: give no series"
        raise ConfigurationError(
            f"{rule} has no series {series!r}. {there}, as `python -m flows alerts list` shows it."
        )
    if not 0 <= hours <= LONGEST_SILENCE_HOURS:
        raise ConfigurationError(
            f"{hours:g} hours are no silence. Give 0 to end one, or up to {LONGEST_SILENCE_HOURS}."
        )
    until = now + hours * HOUR
    event = AlertEvent(
        event_id=digest(project, rule, series, "silenced", now.isoformat()),
        start_time=now,
        event="silenced",
        alert_id="",
        rule=rule,
        series=series,
        severity=of.severity,
        message=f"Silenced by {who} until {until:%Y-%m-%d %H:%M} UTC." if hours else f"Silence ended by {who}.",
        until=until,
        who=who,
        note=note,
    )
    write_events(Lake.open(settings.lake), project, settings, [event])
    return until


def silent_until(events: Sequence[AlertEvent], alert: Alert) -> dt.datetime | None:
    """Until when nobody is told of the alert."""
    return silenced_until(events, *alert.key, _now())


def _named(alerts: Sequence[Alert], identifier: str) -> Alert:
    found = [alert for alert in alerts if identifier and alert.alert_id.startswith(identifier)]
    if len(found) != 1:
        which = "no alert" if not found else f"{len(found)} alerts"
        raise ConfigurationError(
            f"{identifier!r} is the id of {which}. `python -m flows alerts list --all` has the ids."
        )
    return found[0]


def _changes(alert: Alert, what: Happening) -> bool:
    match what:
        case "acknowledged":
            return _open(alert, what) and alert.acknowledged is None
        case "resolved":
            return _open(alert, what)
    return alert.false_positive is not (what == "false_positive")


def _open(alert: Alert, what: Happening) -> bool:
    if not alert.open and what == "acknowledged" and alert.acknowledged is None:
        raise ConfigurationError(f"alert {alert.alert_id[:8]} is resolved already. Mark it, if it was a false alarm.")
    return alert.open


def _event(alert: Alert, what: Happening, now: dt.datetime, who: str, note: str) -> AlertEvent:
    """The event that follows the alert's last one, and takes its figures along."""
    return replace(
        alert.latest,
        event_id=digest(alert.alert_id, what, now.isoformat()),
        start_time=now,
        event=what,
        message=SAID[what].format(who=who, message=alert.latest.message),
        bundle="",
        quiet=alert.told_at is None,
        who=who,
        note=note,
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
