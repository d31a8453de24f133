"""Experiments, their answers, and what gates made of them."""

from tasks.shared.store.tables.table import FLOAT, INTEGER, TEXT, TIME, Column, Table

EXPERIMENTS = Table(
    name="experiments",
    doc="One variant over one version of a dataset. The same question asked again is the same experiment.",
    key=("experiment",),
    grain="day",
    columns=(
        Column("experiment", TEXT, "16 hex digits over dataset, examples, variant and repetitions", required=True),
        Column("start_time", TIME, "when it began", required=True),
        Column("comparison", TEXT, "name of the comparison or gate", required=True),
        Column("role", TEXT, "baseline or candidate, as it was first run", required=True),
        Column("variant", TEXT, "in a few words: prompt:sql-writer@production openai/gpt-4o-mini", required=True),
        Column("specification", TEXT, "JSON object: all that decides how the variant answers", required=True),
        Column("dataset", TEXT, "name of the dataset", required=True),
        Column("dataset_version", TEXT, "version of the dataset", required=True),
        Column("dataset_digest", TEXT, "16 hex digits over the examples that were asked", required=True),
        Column("examples", INTEGER, "how many", required=True),
        Column("repetitions", INTEGER, "answers for each", required=True),
        Column("traced_in", TEXT, "project of its traces, in Phoenix and in the lake", required=True),
        Column("phoenix_dataset_id", TEXT, "Phoenix's id of the dataset", required=True),
        Column("phoenix_experiment_id", TEXT, "Phoenix's id of the experiment", required=True),
        Column("git_sha", TEXT, "commit it ran at; null where there is none"),
    ),
)

EXPERIMENT_RUNS = Table(
    name="experiment_runs",
    doc="One answer of a variant to an example. Its span, in the project of the experiment, has the scores.",
    key=("experiment", "example_id", "repetition"),
    grain="day",
    columns=(
        Column("experiment", TEXT, "the experiment", required=True),
        Column("example_id", TEXT, "the example", required=True),
        Column("repetition", INTEGER, "from 1", required=True),
        Column("start_time", TIME, "when it was asked", required=True),
        Column("trace_id", TEXT, "trace of the answer", required=True),
        Column("span_id", TEXT, "span that evaluators score", required=True),
        Column("cluster", TEXT, "session of the example, or the example itself", required=True),
        Column("stratum", TEXT, "stratum of the example", required=True),
        Column("status", TEXT, "answered, errored (infrastructure, no wrong answer) or budget_stopped", required=True),
        Column("output", TEXT, "the answer; null where there is none"),
        Column("error", TEXT, "why there is none"),
        Column("latency_ms", FLOAT, "of the try that answered"),
        Column("model", TEXT, "provider/model; null where the target does not tell"),
        Column("prompt_tokens", INTEGER, "tokens read, all tries together; null where the target does not tell"),
        Column("completion_tokens", INTEGER, "tokens written"),
        Column("cost_usd", FLOAT, "what the answer cost; null where the target does not tell"),
        Column("prompt_version", TEXT, "Phoenix's id of the prompt version"),
    ),
)

VERDICTS = Table(
    name="verdicts",
    doc="What gates decided. The same numbers give the same verdict, which is kept once.",
    key=("verdict_id",),
    grain="day",
    columns=(
        Column("verdict_id", TEXT, "16 hex digits over gate, experiments, scores and demands", required=True),
        Column("start_time", TIME, "when it was decided", required=True),
        Column("gate", TEXT, "name of the gate", required=True),
        Column("verdict", TEXT, "pass, fail or inconclusive", required=True),
        Column("baseline", TEXT, "experiment of the baseline", required=True),
        Column("candidate", TEXT, "experiment of the candidate", required=True),
        Column("dataset", TEXT, "name of the dataset", required=True),
        Column("dataset_version", TEXT, "version of the dataset", required=True),
        Column("document", TEXT, "the verdict as JSON, by its published schema", required=True),
    ),
)

PROMPT_CANDIDATES = Table(
    name="prompt_candidates",
    doc="Prompts that an optimisation or a compression proposed, and what became of each.",
    key=("prompt", "round", "candidate"),
    grain="day",
    columns=(
        Column("prompt", TEXT, "name of the prompt", required=True),
        Column("round", TEXT, "16 hex digits over what the round began with", required=True),
        Column("candidate", TEXT, "name of the candidate in its round", required=True),
        Column("start_time", TIME, "when it was proposed", required=True),
        Column("purpose", TEXT, "optimisation or compression", required=True),
        Column("base_version", TEXT, "Phoenix's id of the version it should replace", required=True),
        Column("version", TEXT, "Phoenix's id of its own version; null where it was never pushed"),
        Column("outcome", TEXT, "proposed until its round ends, then promoted, candidate or archived", required=True),
        Column("reason", TEXT, "why", required=True),
        Column("document", TEXT, "JSON object: the prompt, its scores on the splits, the verdict", required=True),
    ),
)
