"""How spans are checked and scored: evaluators, judges, budgets, labels, prices."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, SecretStr, field_validator

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings.section import Positive, Section


class EvaluatorSettings(Section):
    """Which evaluators run and the thresholds they use."""

    enabled: tuple[str, ...] = Field((), description="names; all when empty")
    latency_budget_ms: dict[str, float] = Field(
        default_factory=lambda: {"*": 30_000.0}, description="threshold per span name; * for all other root spans"
    )
    cost_budget_usd: float = Field(0.10, gt=0, description="threshold per trace")
    sql_spans: tuple[str, ...] = Field(
        ("bedrock.generate_sql",), description="spans whose output is SQL; * in a name stands for anything"
    )
    sql_execute_spans: tuple[str, ...] = Field(("execute_sql",), description="spans that run it; * as above")
    sql_dialect: str = Field("postgres", description="dialect of the SQL, as sqlglot calls it")
    sql_schema_file: str = Field("", description="file of CREATE statements that say which names there are")
    sql_required_filters: dict[str, str] = Field(
        default_factory=dict,
        description='by table: "device_id", "serial_number IN (:deviceFilter)" or "device_id = devices.device_id"',
    )
    sql_denied_functions: tuple[str, ...] = Field((), description="functions of your own that have effects")
    sql_medium_from: Positive = Field(3, description="points from which a query is medium")
    sql_complex_from: Positive = Field(7, description="points from which a query is complex")
    sql_explain_url: SecretStr | None = Field(
        None, description="PostgreSQL with the schema and no rows, to EXPLAIN valid SQL on"
    )
    sql_replica_url: SecretStr | None = Field(None, description="PostgreSQL read replica to run the SQL on")
    sql_duckdb_file: str = Field("", description="DuckDB file to run the SQL on, read-only")
    sql_timeout_seconds: float = Field(5.0, gt=0, description="per statement that is explained or run")

    @property
    def sql_schema(self) -> str:
        """What `sql_schema_file` holds: evaluators are asked again when the schema changes."""
        if not self.sql_schema_file:
            return ""
        try:
            return Path(self.sql_schema_file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"evaluators.sql_schema_file {self.sql_schema_file!r} cannot be read: {error}. Name a text file."
            ) from error


ProviderKind = Literal["openai", "azure", "anthropic", "bedrock", "google"]
PROVIDER_KINDS: tuple[ProviderKind, ...] = get_args(ProviderKind)


class ProviderSettings(Section):
    """How to reach one provider of models."""

    kind: ProviderKind = Field(description="whose interface it speaks; openai also for compatible servers")
    base_url: str | None = Field(None, description="base URL; the provider's own by default, for azure the endpoint")
    api_key: SecretStr | None = Field(None, description="key; bedrock uses AWS credentials")
    api_key_block: str = Field("", description="name of the Prefect Secret block that holds the key")
    api_version: str = Field("2024-10-21", description="azure only")
    region: str | None = Field(None, description="bedrock only: AWS region")
    in_flight: Positive = Field(10, description="calls at once at most; fewer after a 429")
    requests_per_second: float | None = Field(
        None, gt=0, description="calls started per second at most; fewer after a 429"
    )
    timeout_seconds: float = Field(30.0, gt=0, lt=60, description="per attempt")
    output_limit: str = Field("", description="name of the parameter that caps the output; the kind's own when empty")


class JudgeSettings(Section):
    """Which judges run, and who answers them."""

    enabled: tuple[str, ...] = Field((), description='names; none when empty, all with "*"')
    folder: str = Field("", description="folder with judges of your own (YAML), beside the shipped ones")
    model: str = Field("openai/gpt-4o-mini", description="provider/model for judges that name none")
    fallback: str = Field("", description="provider/model that is asked when the first one fails for good")
    providers: dict[str, ProviderSettings] = Field(default_factory=dict, description="providers by name")
    attempts: Positive = Field(5, description="tries per judgment before it is errored")
    backoff_seconds: float = Field(1.0, ge=0, description="first wait between tries; doubles, with jitter")
    chunk_units: Positive = Field(2000, description="units between two checkpoints in the lake")
    batch_deadline_hours: float = Field(
        20.0, ge=0, description="age at which a batch is cancelled; what it left open is asked one by one"
    )
    sampling_salt: str = Field("", description="another salt draws other traces")
    anchors: int = Field(20, ge=0, description="questions that each judge is asked again in every run; 0 for none")
    overlap_units: int = Field(50, ge=0, description="units that a judge's earlier version scores beside a new one")
    trace_project: str = Field("", description="Phoenix project for traces of the judges' calls; none when empty")
    calibration_days: Positive = Field(90, description="days back that people's labels speak for a judge")
    label_files: dict[str, str] = Field(
        default_factory=dict, description="by judge: JSONL file of people's labels, beside those in Phoenix"
    )


class BudgetSettings(Section):
    """Walls in front of the judges' spending, in USD. A day is a UTC day of the spending, not of the traffic."""

    per_run_usd: float = Field(5.0, ge=0, description="one evaluation run")
    per_day_usd: float = Field(20.0, ge=0, description="all projects and judges together")
    per_judge_usd: dict[str, float] = Field(default_factory=dict, description="a judge's day; * for all others")
    per_project_usd: dict[str, float] = Field(default_factory=dict, description="a project's day; * for all others")
    confirm_over_usd: float = Field(1.0, ge=0, description="a backfill estimated above this wants --yes")
    ledger: str = Field("", description="file of the ledger; in the lake's folder by default, required for S3")


class LabelSettings(Section):
    """The queue of units for people to label."""

    per_judge: Positive = Field(50, description="units that wait for a label at a time, per judge")
    random_share: float = Field(0.3, gt=0, le=1, description="share of the draw that goes to all units alike")
    lookback_days: Positive = Field(60, description="how far back labels and queued units count")
    dataset: str = Field("{project}: labels for {judge}", description="name of the Phoenix dataset; {project} {judge}")
    datasets: dict[str, str] = Field(
        default_factory=dict, description="by judge: another Phoenix dataset whose examples carry people's labels"
    )

    @field_validator("dataset")
    @classmethod
    def _one_for_each(cls, dataset: str) -> str:
        """Two judges or projects in one dataset would take each other's examples for theirs."""
        if "{judge}" not in dataset or "{project}" not in dataset:
            raise ValueError("has to have both {project} and {judge} in it")
        return dataset

    def dataset_of(self, project: str, judge: str) -> str:
        """The name of the dataset."""
        return self.dataset.replace("{judge}", judge).replace("{project}", project)

    def datasets_of(self, project: str, judge: str) -> tuple[str, ...]:
        """The names of the datasets in which people may have written labels."""
        own, other = self.dataset_of(project, judge), self.datasets.get(judge)
        return (own, other) if other and other != own else (own,)


class CheckSettings(Section):
    """Thresholds of the warnings between stages."""

    max_share_without_session: float = Field(0.5, ge=0, le=1, description="root spans without session.id")
    max_share_without_model: float = Field(0.1, ge=0, le=1, description="LLM spans without a model")
    max_share_without_parent: float = Field(0.05, ge=0, le=1, description="spans whose parent was not seen")
    volume_change: float = Field(0.5, gt=0, description="change against the same weekday before it warns; 0.5 is 50 %")


class LongPrice(Section):
    """USD per one million tokens, all tokens of a call whose prompt is long."""

    above: Positive = Field(description="prompt tokens, cached ones included, above which a call costs this")
    input: float = Field(ge=0, description="input tokens that no cache served")
    output: float = Field(ge=0, description="output tokens, reasoning included")
    cache_read: float | None = Field(None, ge=0, description="the input price when absent")
    cache_write: float | None = Field(None, ge=0, description="the input price when absent")


class Price(Section):
    """USD per one million tokens."""

    input: float = Field(ge=0, description="input tokens that no cache served")
    output: float = Field(ge=0, description="output tokens, reasoning included")
    cache_read: float | None = Field(None, ge=0, description="the input price when absent")
    cache_write: float | None = Field(None, ge=0, description="the input price when absent")
    audio_input: float | None = Field(None, ge=0, description="audio that the model hears; the input price when absent")
    audio_output: float | None = Field(None, ge=0, description="audio that it speaks; the output price when absent")
    batch: float = Field(1.0, gt=0, le=1, description="factor for calls through the provider's batch interface")
    long: LongPrice | None = Field(None, description="the price of calls with a long prompt; the same when absent")
    training: float | None = Field(None, ge=0, description="per token of a fine-tuning job; not known when absent")
