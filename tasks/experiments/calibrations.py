"""What people's labels say of the judges that score an experiment, from the metrics of the production traffic."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from tasks.shared.records import DAY, Window
from tasks.shared.statistics.estimate import Estimate
from tasks.shared.statistics.intervals import LEVEL
from tasks.shared.statistics.judged_difference import Calibration
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import METRICS

RATES = ("judge_tpr", "judge_tnr")
# A chart that has reached its limit: the judge no longer judges as it did.
CHARTS = {"judge_drift": "no longer agrees with people as it did", "anchor_drift": "answers its anchors otherwise"}
ALARM = 1.0
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
LATEST = """
SELECT name, arg_max(struct_pack(start_time, value, n, low, high), start_time) AS latest
FROM metrics WHERE dimension = '' AND list_contains($names, name) GROUP BY name
"""
LAST_VERSION = "SELECT arg_max(version, (decided_at, version)) AS version FROM decisions WHERE evaluator = $name"


@dataclass(frozen=True)
class Calibrations:
    """By metric, how often its judge is right; and why a judge is not to be trusted now."""

    by_metric: Mapping[str, Calibration] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def calibrations(lake: Lake, project: str, versions: Mapping[str, str], days: int) -> Calibrations:
    """The latest of the last *days* with metrics, of the judges in just these *versions*.

    A judge's metrics are those of the version that decided last on their day: labels of another version say nothing of
    this one.
    """
    names = [f"{what}/{metric}" for metric in versions for what in (*RATES, *CHARTS)]
    window = _last(lake, project, days)
    rows = lake.sql(LATEST, project, window, {"names": names}).to_pylist() if window and names else []
    speaking = {
        (metric, at)
        for metric, at in {(row["name"].partition("/")[2], row["latest"]["start_time"]) for row in rows}
        if _decided_by(lake, project, metric, at) == versions[metric]
    }
    latest = {
        row["name"]: row["latest"]
        for row in rows
        if (row["name"].partition("/")[2], row["latest"]["start_time"]) in speaking
    }
    return calibrations_of(latest, versions)


def calibrations_of(latest: Mapping[str, Mapping[str, Any]], versions: Mapping[str, str]) -> Calibrations:
    """The same from rows of `metrics` by name."""
    known, doubts = {}, []
    for metric in versions:
        for chart, what in CHARTS.items():
            row = latest.get(f"{chart}/{metric}")
            if row and row["value"] >= ALARM:
                doubts.append(f"judge {metric} {what} (since {row['start_time']:%Y-%m-%d} at the latest)")
        rates = [latest.get(f"{what}/{metric}") for what in RATES]
        if rates[0] and rates[1]:
            known[metric] = Calibration(_estimate(rates[0]), _estimate(rates[1]))
    return Calibrations(known, tuple(doubts))


def _estimate(row: Mapping[str, Any]) -> Estimate:
    """The rate with the effective size that its Wilson interval came from: of the end that is farther from it."""
    value, low, high = row["value"], row["low"], row["high"]
    end = low if value - low > high - value else high
    reach = abs(end - value)
    size = Z * Z * end * (1 - end) / reach**2 if reach > 0 and 0 < end < 1 else float(row["n"])
    error = (value * (1 - value) / size) ** 0.5
    return Estimate(value, low, high, error, row["n"], row["n"], size)


def _last(lake: Lake, project: str, days: int) -> Window | None:
    known = lake.days(METRICS, project)
    if not known:
        return None
    end = Window.of_day(known[-1]).end
    return Window(end - days * DAY, end)


def _decided_by(lake: Lake, project: str, metric: str, at: dt.datetime) -> str | None:
    """The judge's version that the metrics of the day *at* are of."""
    found = lake.sql(LAST_VERSION, project, Window.of_day(at.date()), {"name": metric}).to_pylist()
    return found[0]["version"] if found else None
