"""Series of measured hours as literals, and judgements on them."""

import datetime as dt
from collections import Counter
from typing import Any

from tasks.alerts.history import History, Hour
from tasks.alerts.measure import all_measures
from tasks.alerts.readings import Readings
from tasks.alerts.rule import Rule, rule_of
from tasks.alerts.verdicts import Judgement
from tasks.shared.records import HOUR
from tasks.shared.settings import AlertSettings
from tasks.shared.statistics.sketch import bucket_of, written
from tasks.shared.statistics.sums import Sums

T0 = dt.datetime(2026, 11, 19, tzinfo=dt.UTC)


def hour(number: int) -> dt.datetime:
    """So many hours after the first."""
    return T0 + number * HOUR


def rate(bad: int, n: int) -> Hour:
    """*bad* of *n* units, each of a trace of its own."""
    sums = Sums(n, n, float(n), float(bad), float(n), float(bad), float(bad))
    return Hour(sums, example=f"span:{bad:016x}" if bad else "")


def amount(total: float, n: int = 10) -> Hour:
    """A sum of *n* equal amounts."""
    each = total / n if n else 0.0
    return Hour(Sums(n, n, float(n), total, float(n), n * each**2, total))


def times(*values: float) -> Hour:
    """Latencies, each of a trace of its own."""
    n, total = len(values), sum(values)
    sketch = written(Counter(bucket_of(value) for value in values))
    return Hour(Sums(n, n, float(n), total, float(n), sum(v * v for v in values), total), sketch)


def history_of(measure: str, hours: dict[int, Hour], series: str = "", into: History | None = None) -> History:
    """A history with these *hours* of one series, by number."""
    history = into or History()
    for number, measured in hours.items():
        history.add(measure, series, hour(number), measured)
    return history


def rule(metric: str = "error_rate", condition: str = "> 5 %", **keys: Any) -> Rule:
    """A rule called `r`."""
    written = {"metric": metric, "condition": condition} | {key.rstrip("_"): value for key, value in keys.items()}
    return rule_of("r", written, all_measures(), {"channels": ("chat",), "owner": "ann"})


def judgement(of: Rule, history: History, calibrations: Any = None, **settings: Any) -> Judgement:
    """The rule over the history."""
    readings = Readings(of.metric, all_measures()[of.metric], history, calibrations or {})
    return Judgement(of, readings, AlertSettings(**settings))
