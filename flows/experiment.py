"""Run a candidate and its baseline over the examples of a dataset, score the answers, show and report them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace

from prefect import flow
from prefect.runtime import flow_run

from tasks.evaluate.catalogue import chosen, is_judge, ready
from tasks.evaluate.estimate import assumed_judgment
from tasks.evaluate.library import known_judges
from tasks.evaluate.steps import judge_units, score_units
from tasks.experiments.asking import blocks_of
from tasks.experiments.expected import confirm, estimate_receipt, expected_usd
from tasks.experiments.steps import (
    ask_examples,
    expect,
    look,
    open_experiments,
    plan_trial,
    publish_experiments,
    report_comparison,
    track_comparison,
)
from tasks.experiments.trial import Experiment, Trial, Wishes
from tasks.shared.errors import ConfigurationError, Inconclusive
from tasks.shared.records import Batch, Window
from tasks.shared.settings import Settings, load_settings


@flow(timeout_seconds=6 * 3600, validate_parameters=True)
async def experiment(
    gate: str,
    *,
    candidate: str | None = None,
    baseline: str | None = None,
    dataset: str | None = None,
    dataset_version: str | None = None,
    splits: list[str] | None = None,
    limit: int | None = None,
    repetitions: int | None = None,
    project: str | None = None,
    estimate: bool = False,
    yes: bool = False,
) -> list[Batch]:
    """Ask a candidate and its baseline about the examples of a dataset, and score both as every night.

    What was answered before, by this run or by one that was killed, is not asked again. Targets are written
    prompt:<name>@<tag or version>, callable:<module>:<function>, http(s)://... or command:<shell command>.

    Args:
        gate: Name of a [gates.<name>] section, which the others override; any name with both targets given.
        candidate: What shall answer tomorrow.
        baseline: What answers today.
        dataset: Name of the dataset.
        dataset_version: Name of its version, or Phoenix's id of one; the latest by default.
        splits: Splits of the dataset.
        limit: As many examples at most.
        repetitions: Answers for each example and variant.
        project: The project that the lake keeps experiments under; the settings' project by default.
        estimate: Only tell what it would take; nothing is asked.
        yes: Go ahead even where that is estimated above `budget.confirm_over_usd`.

    Returns:
        A receipt for each of the two experiments, for the comparison's run in MLflow, and for its report.

    Raises:
        NotConfirmed: Estimated above the threshold, and nobody said yes. Nothing was asked.
        Inconclusive: A target is gone, a budget is spent, or a judge is in doubt. Everything else is done.
    """
    wishes = Wishes(candidate, baseline, dataset, dataset_version, splits, limit, repetitions)
    return await compared(
        await plan_trial(gate, project or load_settings().project, wishes), estimate=estimate, yes=yes
    )


async def compared(trial: Trial, *, estimate: bool = False, yes: bool = False) -> list[Batch]:
    """What `experiment` does, once it is planned: a gate decides on the very examples and prompts that it planned with.

    Raises:
        NotConfirmed, Inconclusive: As `experiment`.
    """
    settings, names = load_settings(), evaluators_of(load_settings(), trial)
    judges, now = known_judges(settings.judges), dt.datetime.now(dt.UTC)
    each = expect(trial, {name: assumed_judgment(settings, judges[name], now) for name in names if name in judges})
    if estimate:
        return [estimate_receipt(trial, each, now)]
    if not yes:
        confirm(expected_usd(each), settings.budget, f"experiment {trial.name}")
    trial = await open_experiments(trial)
    doubts, notes = await answered(trial, names, flow_run.root_flow_run_id or uuid.uuid4().hex)
    receipts = with_notes(await publish_experiments(trial), notes)
    receipts += [await track_comparison(trial, doubts), await report_comparison(trial, doubts)]
    if doubts:
        message = f"what was answered is stored and published, but {'; '.join(doubts)}."
        raise Inconclusive(message, doubts=doubts)
    return receipts


def with_notes(receipts: Sequence[Batch], notes: Sequence[str]) -> list[Batch]:
    """*receipts*, the last of which has *notes* too."""
    return [*receipts[:-1], replace(receipts[-1], notes=(*receipts[-1].notes, *notes))]


def evaluators_of(settings: Settings, trial: Trial) -> list[str]:
    """The evaluators of the night but those of sessions, which no experiment has, and those that the gate asks for.

    Raises:
        ConfigurationError: The gate asks for one that nobody declares, or one of sessions: no example would be scored.
    """
    wanted = chosen([*chosen((), settings), *trial.gate.metrics], settings)
    sessions = [name for name in wanted if ready(name, settings).evaluator.unit == "session"]
    if asked := [name for name in sessions if name in trial.gate.metrics]:
        raise ConfigurationError(
            f"gate {trial.name!r} asks for {', '.join(asked)}, of whole sessions, and an experiment has none. "
            f"Remove it from gates.{trial.name}.metrics. Nothing was asked."
        )
    return [name for name in wanted if name not in sessions]


async def answered(trial: Trial, names: Sequence[str], run: str) -> tuple[list[str], list[str]]:
    """Ask and score block by block, until there is nothing more to ask, or no sense in it.

    Returns:
        What is in doubt, and what else is to be said: a judge in doubt that the gate does not ask, an early end.
    """
    doubts: list[str] = []
    notes: list[str] = []
    for block in blocks_of(trial.stops):
        asked = await ask_examples(trial, block, run)
        for one in trial.experiments:
            doubts += asked[one.id].doubts
            for name, said in (await scored(one, asked[one.id].window, names, run)).items():
                counts = not trial.gate.metrics or name in trial.gate.metrics
                (doubts if counts else notes).extend(f"{one.role}: {doubt}" for doubt in said.doubts)
        if doubts:
            break
        if block.end < len(trial.asked.questions) and (settled := look(trial)):
            notes.append(f"settled after {settled.asked} of {settled.planned} examples: {settled.reason}")
            break
    return doubts, list(dict.fromkeys(notes))


async def scored(one: Experiment, window: Window, names: Sequence[str], run: str) -> dict[str, Batch]:
    """Score the experiment's answers of *window* as if they were production's; receipts by evaluator."""
    settings = load_settings()
    judges = [name for name in names if is_judge(name, settings)]
    receipts = await score_units(one.traced_in, window, [name for name in names if name not in judges])
    if judges:
        receipts |= await judge_units(one.traced_in, window, judges, run, everything=True)
    return receipts
