"""Simulated volume: millions of span rows straight into the lake, for load tests.

Real simulated traces are the moulds; every hour is filled with copies of them that have ids, times, latencies and
sessions of their own. Everything is done in whole columns.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from deployments.simulator.moulds import Moulds, moulds_of
from deployments.simulator.rhythm import HOUR_WEIGHTS, WEEKDAY_FACTORS
from deployments.simulator.simulation import simulate
from deployments.simulator.traffic import Traffic
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

MOULD_SPANS = 4000
US_PER_HOUR = 3_600_000_000
MINUTES_FOR_A_TRACE = 4
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Volume:
    """How many simulated rows, over which days (UTC, `until` included)."""

    project: str
    spans: int
    until: dt.date
    days: int = 1
    seed: int = 7

    @property
    def window(self) -> Window:
        """The days as one window."""
        first = self.until - dt.timedelta(days=self.days - 1)
        return Window(Window.of_day(first).start, Window.of_day(self.until).end)


def fill_lake(lake: Lake, volume: Volume, progress: Callable[[int], None] | None = None) -> int:
    """Write about `volume.spans` rows into the SPANS table; returns how many. *progress* is told the rows so far."""
    traffic = Traffic(project=volume.project, seed=volume.seed, days=1, until=volume.until, spans=MOULD_SPANS)
    moulds = moulds_of(simulate(traffic).spans)
    rng = np.random.default_rng(volume.seed)
    with lake.stage(SPANS, volume.project, volume.window) as stage:
        for hour, spans in spans_per_hour(volume):
            stage.append(rows_of_hour(moulds, hour, spans, rng))
            if progress:
                progress(stage.rows)
        stage.publish()
        return stage.rows


def spans_per_hour(volume: Volume) -> Iterator[tuple[dt.datetime, int]]:
    """Each hour of the volume with its share of the spans, by the rhythm of the week and of the day."""
    hours = list(volume.window.hours())
    weights = np.array([WEEKDAY_FACTORS[hour.weekday()] * HOUR_WEIGHTS[hour.hour] for hour in hours])
    counts = np.diff(np.round(np.concatenate([[0.0], np.cumsum(weights / weights.sum())]) * volume.spans))
    yield from ((hour, int(count)) for hour, count in zip(hours, counts, strict=True) if count)


def rows_of_hour(moulds: Moulds, hour: dt.datetime, spans: int, rng: np.random.Generator) -> pa.Table:
    """Exactly *spans* rows that start in *hour*: whole traces, of which the last may be cut."""
    chosen = rng.integers(0, len(moulds.sizes), size=spans // int(moulds.sizes.min()) + 1)
    sizes = moulds.sizes[chosen]
    traces = int(np.searchsorted(np.cumsum(sizes), spans)) + 1
    chosen, sizes = chosen[:traces], sizes[:traces]
    trace_of_row = np.repeat(np.arange(traces), sizes)[:spans]
    first_row = np.cumsum(sizes) - sizes
    step = np.arange(spans) - first_row[trace_of_row]
    mould_row = moulds.first_rows[chosen][trace_of_row] + step

    stretch = rng.lognormal(0.0, 0.15, traces)[trace_of_row]
    latest_start = US_PER_HOUR - MINUTES_FOR_A_TRACE * 60_000_000
    begins = rng.integers(0, latest_start, traces)[trace_of_row] + int(hour.timestamp()) * 1_000_000
    start = begins + np.minimum(moulds.offsets_us[mould_row], MINUTES_FOR_A_TRACE * 59_000_000)
    latency_us = (moulds.latencies_us[mould_row] * stretch).astype(np.int64)

    span_ids = hex_ids(rng, spans, 8)
    parents = first_row[trace_of_row]
    replaced = {
        "span_id": span_ids,
        "trace_id": hex_ids(rng, traces, 16).take(pa.array(trace_of_row)),
        "parent_id": span_ids.take(pa.array(parents, mask=moulds.is_root[mould_row])),
        "session_id": hex_ids(rng, traces // 3 + 1, 6).take(pa.array(trace_of_row // 3)),
        "start_time": as_time(start),
        "end_time": as_time(start + latency_us),
        "latency_ms": pa.array(latency_us / 1000.0),
        "digest": hex_ids(rng, spans, 8),
    }
    return with_columns(moulds.rows.take(pa.array(mould_row)), replaced)


def hex_ids(rng: np.random.Generator, count: int, bytes_each: int) -> pa.StringArray:
    """*count* random hex texts of twice *bytes_each* digits, built without a Python loop."""
    digits = rng.bytes(count * bytes_each).hex().encode()
    offsets = np.arange(count + 1, dtype=np.int32) * (2 * bytes_each)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(digits))


def as_time(microseconds: Integers) -> pa.Array:
    """Microseconds since the epoch as the lake's time type."""
    return pa.array(microseconds).cast(pa.timestamp("us", tz="UTC"))


def with_columns(rows: pa.Table, columns: dict[str, Any]) -> pa.Table:
    """*rows* with some *columns* replaced."""
    for name, column in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
    return rows


def open_lake(root: str) -> Lake:
    """The lake at *root*."""
    return Lake.open(LakeSettings(root=root))
