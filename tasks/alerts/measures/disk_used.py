"""How much of the lake's disk is used, by everything on it. A lake in a bucket has no disk."""

import datetime as dt
import shutil

from tasks.alerts.measure import Measure
from tasks.shared.store.lake import Lake


def used(lake: Lake, _project: str, _closed: dt.datetime) -> dict[str, float]:
    """The share of the disk."""
    if lake.on_s3:
        return {}
    usage = shutil.disk_usage(lake.root)
    return {"": usage.used / (usage.used + usage.free)}


MEASURE = Measure(kind="gauge", title="Disk used", unit="share", tables=(), read=used)
