"""The tracking stage's tasks: lake to `metrics`, and `metrics` to MLflow."""

import asyncio
from collections.abc import Iterator, Sequence

import pyarrow as pa
from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.shared.checks import gate, warm_up
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.records import DAY, Batch, Edition, Metric, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.daily_metric import daily_metric
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import report_path
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import METRICS, PERIOD_METRICS, SPANS
from tasks.tracking.day_run import day_run
from tasks.tracking.evidence import EVALUATORS_QUERY, SPANS_QUERY, evidence_of
from tasks.tracking.judge_days import judge_days, judges_of
from tasks.tracking.judge_summary import judge_metrics
from tasks.tracking.spending import spending
from tasks.tracking.summary import day_metrics, metric_rows, metrics_in, period_rows
from tasks.tracking.trend_run import QUERY as TREND_QUERY
from tasks.tracking.trend_run import trend_run


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="summarise-{window}",
)
async def summarise(project: str, window: Window) -> Batch:
    """Compute the summary metrics of the day from the lake and store them in `metrics`."""
    return await asyncio.to_thread(_summarise, project, window)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="summarise-{edition}-{window}",
)
async def summarise_period(project: str, window: Window, edition: Edition) -> Batch:
    """Compute the summary metrics of the week or month from its rows and store them in `period_metrics`."""
    return await asyncio.to_thread(_summarise_period, project, window, edition)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="log-day-{window}",
)
async def log_day(project: str, window: Window) -> Batch:
    """Log the day's metrics to MLflow as the one live run of project and day; the receipt's note is its URL."""
    return await asyncio.to_thread(_log_day, project, window, _this_flow_run())


@task(cache_policy=NO_CACHE, retry_jitter_factor=JITTER, retry_condition_fn=worth_retrying)
async def log_trend(project: str) -> Batch:
    """Rebuild the project's trend run from the `metrics` of the last days; the receipt's note is its URL."""
    return await asyncio.to_thread(_log_trend, project, _this_flow_run())


def _summarise(project: str, window: Window) -> Batch:
    settings = load_settings()
    lake = Lake.open(settings.lake)
    metrics = _metrics(settings, lake, project, window)
    metrics += _spending(lake, project, window, settings, metrics)
    rows = metric_rows(metrics, window)
    with lake.stage(METRICS, project, window) as stage:
        return _published(stage, rows, lake, settings)


def _summarise_period(project: str, window: Window, edition: Edition) -> Batch:
    settings = load_settings()
    lake = Lake.open(settings.lake)
    rows = period_rows(_metrics(settings, lake, project, window), window, edition)
    with lake.stage(PERIOD_METRICS, project, window, edition) as stage:
        return _published(stage, rows, lake, settings)


def _metrics(settings: Settings, lake: Lake, project: str, window: Window) -> list[Metric]:
    warm_up()
    judges = judges_of(lake, project, window)
    metrics = day_metrics(lake, project, window, judges, settings)
    return metrics + judge_metrics(judge_days(lake, project, window, judges, settings.judges))


def _published(stage: Stage, rows: pa.Table, lake: Lake, settings: Settings) -> Batch:
    """Check *rows* and put them in place."""
    stage.append(rows)
    gate(stage, lake, settings.checks, create_markdown_artifact)
    stage.publish()
    counts = {"changed": stage.changed}
    return Batch(stage.table.name, stage.project, stage.window, stage.rows, counts, stage.changed_days)


def _spending(
    lake: Lake, project: str, window: Window, settings: Settings, metrics: Sequence[Metric]
) -> Iterator[Metric]:
    """The day's own cost is among *metrics*, which are not in the lake yet."""
    today = window.start.date()
    cost = next(metric.value for metric in metrics if metric.name == "cost_usd" and not metric.dimension)
    return spending(
        daily_metric(lake, project, "cost_usd", today - DAY) | {today: cost}, today, settings.cost.budget_of(project)
    )


def _log_day(project: str, window: Window, flow_run: dict[str, str]) -> Batch:
    settings = load_settings()
    lake = Lake.open(settings.lake)
    mlflow = Mlflow.open(settings, project)
    spans, decisions = (lake.sql(query, project, window).to_pylist() for query in (SPANS_QUERY, EVALUATORS_QUERY))
    run = day_run(
        project,
        window,
        metrics_in(lake.read(METRICS, project, window)),
        evidence_of(spans, decisions),
        settings=settings,
        source=lake.partition(SPANS, project, window.start).rpartition("/hour=")[0],
        report=lake.get_file(report_path(project, window)),
        flow_run=flow_run,
    )
    url = mlflow.run_url(mlflow.log(run))
    return Batch(METRICS.name, project, window, len(run.points), {"logged": len(run.points)}, notes=(url,))


def _log_trend(project: str, flow_run: dict[str, str]) -> Batch:
    settings = load_settings()
    lake = Lake.open(settings.lake)
    rows = lake.sql(TREND_QUERY, project, None, {"days": settings.mlflow.trend_days}).to_pylist()
    mlflow = Mlflow.open(settings, project)
    run = trend_run(project, rows, settings, flow_run)
    url = mlflow.run_url(mlflow.log(run))
    window = Window(rows[0]["start_time"], rows[-1]["end_time"])
    return Batch(METRICS.name, project, window, len(rows), {"logged": len(run.points)}, notes=(url,))


def _this_flow_run() -> dict[str, str]:
    """Id, name and page of the flow run this is part of; empty outside one."""
    found = {"id": flow_run.id, "name": flow_run.name, "url": flow_run.ui_url}
    return {key: str(value) for key, value in found.items() if value}
