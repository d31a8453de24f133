"""Decisions as Phoenix annotations."""

import pyarrow as pa

from tasks.evaluate.catalogue import Ready
from tasks.shared.records import Window
from tasks.shared.store.lake import Lake

PUBLISHABLE = """
SELECT unit_id, score, label, explanation
FROM decisions
WHERE evaluator = $evaluator AND version = $version AND status = 'scored'
    AND start_time >= $start AND start_time < $end
ORDER BY start_time, unit_id
"""


def publishable(lake: Lake, project: str, window: Window, ready: Ready) -> pa.Table:
    """What the evaluator scored in *window*: `unit_id`, `score`, `label`, `explanation`."""
    values = {"evaluator": ready.name, "version": ready.evaluator.version, "start": window.start, "end": window.end}
    return lake.sql(PUBLISHABLE, project, window, values)
