"""What is kept of the traffic: the examples of datasets, and the versions of these."""

from tasks.shared.store.tables.table import INTEGER, TEXT, TIME, Column, Table

EXAMPLES = Table(
    name="examples",
    doc="Examples of curated datasets, anonymised; an example stays in its dataset and in its split.",
    key=("dataset", "example_id"),
    grain="day",
    columns=(
        Column("dataset", TEXT, "name of the Phoenix dataset", required=True),
        Column("example_id", TEXT, "external id in Phoenix: depends on the span it comes from only", required=True),
        Column("start_time", TIME, "start of the span it comes from", required=True),
        Column("span_id", TEXT, "that span", required=True),
        Column("trace_id", TEXT, "its trace", required=True),
        Column("session_id", TEXT, "its session: examples of one session are one cluster and in one split"),
        Column("stratum", TEXT, "why it was taken: golden, or the stratum's name", required=True),
        Column("split", TEXT, "train, dev, test or holdout", required=True),
        Column("input", TEXT, 'JSON object: {"input": text} and the prompt variables', required=True),
        Column("output", TEXT, 'JSON object: {"output": text} that is right; null where nobody knows'),
        Column("metadata", TEXT, "JSON object", required=True),
        Column("version", TEXT, "the first version of the dataset that has it", required=True),
        Column("added_at", TIME, "when it was added", required=True, volatile=True),
    ),
)

DATASET_VERSIONS = Table(
    name="dataset_versions",
    doc="Versions of curated datasets: what each holds, by which rules, and where it lies.",
    key=("dataset", "version"),
    grain="day",
    columns=(
        Column("dataset", TEXT, "name of the Phoenix dataset", required=True),
        Column("version", TEXT, "golden-queries-2026-02-19; the second of a day ends in .2", required=True),
        Column("start_time", TIME, "when it was made", required=True),
        Column("digest", TEXT, "16 hex digits over ids, inputs and outputs of its examples", required=True),
        Column("examples", INTEGER, "how many it holds", required=True),
        Column("added", INTEGER, "how many are new in it", required=True),
        Column("rules", TEXT, "JSON object: the rules it was curated by", required=True),
        Column(
            "counts",
            TEXT,
            "JSON object: examples by stratum and split, what was left out and why",
            required=True,
        ),
        Column("phoenix_dataset_id", TEXT, "Phoenix's id of the dataset", required=True),
        Column("phoenix_version_id", TEXT, "Phoenix's id of the version", required=True),
        Column("mlflow_run_id", TEXT, "MLflow run that has it as a dataset; null while MLflow is away"),
    ),
)
