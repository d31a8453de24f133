"""`make demo-alerts`, on the running demo: the simulated incident is raised, told once through each channel, resolved.

The hours around the incident are replayed one by one through the command line, as the flow would have run them. The
channels lead to simulated receivers on this machine.
"""

import datetime as dt
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.local import addresses
from deployments.local.demo import DemoFailed, incident_day
from deployments.local.demo_gates import flows, running_demo
from deployments.local.display import progress
from deployments.local.stack import Report
from deployments.simulator.receivers import Receivers, receiving
from deployments.simulator.traffic import Incident, yesterday
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ALERT_EVENTS, DELIVERIES

RULE = "failing_queries"
# The rule's window in nightjar.toml, and how long it takes until two windows in a row are well after the incident.
WINDOW_HOURS, AFTER_HOURS = 3, 6
Row = dict[str, Any]


def demo_alerts(console: Console) -> None:
    """Run it. A second time nothing is raised and nothing sent: everything is decided and told already.

    Raises:
        DemoFailed: The demo does not run, or the incident was not raised, told and resolved as it should.
    """
    began = time.monotonic()
    with progress(console) as report, receiving() as receivers, channels_to(receivers):
        stack = running_demo(report)
        incident = Incident(day=incident_day(yesterday()))
        start = Window.of_day(incident.day or yesterday()).start + incident.start_hour * HOUR
        hours = Window(start - HOUR, start + (incident.hours + AFTER_HOURS) * HOUR)
        replayed(hours, report)
        again = flows("alerting", "the same hours again", report, "--window", str(hours))
        report("the same hours again", "done, nothing new")
        day = start.date()
        flows("reporting", "the day's report", report, "--window", str(day))
        report("the day's report", "done, with the day's alerts")
    events, deliveries = told_of(hours)
    console.print(table(events, deliveries, receivers))
    console.print(f"The simulated incident: {start:%Y-%m-%d %H:%M} to {start + incident.hours * HOUR:%H:%M} UTC.")
    console.print(f"Back-test: {back_test()}", soft_wrap=True, highlight=False)
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. Where to look:")
    settings = load_settings()
    where = {
        "The traffic, in Phoenix": addresses.phoenix_project(stack, settings.project),
        "Alerts, in the report of their day": f"{addresses.report(settings, settings.project, day)}#alerts",
        "Alerts, on the command line": "python -m flows alerts list --all",
    }
    for what, at in where.items():
        console.print(f"  {what:<38}{at}", soft_wrap=True, highlight=False)
    check(events, deliveries, again, start, incident.hours)


@contextmanager
def channels_to(receivers: Receivers) -> Iterator[None]:
    """Settings for the commands that are run: the demo's rule tells the receivers."""
    channels = receivers.channels()
    given = {
        "NIGHTJAR_CHANNELS": json.dumps(channels),
        "NIGHTJAR_ALERTS": json.dumps({"rules": {RULE: {"channels": list(channels)}}}),
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def replayed(hours: Window, report: Report) -> None:
    """Run the flow for each of the hours until the alert is resolved, as if each had just ended."""
    step = "alerting, hour by hour"
    for hour in hours.hours():
        flows("alerting", step, report, "--window", str(Window(hour, hour + HOUR)))
        report(step, f"{hour:%H:%M} UTC evaluated")
        if [event["event"] for event in told_of(hours)[0]][-1:] == ["resolved"]:
            break
    report(step, "done")


def told_of(hours: Window) -> tuple[list[Row], list[Row]]:
    """The events of the demo's rule in these hours, and the deliveries that tell of them."""
    settings = load_settings()
    lake = Lake.open(settings.lake)
    within = Window(hours.start, hours.end + HOUR)
    events = [row for row in lake.read(ALERT_EVENTS, settings.project, within).to_pylist() if row["rule"] == RULE]
    topics = {f"alert:{row['alert_id']}" for row in events}
    deliveries = lake.read(DELIVERIES, settings.project, within).to_pylist()
    return events, [row for row in deliveries if row["topic"] in topics and row["status"] == "sent"]


def table(events: list[Row], deliveries: list[Row], receivers: Receivers) -> Table:
    """What happened to the alert, with how many messages each channel got of it."""
    names = list(receivers.came)
    shown = Table("when (UTC)", "what", "measured", *names, title=f"Rule {RULE} (receivers and traffic are simulated)")
    for event in events:
        counts = sent_of(event, deliveries)
        colour = {"raised": "red", "resolved": "green"}.get(event["event"], "yellow")
        said = f"[{colour}]{event['event']}[/]"
        shown.add_row(
            f"{event['start_time']:%m-%d %H:%M}", said, event["message"], *(str(counts[name]) for name in names)
        )
    came = ", ".join(f"{name} {len(titles)}" for name, titles in receivers.came.items())
    shown.caption = f"Messages received in this run: {came}."
    return shown


def sent_of(event: Mapping[str, Any], deliveries: list[Row]) -> Counter[str]:
    """How many messages about the event each channel got."""
    wanted = f"alert:{event['alert_id']}:{event['event_id']}"
    return Counter(row["channel"] for row in deliveries if row["message_id"] == wanted)


def back_test() -> str:
    """The first sentence of the rule's back-test."""
    from deployments.local.demo_gates import command

    return command("alerts", "backtest", RULE).stdout.splitlines()[0]


def check(events: list[Row], deliveries: list[Row], again: list[Row], start: dt.datetime, hours: int) -> None:
    """Raise DemoFailed unless the incident was raised within a window, told once per channel, and resolved after it."""
    wrong = []
    if [event["event"] for event in events] != ["raised", "resolved"]:
        wrong.append(f"the alert's events are {[event['event'] for event in events]}")
    elif not start < events[0]["start_time"] <= start + WINDOW_HOURS * HOUR:
        wrong.append(f"it was raised at {events[0]['start_time']:%H:%M} and not within one window")
    elif events[1]["start_time"] < start + hours * HOUR:
        wrong.append("it was resolved before the incident ended")
    for event in events:
        counts = sent_of(event, deliveries)
        if dict(counts) != dict.fromkeys(("chat", "pager", "hook", "mail"), 1):
            wrong.append(f"of {event['event']} the channels were told {dict(counts)} times")
    if any(receipt["rows"] for receipt in again if receipt["table"] in {ALERT_EVENTS.name, DELIVERIES.name}):
        wrong.append("a second run was not without effect")
    if wrong:
        raise DemoFailed(f"the incident did not become one alert: {'; '.join(wrong)}.")
