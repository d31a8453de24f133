"""All that the report and MLflow tell of a window: rows, windows before, analyses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.failures.claims import INSIGHTS, Analysis
from tasks.failures.figures import in_windows, windows_before
from tasks.failures.scope import Scope
from tasks.shared.records import Window
from tasks.shared.settings import FailureSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import failures_path

ROWS = "SELECT * FROM failures WHERE taxonomy = $taxonomy ORDER BY start_time, trace_id"
ANALYSES = "analyses.json"
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Summary:
    """Rows of `failures` of the scope, of windows before it, and what a model makes of them (empty: not asked)."""

    scope: Scope
    rows: Rows
    before: Sequence[tuple[Window, Rows]] = ()
    analyses: Sequence[Analysis] = ()
    insights: Analysis | None = None
    phoenix_url: str = ""
    examples: int = 3


def read_rows(lake: Lake, scope: Scope, window: Window) -> list[dict[str, Any]]:
    """The rows of the scope's taxonomy in *window*."""
    rows: list[dict[str, Any]] = lake.sql(ROWS, scope.project, window, {"taxonomy": scope.taxonomy.name}).to_pylist()
    return rows


def read_summary(lake: Lake, scope: Scope, settings: FailureSettings, phoenix_url: str) -> Summary:
    """The summary from the lake, with the windows before that have rows."""
    earlier = windows_before(scope.window, settings.compared_windows)
    before = read_rows(lake, scope, Window(earlier[0].start, scope.window.start)) if earlier else []
    analyses, insights = read_analyses(lake, scope)
    return Summary(
        scope=scope,
        rows=read_rows(lake, scope, scope.window),
        before=in_windows(before, earlier),
        analyses=analyses,
        insights=insights,
        phoenix_url=phoenix_url if scope.in_phoenix else "",
        examples=settings.examples,
    )


def keep_analyses(lake: Lake, scope: Scope, analyses: Sequence[Analysis], insights: Analysis) -> str:
    """Put what the model said beside the report; returns where it lies."""
    found = {"states": [each.as_json() for each in analyses], "insights": insights.as_json()}
    return lake.put_file(path_of(scope, ANALYSES), orjson.dumps(found, option=orjson.OPT_INDENT_2))


def read_analyses(lake: Lake, scope: Scope) -> tuple[list[Analysis], Analysis | None]:
    """What `keep_analyses` wrote; nothing where nothing was asked."""
    content = lake.get_file(path_of(scope, ANALYSES))
    if content is None:
        return [], None
    found = orjson.loads(content)
    return [Analysis.of_json(each) for each in found["states"]], Analysis.of_json(found["insights"], INSIGHTS)


def path_of(scope: Scope, name: str) -> str:
    """Where a file of the analysis lies below the lake's root."""
    return failures_path(scope.project, scope.taxonomy.name, scope.window, name)
