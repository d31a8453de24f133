"""What Phoenix is told of an experiment: its traces, its runs, what the evaluators say of them. Safe to do again."""

from collections import Counter
from collections.abc import Sequence

from tasks.experiments.runs import Row, phoenix_run, sent_span
from tasks.experiments.trial import Experiment, Trial
from tasks.shared.gateways.phoenix import Evaluation, NewExperiment, Phoenix, PhoenixExperiment
from tasks.shared.gateways.phoenix.annotating import AnnotatorKind
from tasks.shared.store.lake import Lake

KINDS: dict[str, AnnotatorKind] = {"code": "CODE", "llm": "LLM"}
# The last word of each evaluator, where there are several versions of it.
SCORED = """
SELECT trace_id, evaluator, kind, score, label, explanation, decided_at FROM decisions
WHERE status = 'scored' AND unit IN ('span', 'trace') AND trace_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY trace_id, unit, evaluator ORDER BY decided_at DESC, version DESC) = 1
ORDER BY trace_id, evaluator
"""


async def open_in_phoenix(phoenix: Phoenix, trial: Trial, experiment: Experiment) -> PhoenixExperiment:
    """The experiment as Phoenix has it, made where it does not."""
    return await phoenix.experiments.ensure(
        NewExperiment(
            nightjar=experiment.id,
            dataset_id=trial.asked.dataset_id,
            version_id=trial.asked.version_id,
            name=f"{trial.name} {experiment.role}: {experiment.variant.title}",
            description=f"{len(trial.asked.questions)} examples of {trial.asked.version}",
            metadata={
                "comparison": trial.name,
                "role": experiment.role,
                "dataset_version": trial.asked.version,
                "git_sha": trial.code.sha,
                **experiment.variant.specification,
            },
            repetitions=trial.gate.repetitions,
            splits=trial.asked.splits,
        )
    )


async def publish(
    phoenix: Phoenix, lake: Lake, trial: Trial, experiment: Experiment, rows: Sequence[Row]
) -> Counter[str]:
    """Make Phoenix have the answers in *rows* with their traces and scores; returns what was sent, and what was there.

    `traces_missing` are spans that Phoenix took and has not stored, `kept` are runs that it has of another trace.
    """
    questions = {question.example_id: question for question in trial.asked.questions}
    said = [row for row in rows if row["status"] != "budget_stopped"]
    spans = [sent_span(experiment, questions[row["example_id"]], row) for row in said]
    runs = [phoenix_run(questions[row["example_id"]], row) for row in said]
    traces = await phoenix.ensure_traces(experiment.traced_in, spans)
    posted = await phoenix.experiments.post_runs(experiment.phoenix_id, runs)
    found = evaluations(trial, rows, lake.sql(SCORED, experiment.traced_in).to_pylist())
    scored = await phoenix.experiments.post_evaluations(experiment.phoenix_id, found)
    return Counter(
        traced=traces.written,
        traces_missing=traces.missing,
        published_runs=posted.written,
        published_scores=scored.written,
        already_published=posted.already_there + scored.already_there,
        kept=posted.kept,
    )


def evaluations(trial: Trial, rows: Sequence[Row], decisions: Sequence[Row]) -> list[Evaluation]:
    """The decisions on answers, as Phoenix takes them."""
    nodes = {question.example_id: question.node_id for question in trial.asked.questions}
    places = {row["trace_id"]: (nodes[row["example_id"]], row["repetition"]) for row in rows}
    return [
        Evaluation(
            place=places[decision["trace_id"]],
            trace_id=decision["trace_id"],
            name=decision["evaluator"],
            kind=KINDS[decision["kind"]],
            at=decision["decided_at"],
            score=decision["score"],
            label=decision["label"],
            explanation=decision["explanation"],
        )
        for decision in decisions
        if decision["trace_id"] in places
    ]
