"""Comparisons of a candidate with a baseline, and the gates that decide on them."""

from typing import Literal, get_args

from pydantic import Field, SecretStr

from tasks.shared.settings.section import Positive, Section, Share


class GateMetric(Section):
    """What a gate asks of one evaluator's score."""

    margin: float = Field(0.05, ge=0, description="by how much the candidate may be worse than the baseline")
    floor: float | Literal["default", "none"] = Field(
        "default",
        description="the least the candidate may score, or the most with a metric to minimize; by default a pass rate "
        "of 0.95 for metrics that say pass or fail, and none for others",
    )
    floor_on: Literal["estimate", "bound"] = Field(
        "estimate",
        description="what must reach the floor: the candidate's rate on these examples, or the bound of its interval",
    )


class GateSettings(Section):
    """One gate: what is compared with what, on which examples, and what a pass takes."""

    dataset: str = Field("golden-queries", description="name of the dataset")
    splits: tuple[str, ...] = Field(
        ("test",), description="splits of the dataset that are used; never holdout by default"
    )
    baseline: str = Field("", description="what answers today; see the guide for how targets are written")
    candidate: str = Field("", description="what shall answer tomorrow")
    model: str = Field("", description="provider/model of both where a target names none; judges.model when empty")
    repetitions: Positive = Field(1, description="answers for each example and variant")
    metrics: dict[str, GateMetric] = Field(default_factory=dict, description="by evaluator or judge")
    coverage_floor: Share = Field(
        0.95, description="share of examples with a score on both sides, below which nothing is decided"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="confidence of all metrics together")
    most_cost_ratio: float | None = Field(None, gt=0, description="candidate's cost by the baseline's, at most")
    most_latency_ratio: float | None = Field(
        None, gt=0, description="candidate's latency by the baseline's on the same example, geometric mean, at most"
    )
    training_cost_usd: float | None = Field(
        None, ge=0, description="what training the candidate's model cost; the report tells when it pays"
    )
    training_tokens: Positive | None = Field(
        None, description="the same as tokens passed through, all epochs together; the price table knows their price"
    )
    early_stop: bool = Field(True, description="stop when further examples would not change the verdict")
    looks: Positive = Field(4, description="how often early stop looks at the scores, the last look included")


TargetKind = Literal["prompt", "few-shot", "callable", "http", "command"]


class ExperimentSettings(Section):
    """How experiments run."""

    kinds: tuple[TargetKind, ...] = Field(
        get_args(TargetKind), description="targets that may run; a callable or command runs with Nightjar's own rights"
    )
    in_flight: Positive = Field(8, description="answers under way at most")
    max_output_tokens: Positive = Field(1024, description="a model's longest answer where its prompt says nothing")
    requests_per_second: float | None = Field(
        None, gt=0, description="questions to what is no model, started per second at most"
    )
    timeout_seconds: float = Field(60.0, gt=0, description="per try of what is no model")
    attempts: Positive = Field(3, description="tries per answer of what is no model, before it is errored")
    backoff_seconds: float = Field(0.5, ge=0, description="first wait between them; doubles, with jitter")
    http_headers: dict[str, dict[str, SecretStr]] = Field(
        default_factory=dict, description="by host (chat.example.com, or with its port): headers for endpoints there"
    )
