"""The results of a comparison, from the lake to where people look: MLflow, and a report in the lake."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.experiments.comparison import Comparison, read_comparison
from tasks.experiments.paired import Sides
from tasks.experiments.report import Places, report
from tasks.experiments.returns import Return, returns, training_usd
from tasks.experiments.scores import read_sides
from tasks.experiments.tracked import comparison_run
from tasks.experiments.trial import Trial
from tasks.experiments.verdict import Verdict, decide
from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix.links import dataset_url
from tasks.shared.pages.blocks import Link
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import Page, html
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, Window
from tasks.shared.settings import GateSettings, Settings, without_password
from tasks.shared.store.lake import Lake
from tasks.shared.store.report_files import REPORT_PAGE, comparison_path
from tasks.shared.store.tables import EXPERIMENTS

REPORTS, MARKDOWN = "reports", "report.md"
SCORED = "SELECT DISTINCT evaluator FROM decisions WHERE status = 'scored' AND score IS NOT NULL ORDER BY evaluator"
TRACED = "SELECT DISTINCT traced_in FROM experiments WHERE experiment IN ($baseline, $candidate)"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """Which two experiments of which project are compared, under the name of which gate, and what it demands.

    `doubts` are why their answers or scores may not be trusted, as the experiments' receipts tell. `clusters` are those
    of all planned examples, by id.
    """

    project: str
    gate: str
    baseline: str
    candidate: str
    demands: GateSettings
    doubts: tuple[str, ...] = ()
    clusters: Mapping[str, str] | None = None

    @property
    def subject(self) -> str:
        """What tells this comparison from others, in MLflow and in the lake."""
        return f"{self.gate}/{self.baseline}/{self.candidate}"

    def path(self, name: str = REPORT_PAGE) -> str:
        """Where the file *name* of its report lies below the lake's root."""
        return comparison_path(self.project, self.gate, self.baseline, self.candidate, name)


def pair_of(trial: Trial, doubts: Sequence[str]) -> Pair:
    """The two experiments of a trial."""
    ids = trial.baseline.id, trial.candidate.id
    return Pair(trial.project, trial.name, *ids, trial.gate, tuple(doubts), trial.clusters)


def read_results(settings: Settings, lake: Lake, pair: Pair) -> Comparison:
    """Both experiments by every evaluator that scored one of them, with what the gate says of its own metrics."""
    ids = {"baseline": pair.baseline, "candidate": pair.candidate}
    projects = [row["traced_in"] for row in lake.sql(TRACED, pair.project, None, ids).to_pylist()]
    scored = {row["evaluator"] for project in projects for row in lake.sql(SCORED, project).to_pylist()}
    metrics = dict.fromkeys((*pair.demands.metrics, *sorted(scored)))
    sides = _sides(settings, lake, pair, metrics)
    return read_comparison(lake, pair.project, pair.gate, sides, _verdict(settings, lake, pair))


def track(settings: Settings, pair: Pair, flow_run: Mapping[str, str]) -> Batch:
    """Log the comparison as the one live run of its pair; the receipt's note is its URL."""
    lake = Lake.open(settings.lake)
    compared = read_results(settings, lake, pair)
    url = dataset_url(without_password(settings.phoenix.url), compared.candidate.row["phoenix_dataset_id"])
    page = lake.get_file(pair.path())
    run = comparison_run(
        pair.project,
        compared,
        settings=settings,
        dataset_url=url,
        flow_run=flow_run,
        files={REPORT_PAGE: page} if page else None,
    )
    mlflow = Mlflow.open(settings, pair.project)
    url = mlflow.run_url(mlflow.log(run))
    return Batch(EXPERIMENTS.name, pair.project, _window(compared), 2, {"logged": len(run.points)}, notes=(url,))


def write_report(settings: Settings, pair: Pair, flow_run_url: str | None) -> tuple[Page, Batch]:
    """Store the report of the comparison, as a page and as Markdown, and attach it to the live run, where there is one.

    Returns it, and a receipt whose note is where the page is.
    """
    lake = Lake.open(settings.lake)
    compared = read_results(settings, lake, pair)
    sources = [_mlflow_run(settings, pair)]
    sources += [Link("Prefect flow run", flow_run_url)] if flow_run_url else []
    page = report(
        compared,
        Places(settings.phoenix.url),
        _returned(settings, pair, compared),
        sources,
        dt.datetime.now(dt.UTC),
    )
    content = html(page).encode()
    path = lake.put_file(pair.path(), content)
    lake.put_file(pair.path(MARKDOWN), markdown(page).encode())
    attached = _at_live_run(settings, pair, lambda mlflow, run_id: mlflow.attach(run_id, REPORT_PAGE, content))
    counts = {"warnings": sum(page.warnings.values()), "attached": int(attached)}
    return page, Batch(REPORTS, pair.project, _window(compared), 1, counts, notes=(path,))


def tag_verdict(settings: Settings, pair: Pair, verdict: Mapping[str, Any]) -> bool:
    """Write the outcome and the id of the gate's *verdict* on the comparison's live run; whether there is one."""
    tags = {"nightjar.verdict": str(verdict["verdict"]), "nightjar.verdict_id": str(verdict["verdict_id"])}
    return _at_live_run(settings, pair, lambda mlflow, run_id: mlflow.tag(run_id, tags))


def _at_live_run(settings: Settings, pair: Pair, do: Callable[[Mlflow, str], None]) -> bool:
    """Do something to the comparison's live run; whether there is one. MLflow may be away: the lake has it all."""
    try:
        mlflow = Mlflow.open(settings, pair.project)
        run_id = mlflow.live_comparison(pair.project, pair.subject)
        if run_id:
            do(mlflow, run_id)
    except ServiceUnavailable as error:
        log.warning("the run of %s is not complete: %s", pair.subject, error)
        return False
    return bool(run_id)


def _window(compared: Comparison) -> Window:
    """The day on which the candidate began."""
    return Window.of_day(compared.candidate.row["start_time"].date())


def _sides(settings: Settings, lake: Lake, pair: Pair, metrics: Iterable[str]) -> Sides:
    days, ids = settings.judges.calibration_days, (pair.baseline, pair.candidate)
    return read_sides(lake, pair.project, *ids, metrics, clusters=pair.clusters, calibration_days=days)


def _verdict(settings: Settings, lake: Lake, pair: Pair) -> Verdict | None:
    """By the gate's own metrics alone: what is wrong with another judge is no doubt about these."""
    if not pair.demands.metrics:
        return None
    return decide(_sides(settings, lake, pair, pair.demands.metrics), pair.demands, pair.doubts)


def _returned(settings: Settings, pair: Pair, compared: Comparison) -> Return | None:
    """The return on training, where the two variants ask different models."""
    models = compared.candidate.each("model")
    if not models or models == compared.baseline.each("model"):
        return None
    prices = PriceTable.shipped(settings.prices)
    at = compared.candidate.row["start_time"]
    return returns(compared.sides, training_usd(pair.demands, models[0], prices, at))


def _mlflow_run(settings: Settings, pair: Pair) -> Link:
    """The comparison's live run. The report does not wait for an MLflow that is away."""
    try:
        mlflow = Mlflow.open(settings, pair.project)
        run_id = mlflow.live_comparison(pair.project, pair.subject)
        return (
            Link("MLflow run", mlflow.run_url(run_id)) if run_id else Link("no MLflow run of this comparison yet", "")
        )
    except ServiceUnavailable as error:
        log.warning("the report of %s has no link to MLflow: %s", pair.subject, error)
        return Link("MLflow did not answer when this was made", "")
