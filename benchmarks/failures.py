"""How often failures of simulated agents are attributed to the right state and step, by whose word, beside baselines.

Simulated recipe agents walk their nine states; a share of their model steps fails quietly, which only a judge can see.
Spans go into a lake as ingestion leaves them. The judge is the simulated one, and then one that errs as often as told:
it names another state, or a failure where there is none. The labelled set is the same runs as a file of conversations.
Memory is the peak of a process that attributes a week, and how far that is above what its imports took.
"""

import argparse
import datetime as dt
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import Figure, at_least, at_most, peak_memory_mib, write_results
from deployments.simulator.agent import STATES
from deployments.simulator.faults import Faults
from deployments.simulator.ingested import ingest
from deployments.simulator.judging.judge import SimulatedJudge
from deployments.simulator.simulation import Simulation, simulate
from deployments.simulator.traffic import Traffic
from tasks.evaluate.cases import rendered
from tasks.evaluate.library import judge_called
from tasks.evaluate.units import view_sql, window_to_read
from tasks.failures.attributing import attribute, row_of
from tasks.failures.attribution import Verdict
from tasks.failures.detection import detected, expected_states
from tasks.failures.labelled_file import ROOT, labelled_window, read_labelled
from tasks.failures.labels import label_of
from tasks.failures.quality import Accuracy, Quality, qualities
from tasks.failures.runs import Run, runs_of, spans_of
from tasks.failures.scope import Scope
from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.records import Window
from tasks.shared.settings import FailureSettings, JudgeSettings, LakeSettings
from tasks.shared.statistics.intervals import wilson
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import SPANS

AGENT = Taxonomy("recipes", STATES, ("recipe_agent",))
UNTIL = dt.date(2026, 11, 19)
ERRORS = (0.05, 0.1, 0.2)
TRAJECTORIES = "SELECT unit_id, input, trajectory FROM ({view})"
SEED = 11
COPIES = """
SELECT spans.* REPLACE (
    md5(trace_id || number) AS trace_id,
    left(md5(span_id || number), 16) AS span_id,
    left(md5(parent_id || number), 16) AS parent_id
)
FROM spans CROSS JOIN unnest(range($copies)) AS copies (number)
"""


@dataclass(frozen=True)
class World:
    """Simulated runs: a share of the failing model steps says nothing of it."""

    name: str
    quiet: float

    def simulated(self, spans: int) -> Simulation:
        """The runs with their truth."""
        return simulate(
            Traffic(
                project="bench", days=7, until=UNTIL, spans=spans, chat_share=0.0, legacy_share=0.0,
                agent_failure=0.3, agent_quiet=self.quiet,
            )
        )  # fmt: skip


WORLDS = (World("loud failures", 0.0), World("a third quiet", 1 / 3))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=24_000)
    parser.add_argument("--weeks", type=int, nargs="*", default=[100_000, 1_000_000], help="spans of the large weeks")
    parser.add_argument("--attribute", type=Path, help="(used by the benchmark itself)")
    options = parser.parse_args()
    if options.attribute:
        print(json.dumps(attributed(Lake.open(LakeSettings(root=str(options.attribute))))))
        return
    weeks = [figure for week in options.weeks for figure in of_large_week(week, options.spans)]
    write_results("failures", [*figures(options.spans), *weeks])


def figures(spans: int) -> Iterator[Figure]:
    """The figures of every world, then of the labelled set."""
    for world in WORLDS:
        with TemporaryDirectory() as folder:
            lake = Lake.open(LakeSettings(root=folder))
            simulation = world.simulated(spans)
            window = ingest(simulation, lake)
            runs = list(runs_of(spans_of(lake, "bench", window, AGENT.roots).rows(), AGENT))
            verdicts = judged(lake, "bench", window)
            yield from of_world(world, simulation, runs, verdicts)
            yield from of_labelled_set(world, lake, simulation, Path(folder))


def of_large_week(spans: int, simulated: int) -> Iterator[Figure]:
    """What attributing a week of about so many *spans* takes, made of copies of fewer."""
    with TemporaryDirectory() as folder:
        lake = Lake.open(LakeSettings(root=folder))
        window = ingest(WORLDS[0].simulated(simulated), lake)
        for day in window.by_day():
            copies = lake.sql(COPIES, "bench", day, {"copies": spans // simulated})
            lake.write(SPANS, "bench", day, copies)
        command = [sys.executable, "-m", "benchmarks.failures", "--attribute", folder]
        took = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    week = f"week of {took['spans']:,} spans"
    yield Figure(f"{week}: runs attributed by code", took["runs"], "")
    yield Figure(f"{week}: time", took["seconds"], "s")
    yield at_most(f"{week}: peak memory", took["peak_mib"], "MiB", 2048)
    yield Figure(f"{week}: memory above the imports", took["peak_mib"] - took["before_mib"], "MiB")


def attributed(lake: Lake) -> dict[str, float]:
    """Attribute every run in *lake*, and tell what it took."""
    before, began = peak_memory_mib(), time.perf_counter()
    days = lake.days(SPANS, "bench")
    window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end)
    spans = spans_of(lake, "bench", window, AGENT.roots)
    now = dt.datetime.now(dt.UTC)
    found = attribute(lake, Scope("bench", window, AGENT), spans, "", FailureSettings().expected_share, now=now).table()
    seconds = time.perf_counter() - began
    return {
        "spans": spans.table.num_rows,
        "runs": found.num_rows,
        "seconds": seconds,
        "before_mib": before,
        "peak_mib": peak_memory_mib(),
    }


def of_world(
    world: World, simulation: Simulation, runs: Sequence[Run], verdicts: Mapping[str, Verdict]
) -> Iterator[Figure]:
    """Detection with the simulated judge, with judges that err, without one, by status, and by guessing."""
    rows = rows_with(runs, verdicts)
    yield Figure(f"{world.name}: runs", len(rows), "")
    yield Figure(f"{world.name}: labels that differ from the truth", differing(rows, simulation), "")
    by_way = {each.way: each for each in qualities(rows, AGENT)}
    both = by_way["code and judge"]
    yield at_least(f"{world.name}: state, code and judge{interval(both.runs)}", share(both.runs), "share", 0.95)
    yield at_least(
        f"{world.name}: step of failing runs, code and judge{interval(both.step)}", share(both.step), "share", 0.95
    )
    for way in ("code alone", "judge alone"):
        yield from told(world, by_way[way])
    loud = sum(by_status(row, run) for row, run in zip(rows, runs, strict=True) if row["label_state"] != NONE)
    failed = sum(row["label_state"] != NONE for row in rows)
    found = Accuracy(loud, failed)
    yield at_most(f"{world.name}: failures found by status alone{interval(found)}", share(found), "share", 2 / 3)
    for way in ("last step", "random"):
        yield from told(world, by_way[way])
    for error in ERRORS:
        noisy = qualities(rows_with(runs, erring(rows, error)), AGENT)
        for each in noisy[:3]:
            name = f"{world.name}, a judge that errs {error:.0%} of the time: state, {each.way}{interval(each.runs)}"
            yield Figure(name, share(each.runs), "share")


def of_labelled_set(world: World, lake: Lake, simulation: Simulation, folder: Path) -> Iterator[Figure]:
    """The same runs as conversations in a file."""
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in conversations(simulation)))
    found, window = read_labelled(path), labelled_window()
    lake.write(SPANS, found.project, window, found.rows)
    runs = list(runs_of(spans_of(lake, found.project, window, (ROOT,)).rows(), AGENT))
    rows = rows_with(runs, judged(lake, found.project, window))
    for each in qualities(rows, AGENT)[:3]:
        yield Figure(f"{world.name}, labelled file: state, {each.way}{interval(each.runs)}", share(each.runs), "share")


def conversations(simulation: Simulation) -> Iterator[dict[str, Any]]:
    """Each run as a line of a labelled file: its steps are messages with their state."""
    by_trace: dict[str, list[Any]] = {}
    for span in simulation.spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    for trace_id, spans in by_trace.items():
        root = next(span for span in spans if span.parent_id is None)
        told = json.loads(root.attributes["metadata"])
        steps = [span for span in spans if span.parent_id]
        messages = [
            {
                "role": "assistant" if span.kind == "LLM" else "tool",
                "state": span.name,
                "content": f"Error: {span.failure.message}" if span.failure else span.attributes["output.value"],
            }
            for span in sorted(steps, key=lambda span: span.start_ns)
        ]
        asked = {"role": "user", "content": root.attributes["input.value"]}
        answered = {"role": "assistant", "content": root.attributes["output.value"]}
        states = {name: told[name] for name in ("first_failure_state", "last_success_state")}
        yield {"id": trace_id, "conversation": [asked, *messages, answered], **states}


def judged(lake: Lake, project: str, window: Window) -> dict[str, Verdict]:
    """The simulated judge's verdict on every run, of the prompt that the product makes."""
    judge, simulated = judge_called("failure_state", JudgeSettings()), SimulatedJudge()
    query = TRAJECTORIES.format(view=view_sql("trace"))
    values = {"start": window.start, "end": window.end}
    units = lake.sql(query, project, window_to_read("trace", window), values).to_pylist()
    found = {}
    for unit in units:
        messages = rendered(judge.prompt, {"request": unit["input"], "trajectory": unit["trajectory"]})
        said = simulated.verdict("\n".join(each["content"] for each in messages), list(judge.choices), Faults())
        found[unit["unit_id"]] = Verdict("scored", said.label, said.explanation)
    return found


def erring(rows: Sequence[Mapping[str, Any]], error: float) -> dict[str, Verdict]:
    """Verdicts that are the truth, but for a share that is any other label."""
    drawn = random.Random(SEED)
    found = {}
    for row in rows:
        others = [label for label in (*STATES, NONE) if label != row["label_state"]]
        label = drawn.choice(others) if drawn.random() < error else row["label_state"]
        found[row["trace_id"]] = Verdict("scored", label, "")
    return found


def rows_with(runs: Sequence[Run], verdicts: Mapping[str, Verdict]) -> list[dict[str, Any]]:
    """Rows of `failures` as the flow makes them."""
    expected = expected_states(runs, AGENT, 0.9)
    return [
        row_of(run, AGENT, detected(run, AGENT, expected), verdicts.get(run.trace_id), label_of(run.root, {}, AGENT)[0])
        for run in runs
    ]


def differing(rows: Sequence[Mapping[str, Any]], simulation: Simulation) -> int:
    """Of how many runs the label is not what the simulator injected."""
    truth = {trace: state for day in simulation.truth.days.values() for trace, state in day.failed_traces.items()}
    return sum(row["label_state"] != truth.get(row["trace_id"], NONE) for row in rows)


def by_status(row: Mapping[str, Any], run: Run) -> bool:
    """Whether the first step with status ERROR is in the state that failed."""
    loud = next((step for step in run.steps if step.row["status_code"] == "ERROR"), None)
    return loud is not None and loud.state == row["label_state"]


def told(world: World, each: Quality) -> Iterator[Figure]:
    """The figures of one way."""
    if each.runs:
        yield Figure(f"{world.name}: state, {each.way}{interval(each.runs)}", share(each.runs), "share")
    yield Figure(f"{world.name}: state of failing runs, {each.way}{interval(each.state)}", share(each.state), "share")
    yield Figure(f"{world.name}: step of failing runs, {each.way}{interval(each.step)}", share(each.step), "share")


def share(accuracy: Accuracy | None) -> float:
    """The share, to four digits."""
    return round(accuracy.value or 0.0, 4) if accuracy else 0.0


def interval(accuracy: Accuracy | None) -> str:
    """The 95 % interval in words, where there is one."""
    if accuracy is None or accuracy.guessed or not accuracy.n:
        return ""
    low, high = wilson(round(accuracy.hits), accuracy.n)
    return f" ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
