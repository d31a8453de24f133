"""`make demo-failures`, on the running demo: where the recipe agent failed in two weeks, beside the simulated truth.

The flow runs from the command line, once for each week. Only what is printed reads the truth file; the flow never does.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.local import addresses
from deployments.local.demo import DemoFailed
from deployments.local.demo_gates import flows, running_demo
from deployments.local.display import progress
from deployments.local.parts import FOLDER, TRUTH
from deployments.local.stack import Stack
from deployments.simulator.agent import STATES
from deployments.simulator.truth import Truth
from tasks.shared.records import DAY, Window
from tasks.shared.settings import load_settings
from tasks.shared.statistics.intervals import wilson
from tasks.shared.store.lake import Lake

LEAST_ACCURACY = 0.95
ROWS = "SELECT * FROM failures WHERE taxonomy = 'recipe-agent' ORDER BY start_time, trace_id"
NONE = "none"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Injected:
    """What the simulator made fail: by trace, the state and the span."""

    states: Mapping[str, str]
    spans: Mapping[str, str]

    @classmethod
    def read(cls) -> "Injected":
        """The truth of the demo's traffic."""
        days = Truth.read(FOLDER / TRUTH).days.values()
        failed = {trace: state for day in days for trace, state in day.failed_traces.items() if state in STATES}
        return cls(failed, {trace: span for day in days for trace, span in day.failed_spans.items()})

    def state_of(self, row: Row) -> str:
        """The state that failed; `none` of a run that ended well."""
        return self.states.get(row["trace_id"], NONE)


def demo_failures(console: Console) -> None:
    """Run it. A second time nothing is asked and nothing is written again.

    Raises:
        DemoFailed: The demo does not run, or the analysis does not say what is true.
    """
    began = time.monotonic()
    with progress(console) as report:
        stack = running_demo(report)
        injected = Injected.read()
        for window in two_weeks():
            receipts = flows(
                "failure-analysis", f"failures {window.start:%m-%d}", report, "--window", span(window), "--yes"
            )
            report(f"failures {window.start:%m-%d}", f"done, {receipts[-1]['counts'].get('failed', 0)} runs failed")
        rows = stored_rows()
    console.print(by_state(rows, injected))
    console.print(by_way(rows, injected))
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. Where to look:")
    for what, where in where_to_look(stack).items():
        console.print(f"  {what:<38}{where}", soft_wrap=True, highlight=False)
    if wrong := problems(rows, injected):
        raise DemoFailed(f"the analysis is not what the demo shows: {'; '.join(wrong)}.")


def two_weeks() -> tuple[Window, Window]:
    """The demo's weeks, the earlier one first."""
    days = sorted(Truth.read(FOLDER / TRUTH).days)
    end = Window.of_day(days[-1]).end
    return Window(end - 14 * DAY, end - 7 * DAY), Window(end - 7 * DAY, end)


def span(window: Window) -> str:
    """The window as the command line takes it."""
    return f"{window.start:%Y-%m-%dT%H:%MZ}/{window.end:%Y-%m-%dT%H:%MZ}"


def stored_rows() -> list[Row]:
    """Every run that was analysed."""
    settings = load_settings()
    rows: list[Row] = Lake.open(settings.lake).sql(ROWS, settings.project).to_pylist()
    return rows


def by_state(rows: Sequence[Row], injected: Injected) -> Table:
    """Failures by state: as injected, as labels tell them, as code and judge find them."""
    truth = Counter(injected.state_of(row) for row in rows)
    columns = [truth, *(Counter(row[name] for row in rows) for name in ("label_state", "detected_state"))]
    shown = Table(
        "first failure", "simulated truth", "by labels", "by code and judge", title=f"{len(rows)} runs (all simulated)"
    )
    for state in (*STATES, NONE):
        shown.add_row(state, *(f"{column[state]}" for column in columns))
    return shown


def by_way(rows: Sequence[Row], injected: Injected) -> Table:
    """How often each way names the right state, and the right step of a run that failed, with 95 % intervals."""
    shown = Table("by", "state, all runs", "state, failing runs", "step, failing runs", title="Right answers")
    failed = [row for row in rows if injected.state_of(row) != NONE]
    ways = {
        "code and judge": ("detected_state", "detected_span_id"),
        "code alone": ("code_state", "code_span_id"),
        "baseline: last step": ("last_state", "last_span_id"),
    }
    for name, (state, step) in ways.items():
        everywhere = "" if name.startswith("baseline") else share(right(rows, state, injected), len(rows))
        steps = sum(row[step] == injected.spans.get(row["trace_id"]) for row in failed)
        shown.add_row(name, everywhere, share(right(failed, state, injected), len(failed)), share(steps, len(failed)))
    loud = sum(row["step_status"] == "ERROR" for row in failed)
    shown.add_row("status ERROR alone", "", share(loud, len(failed)), share(loud, len(failed)))
    steps_chance = sum(1 / row["steps"] for row in failed) / len(failed)
    shown.add_row("baseline: random", "", f"{1 / len(STATES):.1%}", f"{steps_chance:.1%}")
    return shown


def right(rows: Sequence[Row], column: str, injected: Injected) -> int:
    """Of how many *rows* the *column* is the state that is true."""
    return sum(row[column] == injected.state_of(row) for row in rows)


def share(hits: int, n: int) -> str:
    """A share with its interval."""
    low, high = wilson(hits, n)
    return f"{hits / n:.1%} ({low:.1%} to {high:.1%}, n {n})"


def problems(rows: Sequence[Row], injected: Injected) -> list[str]:
    """What is not as it should be."""
    found = []
    if any(row["label_state"] != injected.state_of(row) for row in rows):
        found.append("the labels' distribution is not the simulator's")
    accuracy = right(rows, "detected_state", injected) / len(rows)
    if accuracy <= LEAST_ACCURACY:
        found.append(f"code and judge are right about {accuracy:.1%} of the runs, not over {LEAST_ACCURACY:.0%}")
    return found


def where_to_look(stack: Stack) -> dict[str, str]:
    """The pages worth opening, by what they show."""
    settings = load_settings()
    return {
        "Annotated traces, in Phoenix": addresses.phoenix_project(stack, settings.project),
        "Counts and charts, in MLflow": addresses.mlflow_experiment(stack, settings, settings.project),
        "The newest report": addresses.failures(settings, settings.project),
    }
