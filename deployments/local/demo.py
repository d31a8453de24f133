"""`make demo`: two weeks of simulated traffic through the whole pipeline, on real servers.

Nothing is special to the demo but the traffic: the flows run as in production, deployed, by the worker.
"""

import asyncio
import datetime as dt
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
from rich.console import Console

from deployments.deploy import deploy
from deployments.local import addresses
from deployments.local.display import progress
from deployments.local.judge_beside_truth import judge_beside_truth
from deployments.local.parts import EVERYTHING, FOLDER, REPOSITORY, TRUTH, one_certificate
from deployments.local.runs import FlowRun, run_deployment
from deployments.local.stack import Report, Stack, open_own_stack
from deployments.simulator.broken import BROKEN_PROJECT, broken
from deployments.simulator.delivery import send
from deployments.simulator.experts import label
from deployments.simulator.rhythm import NS_PER_S
from deployments.simulator.simulation import Simulation, simulate
from deployments.simulator.traffic import Incident, Traffic, yesterday
from deployments.simulator.users import give_feedback
from tasks.shared.errors import NightjarError
from tasks.shared.records import Window
from tasks.shared.settings import Settings, load_settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS as SPAN_TABLE

DAYS, SPANS = 14, 4_200
WEEK = dt.timedelta(days=7)
FRIDAY = 4


class DemoFailed(NightjarError):
    """A step of the demo did not do what the demo shows."""


def demo(console: Console) -> None:
    """Run the demo. Again on the same day it adds nothing; on a later day it adds the days since."""
    began, day = time.monotonic(), yesterday()
    with progress(console) as report, ThreadPoolExecutor(2) as beside:
        stack = open_own_stack(report)
        settings = load_settings()  # only now do they know where the stack listens
        traffic_made = simulate(traffic_until(settings.project, day))
        traffic_made.truth.write(FOLDER / TRUTH)  # the provider reads it when it starts
        # On two cores what starts beside fewer others starts sooner: MLflow does while Phoenix takes the traffic in.
        stack.launch(["phoenix", "prefect", "provider"])
        stack.wait(["phoenix", "provider"])
        stack.launch(["mlflow"])
        tell_provider(stack, traffic_made)
        first, last = day - dt.timedelta(days=DAYS - 1), day - dt.timedelta(days=1)
        broken_one = beside.submit(_send, broken(day=day), "broken project", stack, report)
        week = beside.submit(
            write_traffic, stack, until(traffic_made, first + WEEK), "simulated traffic, 1st week", report
        )
        start_the_rest(stack, settings, report)
        broken_one.result()
        # A failing check is shown while Phoenix is still busy with the traffic: it is another deployment.
        failing = beside.submit(run_on_broken_project, stack, day, report)
        week.result()
        stack.wait(EVERYTHING)
        # The second week arrives while the first is worked on.
        rest = beside.submit(write_the_rest, stack, settings, traffic_made, first + WEEK, report)
        # The days before first: last night's report compares with them.
        run_nightly(stack, f"backfill {DAYS - 1} days", {"date": str(first), "until": str(last), "yes": True}, report)
        rest.result()
        last_night = run_nightly(stack, f"nightly {day}", {"date": str(day)}, report)
        failed = failing.result()
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. Where to look:")
    for what, where in where_to_look(stack, settings, day, last_night, failed).items():
        console.print(f"  {what:<38}{where}", soft_wrap=True, highlight=False)
    told = judge_beside_truth(Lake.open(settings.lake), settings.project, day, traffic_made.truth)
    console.print(f"\nSQL that passes, last night: {told}.", soft_wrap=True, highlight=False)
    console.print("\nThe stack keeps running: `make status`, `make down`.")


def start_the_rest(stack: Stack, settings: Settings, report: Report) -> None:
    """The worker and the deployments, as soon as the Prefect server is up."""
    stack.wait(["prefect"])
    stack.launch(["worker"])
    report("deployments", "putting prefect.yaml on the server")
    quick = {"PREFECT_API_SSL_CERT_FILE": str(one_certificate(FOLDER))}
    deploy(stack.prefect_api_url, REPOSITORY, settings.owner, settings.tier, quick)
    report("deployments", "ready")


def traffic_until(project: str, day: dt.date) -> Traffic:
    """Two weeks of traffic up to *day*, the day of the incident among them."""
    return Traffic(project=project, days=DAYS, spans=SPANS, until=day, incident=Incident(day=incident_day(day)))


def until(traffic: Simulation, day: dt.date) -> Simulation:
    """The part of *traffic* before *day*."""
    end_ns = int(Window.of_day(day).start.timestamp()) * NS_PER_S
    return replace(traffic, spans=tuple(span for span in traffic.spans if span.start_ns < end_ns))


def write_traffic(stack: Stack, traffic: Simulation, step: str, report: Report) -> int:
    """Send what Phoenix does not have yet of the traffic and of what simulated people say of it; how many spans."""
    sent = _send(traffic, step, stack, report)
    report("simulated people", "labelling, giving feedback")
    labels = asyncio.run(label(traffic, stack.phoenix_url))
    said = asyncio.run(give_feedback(traffic, stack.phoenix_url))
    report("simulated people", f"done, {labels} labels of experts and {said} users' feedback in Phoenix")
    return sent


def write_the_rest(stack: Stack, settings: Settings, traffic: Simulation, since: dt.date, report: Report) -> None:
    """Send the days from *since* on. Raises DemoFailed when the backfill came to them before they were there."""
    lake = Lake.open(settings.lake)
    before = lake.days(SPAN_TABLE, settings.project)
    sent = write_traffic(stack, traffic, "simulated traffic, all", report)
    early = {day for day in lake.days(SPAN_TABLE, settings.project) if day >= since}.difference(before)
    if sent and early:
        raise DemoFailed(f"the backfill came to {min(early)} before its traffic was there. Run `make demo` again.")


def tell_provider(stack: Stack, traffic: Simulation) -> None:
    """A provider that ran already learns the truth of the days since."""
    httpx.post(f"{stack.url('provider')}/simulated/truth", content=traffic.truth.model_dump_json()).raise_for_status()


def incident_day(day: dt.date) -> dt.date:
    """The day of the simulated incident: the last working day up to the first demo's yesterday, the same ever after.

    So days never change; and on a weekend too few people are there for anybody to notice.
    """
    remembered = FOLDER / "demo.json"
    if not remembered.exists():
        working_day = day - dt.timedelta(days=max(0, day.weekday() - FRIDAY))
        remembered.write_text(json.dumps({"incident_day": str(working_day)}), encoding="utf-8")
    return dt.date.fromisoformat(json.loads(remembered.read_text(encoding="utf-8"))["incident_day"])


def run_nightly(stack: Stack, step: str, parameters: dict[str, Any], report: Report) -> FlowRun:
    """Run the deployment `nightly/nightly`. Raises DemoFailed unless it completes."""
    report(step, "waiting for the worker")
    run = run_deployment(stack.prefect_api_url, "nightly/nightly", parameters, lambda doing: report(step, doing))
    if not run.completed:
        raise DemoFailed(f"{step} is {run.state}: {run.message} See {addresses.flow_run(stack, run.id)}.")
    report(step, "done")
    return run


def run_on_broken_project(stack: Stack, day: dt.date, report: Report) -> FlowRun:
    """Ingest the broken project, whose spans fail a critical check. Raises DemoFailed when they do not."""
    step = "broken project"
    window = {"start": f"{day}T00:00:00Z", "end": f"{day + dt.timedelta(days=1)}T00:00:00Z"}
    parameters = {"project": BROKEN_PROJECT, "window": window}
    run = run_deployment(
        stack.prefect_api_url, "ingestion/ingestion", parameters, lambda doing: report(step, f"ingesting, {doing}")
    )
    if run.completed:
        raise DemoFailed(f"the broken project passed its checks. See {addresses.flow_run(stack, run.id)}.")
    report(step, "failed as it should: its checks kept it out")
    return run


def where_to_look(
    stack: Stack, settings: Settings, day: dt.date, last_night: FlowRun, failed: FlowRun
) -> dict[str, str]:
    """The pages worth opening, by what they show."""
    return {
        "Traces and scores, in Phoenix": addresses.phoenix_project(stack, settings.project),
        "Metrics, in MLflow": addresses.mlflow_experiment(stack, settings, settings.project),
        "Last night's run, in Prefect": addresses.flow_run(stack, last_night.id),
        "The morning report": addresses.report(settings, settings.project, day),
        "A failed check: the run": addresses.flow_run(stack, failed.id),
        "A failed check: the validation page": addresses.validation(settings, BROKEN_PROJECT, day),
    }


def _send(simulation: Simulation, step: str, stack: Stack, report: Report) -> int:
    def stored(so_far: int, total: int) -> None:
        report(step, f"{so_far:,} of {total:,} simulated spans stored in Phoenix")

    sent = asyncio.run(send(simulation, stack.phoenix_url, progress=stored))
    report(step, f"done, {len(simulation.spans):,} spans in Phoenix, {sent:,} of them new")
    return sent
