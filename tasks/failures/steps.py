"""The failures stage's tasks: which states an agent has, where its runs failed, why, and the report of it."""

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact, create_markdown_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from tasks.failures import taxonomy as taxonomies
from tasks.failures.analysing import PURPOSE, Analyst
from tasks.failures.attributing import annotations_of, attribute, stored_failures
from tasks.failures.figures import failing
from tasks.failures.labelled_file import ROOT, labelled_window, read_labelled
from tasks.failures.receipts import analysed_receipt, attributed_receipt, reported_receipt
from tasks.failures.report import failures_page
from tasks.failures.runs import Spans, names_of, spans_of
from tasks.failures.scope import Scope
from tasks.failures.summary import keep_analyses, path_of, read_rows, read_summary
from tasks.failures.taxonomy import Taxonomy
from tasks.failures.tracked import failures_run
from tasks.shared.anonymise import Anonymiser
from tasks.shared.checks import gate
from tasks.shared.errors import ServiceRefused
from tasks.shared.gateways.llm import Errand, Models, Writer
from tasks.shared.gateways.llm.keys import with_keys
from tasks.shared.gateways.llm.names import masked, names_judge
from tasks.shared.gateways.mlflow import Mlflow
from tasks.shared.gateways.phoenix import Phoenix
from tasks.shared.pages.markdown import markdown
from tasks.shared.pages.page import html
from tasks.shared.prices import PriceTable
from tasks.shared.records import Batch, Window
from tasks.shared.retries import JITTER, worth_retrying
from tasks.shared.settings import Settings, TaxonomySettings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.ledger import open_ledger
from tasks.shared.store.mask_key import mask_key
from tasks.shared.store.tables import FAILURES, SPANS


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="read-labelled",
)
def take_in_labelled(path: Path, taxonomy: str) -> Scope:
    """Put the labelled traces of a file into the lake, as the project of the file.

    Args:
        path: The file, JSONL.
        taxonomy: Whose states the labels are; where the settings have none of that name, the labels' own.
    """
    settings = load_settings()
    found = read_labelled(path)
    known = settings.failures.taxonomies.get(taxonomy, TaxonomySettings(states=settings.failures.states))
    states = known.states if set(found.states) <= set(known.states) else found.states
    lake = Lake.open(settings.lake)
    with lake.stage(SPANS, found.project, labelled_window()) as stage:
        stage.append(found.rows)
        gate(stage, lake, settings.checks, create_markdown_artifact)
        stage.publish()
    agent = Taxonomy(
        taxonomy, states, (ROOT,), learned_from="" if states == known.states else f"the labels in {path.name}"
    )
    return Scope(found.project, labelled_window(), agent, in_phoenix=False)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="find-states-{name}",
)
def find_states(project: str, window: Window, name: str, *, relearn: bool = False) -> Scope:
    """The states of an agent as the settings declare them, else as they were learned before, else learned now.

    Args:
        project: The Phoenix project.
        window: The runs that are to be analysed; states are learned from these.
        name: The taxonomy.
        relearn: Learn anew what was learned before.
    """
    settings = load_settings()
    lake, wanted = Lake.open(settings.lake), taxonomies.wanted(settings.failures, project, name)
    found = taxonomies.declared(name, wanted)
    if found is None and not relearn:
        found = taxonomies.kept(lake, project, name, wanted.roots)
    if found is None:
        traces = names_of(spans_of(lake, project, window, wanted.roots).rows())
        found = taxonomies.learned(name, wanted, traces, settings.failures.learned_share, str(window))
        taxonomies.keep(lake, project, found)
    return Scope(project, window, found)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="attribute-failures",
)
async def attribute_failures(scope: Scope, judge: str = "") -> Batch:
    """Find out where each run failed, tell Phoenix, and store it.

    Phoenix comes before the store: what an earlier analysis told of a run and is not true any more is known from there.

    Args:
        scope: The runs.
        judge: The judge's `name@version`; its decisions are in the lake. Empty for code alone.
    """
    settings = load_settings()
    lake, now = Lake.open(settings.lake), dt.datetime.now(dt.UTC)
    spans = await _spans(settings, lake, scope)
    found = await asyncio.to_thread(attribute, lake, scope, spans, judge, settings.failures.expected_share, now=now)
    with lake.stage(FAILURES, scope.project, scope.window, file=scope.taxonomy.name) as stage:
        stage.append(found.table())
        await asyncio.to_thread(gate, stage, lake, settings.checks, create_markdown_artifact)
        told = None
        if scope.in_phoenix:
            before = await asyncio.to_thread(stored_failures, lake, scope)
            async with Phoenix(settings.phoenix) as phoenix:
                told = await phoenix.annotate(scope.project, "span", annotations_of(found.rows, before))
        stage.publish()
    receipt = attributed_receipt(scope, found, told, stage.changed)
    for note in receipt.notes:
        get_run_logger().info(note)
    return receipt


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="analyse-failures",
)
async def analyse_failures(scope: Scope, run: str) -> Batch:
    """Ask a model why runs fail at each state, and what matters most; answers that were paid for are used again.

    Args:
        scope: The runs.
        run: Under which name the spending counts for the budget of a run.
    """
    settings = await with_keys(load_settings(), _secret)
    lake, own = Lake.open(settings.lake), settings.failures
    rows = await asyncio.to_thread(read_rows, lake, scope, scope.window)
    texts = await _masked(settings, lake, scope, run, rows)
    with open_ledger(settings.budget, settings.lake) as ledger:
        async with Models(settings.judges) as models:
            errand, prices = Errand(run, scope.project, PURPOSE), PriceTable.shipped(settings.prices)
            writer = Writer(models, ledger, prices, settings.budget, errand)
            analyst = Analyst(writer, own.model or settings.judges.model, own, scope)
            analyses = await analyst.states(rows, texts)
            insights = await analyst.insights(rows, analyses)
    path = await asyncio.to_thread(keep_analyses, lake, scope, analyses, insights)
    return analysed_receipt(scope, [*analyses, insights], path)


@task(
    cache_policy=NO_CACHE,
    retry_jitter_factor=JITTER,
    retry_condition_fn=worth_retrying,
    task_run_name="report-failures",
)
async def report_failures(scope: Scope) -> Batch:
    """Build the report in HTML and Markdown, show it in Prefect, and log the window to MLflow."""
    settings = load_settings()
    lake = Lake.open(settings.lake)
    summary = await asyncio.to_thread(read_summary, lake, scope, settings.failures, settings.phoenix.url)
    page = failures_page(summary)
    files = {"report.html": html(page).encode(), "report.md": markdown(page).encode()}
    paths = [lake.put_file(path_of(scope, name), content) for name, content in files.items()]
    await acreate_markdown_artifact(
        files["report.md"].decode(), key="failures", description=f"Failures of {scope.taxonomy.name}"
    )
    url = await asyncio.to_thread(_log, settings, scope, failures_run(summary, settings, _this_flow_run(), files))
    return reported_receipt(scope, summary.rows, (paths[0], url))


async def _spans(settings: Settings, lake: Lake, scope: Scope) -> Spans:
    """The spans of the runs from the lake, with the exceptions that only Phoenix knows of where these are wanted."""
    spans = await asyncio.to_thread(spans_of, lake, scope.project, scope.window, scope.taxonomy.roots)
    if not (scope.in_phoenix and settings.failures.exception_events):
        return spans
    async with Phoenix(settings.phoenix) as phoenix:
        try:
            return replace(spans, thrown=await phoenix.quiet_exceptions(scope.project, spans.trace_ids()))
        except ServiceRefused as error:
            raise ServiceRefused(f"{error} To go without, set failures.exception_events = false.") from error


def _log(settings: Settings, scope: Scope, run: object) -> str:
    mlflow = Mlflow.open(settings, scope.project)
    return mlflow.run_url(mlflow.log(run))  # type: ignore[arg-type]


async def _masked(
    settings: Settings, lake: Lake, scope: Scope, run: str, rows: list[dict[str, object]]
) -> dict[str, dict[str, str]]:
    """By trace, the texts of the failing runs as they may leave the lake; none where its names could not be listed."""
    failed = failing(rows)
    texts = [{name: str(row[name] or "") for name in ("explanation", "request")} for row in failed]
    anonymiser = Anonymiser(mask_key(lake, settings.anonymise), scope.taxonomy.name, settings.anonymise)
    async with names_judge(settings, scope.project, run) as names:
        found = await masked(texts, anonymiser, names)
    return {str(row["trace_id"]): text for row, text in zip(failed, found, strict=True) if text is not None}


def _this_flow_run() -> dict[str, str]:
    """Id, name and page of the flow run this is part of; empty outside one."""
    found = {"id": flow_run.id, "name": flow_run.name, "url": flow_run.ui_url}
    return {key: str(value) for key, value in found.items() if value}


async def _secret(block: str) -> str:
    secret: Secret[str] = await Secret.aload(block)
    return secret.get()
