"""How many hours the last ingested hour lies behind the last closed one; a week at most."""

import datetime as dt

from tasks.alerts.hours import ingested_hours
from tasks.alerts.measure import Measure
from tasks.shared.records import HOUR, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import CHECKS

LOOKED_BACK_HOURS = 7 * 24


def delay(lake: Lake, project: str, closed: dt.datetime) -> dict[str, float]:
    """When the last closed hour ended at *closed*; a week where it is longer ago, nothing where none ever was."""
    hours = ingested_hours(lake, project, Window(closed - LOOKED_BACK_HOURS * HOUR, closed))
    if hours:
        return {"": (closed - max(hours)) / HOUR - 1}
    return {"": float(LOOKED_BACK_HOURS)} if lake.days(CHECKS, project) else {}


MEASURE = Measure(kind="gauge", title="Ingestion behind", unit="number", tables=(), read=delay)
