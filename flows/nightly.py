"""The night's work: one UTC day, or a range of days as a backfill, through every stage in order."""

import datetime as dt
import time

from prefect import flow, get_run_logger

from flows.ingestion import ingestion
from flows.night import Night
from flows.tracking import tracking
from flows.windows import days_between, yesterday
from tasks.evaluate.estimate import confirm, expected_usd, projected_usd
from tasks.evaluate.progress import days_told
from tasks.evaluate.steps import estimate_judges
from tasks.fetch.steps import awaited_days, outdated_days
from tasks.reports.receipts import raise_undelivered, undelivered
from tasks.reports.steps import deliver_report, reports_to_deliver
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.records import Batch, Window
from tasks.shared.settings import load_settings


@flow(timeout_seconds=6 * 3600)
async def nightly(
    date: dt.date | None = None, until: dt.date | None = None, project: str | None = None, *, yes: bool = False
) -> list[Batch]:
    """Ingest, evaluate, track and report one UTC day, or every day of a range.

    Late spans change the days before: those are evaluated, tracked and reported again, also when the run that took
    the spans in was killed before it came to that. So are the days of which an earlier night left judgments in batches.
    Days whose units people labelled late are tracked and reported again.

    Args:
        date: The UTC day; by default the one before the day this run was scheduled for.
        until: The last day of a backfill that begins at `date`.
        project: The Phoenix project; the settings' project by default.
        yes: Judge the days of a backfill even where that is estimated above `budget.confirm_over_usd`.

    Returns:
        The receipts of every stage and day.

    Raises:
        NotConfirmed: The days' judging, as far as the days that are in tell, is estimated above the threshold, and
            nobody said yes. The days before are done; this one's spans are in, and nothing is judged.
        DeliveryFailed: A channel did not take a report that was to be sent. Everything else is done.
        Inconclusive: A judge is in doubt on a day. Everything else of the day is done, and the day comes up again.
    """
    settings = load_settings()
    project, first = project or settings.project, date or yesterday()
    last = until or first
    if last < first:
        raise ConfigurationError(f"until {last} is before date {first}. Give the first day as date, the last as until.")
    night = Night(project)
    days_usd: list[float] = []
    awaited = awaited_days(project)
    began = time.monotonic()
    try:
        for number, day in enumerate(days := days_between(first, last), 1):
            night.receipts += await ingestion(Window.of_day(day), project)
            begins = day == first
            found = outdated_days(
                project, day, settings.late_lookback_hours, awaited if begins else (), relabelled=begins
            )
            to_do = [outdated for outdated in found if outdated != night.in_hand]
            if len(days) > 1 and not yes:
                days_usd.append(
                    sum(expected_usd(estimate_judges(project, Window.of_day(it.day))) for it in to_do if it.judged)
                )
                confirm(projected_usd(days_usd, len(days)), settings.budget, f"{first} to {last}")
            for outdated in to_do:
                await night.decide(outdated)
                await night.begin_to_tell(outdated, trend=day == last and outdated is to_do[-1])
            if len(days) > 1:
                get_run_logger().info(days_told(number, len(days), night.receipts, time.monotonic() - began))
    finally:
        await night.told()
    if night.without_trend:  # the last day itself was done already
        night.receipts.append(await tracking(night.without_trend, project=project))
    for unsent in reports_to_deliver(project, last, settings.late_lookback_hours):
        night.receipts.append(await deliver_report(project, unsent.window, unsent.edition, channels=unsent.channels))
    if night.doubts:
        raise Inconclusive(" ".join([*night.doubts.values(), *undelivered(night.receipts)]))
    raise_undelivered(night.receipts)
    return night.receipts
