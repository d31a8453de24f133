"""From the lake to a back-test: sixty days of measurements, what a rule would have said of them, in sentences."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from tasks.alerts.evaluating import judgements_of
from tasks.alerts.hours import last_closed
from tasks.alerts.measuring import measure
from tasks.alerts.replaying import Replay, replay
from tasks.alerts.rule import Rule
from tasks.alerts.verdicts import HISTORY_DAYS
from tasks.shared.errors import ConfigurationError, StoreError
from tasks.shared.records import HOUR, Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake

DAYS = 60
FIRINGS_SHOWN = 10
# A back-test takes seconds, and alerts wait for nothing: the others come with the next runs.
TESTED_AT_ONCE = 2
# Of fewer hours with a verdict a back-test tells little: the rule is tested again on the next day.
LEAST_TESTED_HOURS = 7 * 24


def back_test(
    lake: Lake, project: str, settings: Settings, rule: Rule, now: dt.datetime, *, days: int = DAYS
) -> Replay:
    """Replay the last *days* that are measured.

    Raises:
        ConfigurationError: the rule is about flow runs, of which nothing is measured.
    """
    if not rule.metric:
        raise ConfigurationError(f"rule {rule.name} is about flow runs: there is nothing to replay.")
    closed = last_closed(now)
    window = Window(closed - days * 24 * HOUR, closed)
    judgement = judgements_of(lake, project, settings, [rule], window)[rule.name]
    known = judgement.readings.history.measured[rule.metric]
    return replay(judgement, [hour + HOUR for hour in window.hours() if hour in known])


def measured_fully(lake: Lake, project: str, settings: Settings, now: dt.datetime) -> None:
    """Measure all of the days that a back-test looks at, however long it takes.

    Raises:
        StoreError: a measure fails.
    """
    left = True
    while left:
        done = measure(lake, project, settings, last_closed(now), HISTORY_DAYS)
        if done.troubles:
            raise StoreError(" ".join(done.troubles))
        left = bool(done.days_left)


def untested(lake: Lake, project: str, rules: Mapping[str, Rule], today: dt.date) -> list[Rule]:
    """Rules that are new, decide otherwise than when they were tested last, or had too few hours before *today*."""
    tested = _tested(lake, project)
    new = [
        rule
        for rule in rules.values()
        if rule.metric and tested.get(rule.name) not in (rule.digest, _too_few(rule, today))
    ]
    return new[:TESTED_AT_ONCE]


def note_tested(lake: Lake, project: str, rule: Rule, found: Replay, today: dt.date) -> None:
    """Remember that the rule was tested as it is; where there was too little to test it on, for *today* only."""
    said = rule.digest if found.hours >= LEAST_TESTED_HOURS else _too_few(rule, today)
    with lake.one_writer(_path(project)):
        lake.put_file(_path(project), json.dumps(_tested(lake, project) | {rule.name: said}).encode())


def _too_few(rule: Rule, today: dt.date) -> str:
    return f"{rule.digest} {today}"


def sentences(found: Replay) -> Iterator[str]:
    """What a back-test says."""
    if not found.measured:
        yield f"{found.rule}: nothing is measured yet that it could be replayed over."
        return
    if not found.hours:
        yield f"{found.rule}: in none of the {found.measured / 24:.1f} measured days it had a verdict."
        return
    rate, low, high = found.per_week
    times = {1: "once"}.get(len(found.alerts), f"{len(found.alerts)} times")
    yield (
        f"{found.rule}, replayed over {found.hours / 24:.1f} days with a verdict, of {found.measured / 24:.1f} "
        f"measured, and {found.series} series: it would have fired {times}, "
        f"{rate:.2f} times a week (95 % interval {low:.2f} to {high:.2f})."
    )
    for alert in found.alerts[-FIRINGS_SHOWN:]:
        end = f"{alert.resolved.start_time:%Y-%m-%d %H:%M}" if alert.resolved else "now"
        yield f"  {alert.raised.start_time:%Y-%m-%d %H:%M} to {end}: {alert.raised.message}"
    for drop in found.drops:
        of = f" of {found.dropped.replace('=', ' ', 1)}" if found.dropped else ""
        what = f"A simulated {'rise' if found.rises else 'drop'} of {drop.drop:.0%}{of}"
        if not drop.tries:
            yield f"  {what}: too few quiet days to tell."
            continue
        after = f", after {drop.median_hours:g} h in the middle" if drop.median_hours is not None else ""
        yield f"  {what}: found in {drop.found} of {drop.tries} within 48 h{after}."


def _tested(lake: Lake, project: str) -> dict[str, str]:
    content = lake.get_file(_path(project))
    known: dict[str, str] = json.loads(content) if content else {}
    return known


def _path(project: str) -> str:
    return f"progress/project={quote(project, safe='')}/tested-rules.json"
