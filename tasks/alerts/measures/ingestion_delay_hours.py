"""How many hours the last ingested hour lies behind the last closed one."""

import datetime as dt

from tasks.alerts.hours import ingested_hours
from tasks.alerts.measure import Measure
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake

LOOKED_BACK_HOURS = 7 * 24


def delay(lake: Lake, project: str, closed: dt.datetime) -> dict[str, float]:
    """When the last closed hour ended at *closed*; nothing where no hour of the week before it was ingested."""
    hours = ingested_hours(lake, project, Window(closed - LOOKED_BACK_HOURS * HOUR, closed))
    return {"": (closed - max(hours)) / HOUR - 1} if hours else {}


MEASURE = Measure(kind="gauge", title="Ingestion behind", unit="number", tables=(), read=delay)
