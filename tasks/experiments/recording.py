"""Experiments and their answers in the lake: one file for each experiment, so that no two of them contend."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
import pyarrow as pa

from tasks.experiments.runs import Row, span_row, window_of
from tasks.experiments.trial import Experiment, Trial
from tasks.shared.checks import gate
from tasks.shared.checks.gate import Artifact
from tasks.shared.records import Window
from tasks.shared.settings import Settings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage
from tasks.shared.store.tables import EXPERIMENT_RUNS, EXPERIMENTS, SPANS

# An answer that did not come may come on another day: then its row moves there.
RUNS_REPLACED = replace(EXPERIMENT_RUNS, rewrite="replace")
RUNS = "SELECT * FROM experiment_runs ORDER BY example_id, repetition"
FOUND = "SELECT * FROM experiments WHERE experiment = $experiment"
SPAN_IDS = "SELECT span_id FROM spans"
IN_PHOENIX = ("traced_in", "phoenix_dataset_id", "phoenix_experiment_id")


@dataclass(frozen=True)
class Recorder:
    """Reads and writes the experiments of *project*; what is written is checked, and *show* shows what is wrong."""

    settings: Settings
    project: str
    show: Artifact | None = None

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake.open(self.settings.lake)

    def runs(self, experiment: str) -> list[Row]:
        """The experiment's rows of `experiment_runs`."""
        rows: list[Row] = self.lake.sql(RUNS, self.project, only={EXPERIMENT_RUNS.name: experiment}).to_pylist()
        return rows

    def record_experiment(self, trial: Trial, experiment: Experiment, now: dt.datetime) -> None:
        """Store the experiment as it was first run, but for where Phoenix has it."""
        row, own = experiment_row(trial, experiment, now), {EXPERIMENTS.name: experiment.id}
        known = self.lake.sql(FOUND, self.project, None, {"experiment": experiment.id}, only=own).to_pylist()
        if known:
            row = {**known[0], **{name: row[name] for name in IN_PHOENIX}}
        if known and row == known[0]:
            return
        window = Window.of_day(row["start_time"].date())
        with self.lake.stage(EXPERIMENTS, self.project, window, experiment.id) as stage:
            self._put(stage, [row])

    def record_answers(
        self, trial: Trial, experiment: Experiment, before: Sequence[Row], new: Sequence[Row]
    ) -> list[Row]:
        """Store *new* answers in the place of those *before* them, then the spans that the lake lacks.

        Returns:
            All rows of the experiment.
        """
        rows = list({(row["example_id"], row["repetition"]): row for row in (*before, *new)}.values())
        if new:
            days = window_of(row["start_time"] for row in (*before, *new)).days()
            window = Window(Window.of_day(days[0]).start, Window.of_day(days[-1]).end)
            with self.lake.stage(RUNS_REPLACED, self.project, window, experiment.id) as stage:
                self._put(stage, rows)
        answered = [row for row in rows if row["status"] == "answered"]
        self._record_spans(trial, experiment, answered)
        return rows

    def _record_spans(self, trial: Trial, experiment: Experiment, answered: Sequence[Row]) -> None:
        window = window_of(row["start_time"] for row in answered)
        there = set(self.lake.sql(SPAN_IDS, experiment.traced_in, window)["span_id"].to_pylist())
        questions = {question.example_id: question for question in trial.asked.questions}
        missing = [row for row in answered if row["span_id"] not in there]
        if missing:
            with self.lake.stage(SPANS, experiment.traced_in, window) as stage:
                spans = [span_row(experiment, questions[row["example_id"]], row) for row in missing]
                self._put(stage, spans, partial=True)

    def _put(self, stage: Stage, rows: Sequence[Row], *, partial: bool = False) -> None:
        stage.append(pa.Table.from_pylist(list(rows), stage.table.schema))
        gate(stage, self.lake, self.settings.checks, self.show, partial=partial)
        stage.publish()


def experiment_row(trial: Trial, experiment: Experiment, now: dt.datetime) -> Row:
    """The row of `experiments`."""
    return {
        "experiment": experiment.id,
        "start_time": now,
        "comparison": trial.name,
        "role": experiment.role,
        "variant": experiment.variant.title,
        "specification": orjson.dumps(experiment.variant.specification, option=orjson.OPT_SORT_KEYS).decode(),
        "dataset": trial.asked.dataset,
        "dataset_version": trial.asked.version,
        "dataset_digest": trial.asked.digest,
        "examples": len(trial.asked.questions),
        "repetitions": trial.gate.repetitions,
        "traced_in": experiment.traced_in,
        "phoenix_dataset_id": trial.asked.dataset_id,
        "phoenix_experiment_id": experiment.phoenix_id,
        "git_sha": trial.code.sha,
    }
