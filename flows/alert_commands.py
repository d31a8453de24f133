"""`python -m flows alerts ...`: alerts by hand. No flows: they are done in a moment."""

import asyncio
import datetime as dt
import getpass
import os
import sys
from textwrap import shorten
from typing import Annotated, Any

import orjson
from cyclopts import App, Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.shared.settings import Settings, load_settings

JSON_OPTION = Annotated[bool, Parameter(help="Print it as JSON.", negative="")]
PROJECT_OPTION = Annotated[str | None, Parameter(help="The Phoenix project; the settings' project by default.")]
WHO_OPTION = Annotated[str, Parameter(help="Who does it; the user of this machine by default.")]
ALERT = Annotated[str, Parameter(help="Ids, or beginnings of them.")]
NOTE_OPTION = Annotated[str, Parameter(help="Why; it is told and kept.")]

MESSAGE_SHOWN = 120

alerts = App(name="alerts", help="Alerts by hand: look, acknowledge, resolve, silence, mark as false, back-test.")


@alerts.command(name="list")
def list_alerts(
    *,
    every: Annotated[bool, Parameter(name="--all", help="Resolved ones of 90 days too.", negative="")] = False,
    project: PROJECT_OPTION = None,
    json: JSON_OPTION = False,
) -> None:
    """List the open alerts, newest first."""
    from tasks.alerts.by_hand import known_alerts, silent_until

    settings = load_settings()
    found, events = known_alerts(settings, project or settings.project, closed=every)
    silences = {alert.alert_id: silent_until(events, alert) for alert in found}
    if json:
        rows = [_as_json(alert) | {"silent_until": silences[alert.alert_id]} for alert in found]
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
        return
    table = Table()
    for column in ("alert", "severity", "rule", "since (UTC)", "state", "what was measured last"):
        table.add_column(column, no_wrap=column in {"alert", "severity", "since (UTC)"}, overflow="fold")
    for alert in found:
        name = f"{alert.raised.rule} ({alert.raised.series})" if alert.raised.series else alert.raised.rule
        since = f"{alert.raised.start_time:%Y-%m-%d %H:%M}"
        state = _state(alert, silences[alert.alert_id])
        said = shorten(alert.latest.message, MESSAGE_SHOWN)
        table.add_row(*map(escape, (alert.alert_id[:8], alert.raised.severity, name, since, state, said)))
    Console().print(table if found else "No alert is open.")


@alerts.command
def ack(*alert: ALERT, who: WHO_OPTION = "", note: NOTE_OPTION = "", project: PROJECT_OPTION = None) -> None:
    """Say that somebody has seen alerts and takes care: they are not renewed any more."""
    _happen(alert, "acknowledged", who, note, project)


@alerts.command
def resolve(*alert: ALERT, who: WHO_OPTION = "", note: NOTE_OPTION = "", project: PROJECT_OPTION = None) -> None:
    """Close alerts by hand. What still goes on is raised anew by the next hour; `silence` keeps it quiet."""
    _happen(alert, "resolved", who, note, project)


@alerts.command(name="false-positive")
def false_positive(
    *alert: ALERT,
    undo: Annotated[bool, Parameter(help="It was right after all.", negative="")] = False,
    who: WHO_OPTION = "",
    note: NOTE_OPTION = "",
    project: PROJECT_OPTION = None,
) -> None:
    """Mark alerts as false alarms: that is what a rule's precision in the report is made of."""
    _happen(alert, "true_positive" if undo else "false_positive", who, note, project)


@alerts.command
def silence(
    rule: str,
    /,
    *,
    hours: float = 24.0,
    series: str = "",
    who: WHO_OPTION = "",
    note: NOTE_OPTION = "",
    project: PROJECT_OPTION = None,
) -> None:
    """Keep a rule quiet for some time. Its alerts are still kept, and what lasts is told when the silence ends.

    Args:
        rule: The rule.
        hours: For how long, from now; 0 ends a silence.
        series: Only this series of the rule, as `alerts list` shows it: name=execute_sql.
        who: Who does it; the user of this machine by default.
        note: Why; it is kept.
        project: The Phoenix project; the settings' project by default.
    """
    from tasks.alerts import by_hand

    settings = load_settings()
    until = by_hand.silence(
        settings, project or settings.project, rule, hours, series=series, who=who or getpass.getuser(), note=note
    )
    _say(f"{rule} is silent until {until:%Y-%m-%d %H:%M} UTC." if hours else f"{rule} is not silent any more.")


@alerts.command
def backtest(rule: str, /, *, days: int = 60, project: PROJECT_OPTION = None, json: JSON_OPTION = False) -> None:
    """Replay a rule over the last days: when it would have fired, how often, and how fast it finds a drop or rise.

    Args:
        rule: The rule.
        days: How many days.
        project: The Phoenix project; the settings' project by default.
        json: Print it as JSON.
    """
    from tasks.alerts.back_test import back_test, measured_fully, sentences
    from tasks.alerts.rulebook import rule_named
    from tasks.shared.store.lake import Lake

    settings, now = load_settings(), dt.datetime.now(dt.UTC)
    lake, of, name = Lake.open(settings.lake), rule_named(settings, rule), project or settings.project
    measured_fully(lake, name, settings, now)
    found = back_test(lake, name, settings, of, now, days=days)
    if json:
        rows = {
            "rule": found.rule,
            "hours": found.hours,
            "series": found.series,
            "drops": found.drops,
            "rises": found.rises,
        }
        rows |= {"alerts": [_as_json(alert) for alert in found.alerts]}
        rows |= {"per_week": found.per_week if found.hours else None}
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
        return
    for sentence in sentences(found):
        _say(sentence)


def _happen(identifiers: tuple[str, ...], what: Any, who: str, note: str, project: str | None) -> None:
    from tasks.alerts import by_hand

    settings = load_settings()
    name = project or settings.project
    chosen = by_hand.happen(settings, name, identifiers, what, who=who or getpass.getuser(), note=note)
    for alert in chosen:
        _say(f"{alert.alert_id[:8]} {alert.raised.rule}: {what.replace('_', ' ')}.")
    if not chosen:
        _say("No alert was named: give ids, as `python -m flows alerts list` shows them.")
    _tell(settings, name)


def _tell(settings: Settings, project: str) -> None:
    """Tell the channels as the flow does; what one does not take now is told by the flow's next run."""
    if settings.prefect_api_url:
        os.environ.setdefault("PREFECT_API_URL", settings.prefect_api_url)
    from tasks.alerts.steps import secret_by_hand, tell_now

    told = asyncio.run(tell_now(settings, project, secret_by_hand))
    for delivery in told.deliveries:
        later = " The next run of `alerting` tells it." if delivery.status == "failed" else ""
        _say(f"  {delivery.channel}: {delivery.status}. {delivery.detail}{later}")
    if told.held_back:
        _say(f"  {told.held_back} more wait behind what failed.")


def _state(alert: Any, silent_until: dt.datetime | None) -> str:
    if alert.resolved:
        return "resolved" + (", false alarm" if alert.false_positive else "")
    if silent_until:
        return f"silent until {silent_until:%m-%d %H:%M}"
    return f"seen by {alert.acknowledged.who}" if alert.acknowledged else "open"


def _as_json(alert: Any) -> dict[str, Any]:
    raised = alert.raised
    return {
        "alert_id": raised.alert_id,
        "rule": raised.rule,
        "series": raised.series,
        "severity": raised.severity,
        "owner": raised.owner,
        "raised_at": raised.start_time,
        "resolved_at": alert.resolved.start_time if alert.resolved else None,
        "acknowledged_by": alert.acknowledged.who if alert.acknowledged else None,
        "false_positive": alert.false_positive,
        "value": alert.latest.value,
        "low": alert.latest.low,
        "high": alert.latest.high,
        "n": alert.latest.n,
        "message": alert.latest.message,
    }


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)
