"""How many hours the last ingested hour lies behind the last closed one, once it has kept up; a week at most."""

import datetime as dt

from tasks.alerts.hours import ingested_hours
from tasks.alerts.measure import Measure
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import CHECKS

LOOKED_BACK_HOURS = 7 * 24
KEEPS_UP_HOURS = 3
REMEMBERED_HOURS = 90 * 24
NOTED = "SELECT count(*) FROM measurements WHERE measure = 'ingestion_delay_hours'"


def delay(lake: Lake, project: str, closed: dt.datetime) -> dict[str, float]:
    """When the last closed hour ended at *closed*; a week where it is longer ago, nothing where none ever was.

    Nothing too as long as ingestion never kept up: a first backfill comes to the last hour in the end, and before it
    does nothing is late.
    """
    hours = ingested_hours(lake, project, Window(closed - LOOKED_BACK_HOURS * HOUR, closed))
    if not hours and not lake.days(CHECKS, project):
        return {}
    behind = (closed - max(hours)) / HOUR - 1 if hours else float(LOOKED_BACK_HOURS)
    return {"": behind} if behind <= KEEPS_UP_HOURS or _kept_up(lake, project, closed) else {}


def _kept_up(lake: Lake, project: str, closed: dt.datetime) -> bool:
    """Whether the measure was ever noted: the first one noted is one that kept up."""
    return bool(lake.sql(NOTED, project, Window(closed - REMEMBERED_HOURS * HOUR, closed)).column(0)[0].as_py())


MEASURE = Measure(kind="gauge", title="Ingestion behind", unit="number", tables=(), read=delay)
