"""What is logged to MLflow for the rolling trend: one run per project, one step per day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.shared.gateways.mlflow import Point, Run, run_tags
from tasks.shared.gateways.mlflow.naming import values_of
from tasks.shared.records import Metric
from tasks.shared.settings import Settings

QUERY = """
SELECT * FROM metrics WHERE start_time > (SELECT max(start_time) FROM metrics) - to_days(CAST($days AS INTEGER))
ORDER BY start_time, name, dimension
"""
EPOCH = dt.date(1970, 1, 1)


def trend_run(
    project: str, rows: Sequence[Mapping[str, Any]], settings: Settings, flow_run: Mapping[str, str] | None = None
) -> Run:
    """The trend of *rows* (of the `metrics` table, by time); at least one."""
    first, last = (rows[i]["start_time"].date() for i in (0, -1))
    return Run(
        project=project,
        kind="trend",
        name="trend",
        note=(
            f"# {project}, {first} to {last}\n\nOne step per UTC day, counted from {EPOCH}; the time of a point is the "
            "end of its day. The intervals of metrics with a dimension are in the runs of the days."
        ),
        points=[point for row in rows for point in _points(row)],
        params={"first_day": str(first), "last_day": str(last)},
        tags=run_tags(settings, flow_run, "tracking"),
    )


def _points(row: Mapping[str, Any]) -> list[Point]:
    """Divided metrics go by their value alone, or ninety days of them would take a minute to send."""
    metric = Metric(**{key: value for key, value in row.items() if key not in {"start_time", "end_time"}})
    values = list(values_of(metric).items())
    step = (row["start_time"].date() - EPOCH).days
    timestamp_ms = int(row["end_time"].timestamp() * 1000)
    return [Point(name, value, step, timestamp_ms) for name, value in (values[:1] if metric.dimension else values)]
