"""How a published metric is written: by the unit it was published with."""

from tasks.shared.pages.blocks import Measure
from tasks.shared.records import Metric

UNITS: dict[str, Measure] = {"ms": "ms", "usd": "usd", "tokens": "tokens", "share": "share", "score": "score"}
# Units that a name tells where nothing is published under it.
NAMED: tuple[tuple[str, Measure], ...] = (
    ("latency_ms/", "ms"),
    ("session_duration_ms/", "ms"),
    ("cost_usd", "usd"),
    ("success/", "share"),
    ("satisfaction", "share"),
    ("error_rate/", "share"),
    ("pass_rate", "share"),
    ("score/", "score"),
)


def measure_of(name: str, metric: Metric | None) -> Measure:
    """The measure of the metric called *name*."""
    if metric and metric.unit in UNITS:
        return UNITS[metric.unit]
    return next((measure for prefix, measure in NAMED if name.startswith(prefix)), "number")
