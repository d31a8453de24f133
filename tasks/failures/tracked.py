"""What is logged to MLflow of a window's failures: counts and rates, the bar chart, the heat map, the report."""

from collections.abc import Iterator, Mapping

from tasks.failures.figures import Share, by_kind, by_state, failure_rate, transitions
from tasks.failures.insights import key_insights
from tasks.failures.quality import qualities
from tasks.failures.report import heat_map, state_chart
from tasks.failures.summary import Summary
from tasks.shared.gateways.mlflow import Point, Run, run_tags
from tasks.shared.gateways.mlflow.naming import legal
from tasks.shared.pages.charts import picture
from tasks.shared.settings import Settings


def failures_run(
    summary: Summary, settings: Settings, flow_run: Mapping[str, str] | None, report: Mapping[str, bytes]
) -> Run:
    """The one live run of the taxonomy and the window; *report* is further artifacts by path."""
    scope = summary.scope
    at_ms = int(scope.window.end.timestamp() * 1000)
    values = dict(_values(summary))
    return Run(
        project=scope.project,
        kind="failures",
        name=f"failures of {scope.taxonomy.name}, {scope.window}",
        note="\n\n".join(key_insights(summary)),
        points=[Point(legal(name), value, 0, at_ms) for name, value in values.items()],
        subject=f"{scope.taxonomy.name} {scope.window}",
        params={"taxonomy": scope.taxonomy.name, "states": ", ".join(scope.taxonomy.states)[:6000]},
        tags={**run_tags(settings, flow_run, "failures"), "nightjar.window": str(scope.window)},
        artifacts={
            "failures-by-state.png": picture(state_chart(summary)),
            "transitions.png": picture(heat_map(summary)),
            **report,
        },
        tables={"transitions": _cells(summary)},
    )


def _values(summary: Summary) -> Iterator[tuple[str, float]]:
    rows = summary.rows
    yield "runs", float(len(rows))
    yield from _share("failures", failure_rate(rows))
    for state, share in by_state(rows, summary.scope.taxonomy).items():
        yield f"failures/state/{state}", float(share.count)
    for kind, (share, loud) in by_kind(rows).items():
        yield f"failures/step/{kind}", float(share.count)
        yield f"failures/step/{kind}/status_error", float(loud.count)
    for each in qualities(rows, summary.scope.taxonomy)[:1]:
        if each.runs and each.runs.value is not None:
            yield "attribution_accuracy", each.runs.value
            yield "attribution_accuracy.n", float(each.runs.n)
            low, high = each.runs.interval
            yield "attribution_accuracy.low", low or 0.0
            yield "attribution_accuracy.high", high or 0.0


def _share(name: str, share: Share) -> Iterator[tuple[str, float]]:
    yield name, float(share.count)
    if share.value is not None:
        low, high = share.interval
        yield f"{name}/rate", share.value
        yield f"{name}/rate.n", float(share.n)
        yield f"{name}/rate.low", low or 0.0
        yield f"{name}/rate.high", high or 0.0


def _cells(summary: Summary) -> list[dict[str, object]]:
    matrix = transitions(summary.rows, summary.scope.taxonomy)
    return [
        {"last_success": before, "first_failure": after, "runs": count}
        for before, counts in zip(matrix.rows, matrix.counts, strict=True)
        for after, count in zip(matrix.columns, counts, strict=True)
        if count
    ]
