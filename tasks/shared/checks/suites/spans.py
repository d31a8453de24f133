"""Spans: sound times and amounts, known kinds, and warnings about what tracing lost."""

from collections.abc import Mapping

import pyarrow as pa

from tasks.shared.checks.check import Check, Scope, Suite
from tasks.shared.checks.rules import at_least, holds, not_before, one_of, usual_volume
from tasks.shared.records import SPAN_KINDS, STATUS_CODES, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage

AMOUNTS = (
    "latency_ms",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "audio_tokens",
    "cost_usd",
)
# A trace that runs longer has its parents looked for no further back.
PARENT_LOOKBACK_HOURS = 24


VALUES = (
    one_of("kind", SPAN_KINDS),
    one_of("status_code", STATUS_CODES),
    *(at_least(amount, 0) for amount in AMOUNTS),
)


def checks(scope: Scope) -> tuple[Check, ...]:
    """The checks of spans."""
    settings = scope.settings
    return (
        not_before("end_time", "start_time"),
        holds("parent_known", "the parent was seen", "warning", settings.max_share_without_parent),
        holds("root_has_session", "a root span has a session", "warning", settings.max_share_without_session),
        holds("llm_has_model", "an LLM span has a model", "warning", settings.max_share_without_model),
        usual_volume(scope.usual_rows, settings.volume_change),
    )


def stored_parents(stage: Stage, lake: Lake) -> Mapping[str, pa.Table]:
    """`stored_parents`: which parents that are not staged lie in the lake, in this window or the day before it."""
    wanted = stage.sql(
        "SELECT DISTINCT parent_id FROM spans WHERE parent_id IS NOT NULL "
        "AND parent_id NOT IN (SELECT span_id FROM spans WHERE span_id IS NOT NULL)"
    )
    if not wanted.num_rows:
        return {"stored_parents": wanted}
    window = Window(stage.window.reaching_back(PARENT_LOOKBACK_HOURS).start, stage.window.end)
    query = "SELECT parent_id FROM wanted WHERE parent_id IN (SELECT span_id FROM spans)"
    return {"stored_parents": lake.sql(query, stage.project, window, relations={"wanted": wanted})}


SUITE = Suite(
    values=VALUES,
    checks=checks,
    helpers={
        "parent_known": "CASE WHEN parent_id IS NOT NULL THEN "
        "parent_id IN (SELECT span_id FROM spans WHERE span_id IS NOT NULL) "
        "OR parent_id IN (SELECT parent_id FROM stored_parents) END",
        "root_has_session": "CASE WHEN parent_id IS NULL THEN session_id IS NOT NULL END",
        "llm_has_model": "CASE WHEN kind = 'LLM' THEN model IS NOT NULL END",
    },
    relations=stored_parents,
    weekly=True,
)
