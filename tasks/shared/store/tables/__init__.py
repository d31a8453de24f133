"""The one declaration of each table: columns, types, key, partition.

The Parquet schema, the checks and the table reference in the docs come from here.
"""

from tasks.shared.store.tables.alerts import ALERT_EVENTS, MEASUREMENTS
from tasks.shared.store.tables.checked import CHECKS, QUARANTINE
from tasks.shared.store.tables.datasets import DATASET_VERSIONS, EXAMPLES
from tasks.shared.store.tables.experiments import EXPERIMENT_RUNS, EXPERIMENTS, PROMPT_CANDIDATES, VERDICTS
from tasks.shared.store.tables.failures import FAILURES
from tasks.shared.store.tables.messages import DELIVERIES
from tasks.shared.store.tables.scores import ANCHORS, DECISIONS, LABEL_QUEUE, METRICS, PERIOD_METRICS
from tasks.shared.store.tables.table import FLAG, FLOAT, INTEGER, TEXT, TIME, Column, Table
from tasks.shared.store.tables.traffic import ANNOTATIONS, FEEDBACK, PHOENIX_COSTS, SPANS

__all__ = [
    "ALERT_EVENTS",
    "ANCHORS",
    "ANNOTATIONS",
    "CHECKS",
    "DATASET_VERSIONS",
    "DECISIONS",
    "DELIVERIES",
    "EXAMPLES",
    "EXPERIMENTS",
    "EXPERIMENT_RUNS",
    "FAILURES",
    "FEEDBACK",
    "FLAG",
    "FLOAT",
    "INTEGER",
    "LABEL_QUEUE",
    "MEASUREMENTS",
    "METRICS",
    "PERIOD_METRICS",
    "PHOENIX_COSTS",
    "PROMPT_CANDIDATES",
    "QUARANTINE",
    "SPANS",
    "TABLES",
    "TEXT",
    "TIME",
    "VERDICTS",
    "Column",
    "Table",
]

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        SPANS,
        ANNOTATIONS,
        PHOENIX_COSTS,
        DECISIONS,
        METRICS,
        PERIOD_METRICS,
        ANCHORS,
        CHECKS,
        QUARANTINE,
        LABEL_QUEUE,
        FEEDBACK,
        EXAMPLES,
        DATASET_VERSIONS,
        EXPERIMENTS,
        EXPERIMENT_RUNS,
        VERDICTS,
        PROMPT_CANDIDATES,
        DELIVERIES,
        MEASUREMENTS,
        ALERT_EVENTS,
        FAILURES,
    )
}
