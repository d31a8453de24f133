"""What is kept of the traffic: curated datasets, people's feedback, anonymising, fine-tuning files."""

from typing import Literal, Self, get_args

from pydantic import Field, SecretStr, model_validator

from tasks.shared.settings.section import Positive, Section, Share


class AnonymiseSettings(Section):
    """What of a text is masked before it leaves the lake."""

    key: SecretStr | None = Field(
        None, min_length=16, description="secret that masks are made with; one is made and kept in the lake when absent"
    )
    names: bool = Field(False, description="whether a judge also looks for people's names; a call for every text")
    names_model: str = Field("", description="provider/model that looks for them; that of the judges when empty")
    dropped_fields: tuple[str, ...] = Field(
        (), description="fields of inputs and outputs that are left out; a.b for b in a"
    )
    phone_regions: tuple[str, ...] = Field(("US", "GB", "DE"), description="countries of phone numbers without +")


DatasetKind = Literal["golden", "failed", "blocked", "expert"]
DATASET_KINDS: tuple[DatasetKind, ...] = get_args(DatasetKind)


class DatasetNames(Section):
    """What curated datasets are called in Phoenix; {project} stands for the project. One without a name is not kept."""

    golden: str = Field("golden-queries", description="questions with right answers, and those of the chosen strata")
    failed: str = Field("failed-queries", description="failures and negative feedback")
    blocked: str = Field("blocked-queries", description="refusals, and what guardrails blocked")
    expert: str = Field("expert-labelled", description="answers that people labelled, with their labels")

    @model_validator(mode="after")
    def _one_for_each(self) -> Self:
        """Two in one would take each other's examples for theirs."""
        names = [name for name in (self.golden, self.failed, self.blocked, self.expert) if name]
        if len(set(names)) < len(names):
            raise ValueError(f"two datasets have one name ({', '.join(names)})")
        return self


class CurationSettings(Section):
    """Which spans become examples, and of which datasets. Predicates are SQL; the guide lists their columns."""

    names: DatasetNames = DatasetNames()
    spans: tuple[str, ...] = Field((), description="names of the spans that make examples; root spans when empty")
    question: str = Field(
        "question",
        min_length=1,
        description="prompt variable, or field of a JSON input, with the question; else the last user message is it",
    )
    lookback_days: Positive = Field(30, description="how far back examples are looked for")
    annotated_days: int = Field(
        7, ge=0, description="days at the end of the window whose annotations are fetched again first"
    )
    size: Positive = Field(100, description="examples that a dataset is filled up to")
    growth: int = Field(10, ge=0, description="by how much `size` grows a week, so that new topics come in")
    smallest: Positive = Field(50, description="examples below which the receipt warns")
    golden_share: Share = Field(
        0.5, description="share of the golden dataset for ordinary good answers; the other strata share the rest"
    )
    similarity: float = Field(0.8, gt=0, le=1, description="from which two questions are near-duplicates")
    longest_characters: Positive = Field(20_000, description="questions longer than that are left out")
    scores: dict[str, float] = Field(
        default_factory=dict,
        description="by evaluator of spans or traces: the least score of a right answer, the most where low is good",
    )
    feedback: tuple[str, ...] = Field(("user_feedback",), description="annotations that are users' feedback")
    approving: tuple[str, ...] = Field(
        ("approved", "golden", "correct"), description="labels by which people approve an answer"
    )
    rejecting: tuple[str, ...] = Field(("rejected", "incorrect", "wrong"), description="labels by which they reject it")
    corrections: tuple[str, ...] = Field(
        ("correction", "expected_output"), description="annotations whose explanation is the right answer"
    )
    blocking: str = Field(
        r"\b(block|den(y|ied)|reject|refus|violat|unsafe)", description="what a guardrail says when it blocks; a regex"
    )
    cohorts: tuple[str, ...] = Field(("cohort", "plan"), description="fields of the metadata that name cohorts")
    right: str = Field(
        "errors = 0 AND negative = 0 AND rejected = 0 AND missed = 0 AND NOT blocked AND output <> '' "
        "AND (positive > 0 OR approved > 0 OR met = thresholds AND thresholds > 0)",
        description="predicate: the answer is right",
    )
    wrong: str = Field(
        "errors > 0 OR negative > 0 OR rejected > 0 OR missed > 0", description="predicate: the answer failed"
    )
    strata: dict[DatasetKind, dict[str, str]] = Field(
        default_factory=dict, description="predicates by dataset and stratum, beside the shipped; an empty one removes"
    )
    traffic_days: Positive = Field(7, description="days of traffic that the golden dataset is compared with")
    traffic_sample: Positive = Field(1000, description="questions of that traffic, one per session")
    refresh_after_days: Positive = Field(90, description="age of a golden version from which it should be refreshed")
    refresh_after_decisions: Positive = Field(50, description="gate decisions on it from which it should be")
    refresh_at_auc: float = Field(
        0.8,
        ge=0.5,
        le=1,
        description="how surely traffic is told from the dataset (0.5: not at all) when it should be, by the lower end",
    )

    def name_of(self, kind: DatasetKind, project: str) -> str:
        """The name of the dataset of that *kind*; empty where none is kept."""
        return str(getattr(self.names, kind)).replace("{project}", project)


FineTuningForm = Literal["completion", "openai", "anthropic", "bedrock"]
FINE_TUNING_FORMS: tuple[FineTuningForm, ...] = get_args(FineTuningForm)


class ExportSettings(Section):
    """Fine-tuning files: which answers are good enough to learn from, and how they are written down."""

    form: FineTuningForm = Field(
        "openai",
        description="completion: prompt and completion; openai: chat messages; anthropic: Claude on Bedrock; "
        "bedrock: Bedrock's conversations",
    )
    model: str = Field("", description="model to be tuned: whose tokens are counted, and what its training costs")
    spans: tuple[str, ...] = Field((), description="names of the spans with the answers; those of curation when empty")
    datasets: tuple[str, ...] = Field(
        (), description="curated datasets to take answers from as well; the golden and the expert one when empty"
    )
    rated: str = Field(
        "good", description="predicate over a candidate: its answer is one to learn from; good is curation.right"
    )
    scores: dict[str, float] = Field(
        default_factory=dict, description="thresholds as in curation.scores; those of curation when empty"
    )
    lookback_days: Positive = Field(90, description="how far back spans are looked for")
    splits: tuple[Literal["train", "dev", "test"], ...] = Field(
        ("train",), min_length=1, description="splits to take from; the others stay unseen, the holdout always does"
    )
    field: str = Field(
        "sql", description="field of the JSON that the model shall answer; the answer as it is when empty"
    )
    system: str = Field("", description="system message; {{x}} stands for the prompt variable x")
    prompt: str = Field(
        "{{input}}", min_length=1, description="user message; {{input}} stands for the question, {{x}} as above"
    )
    similarity: float = Field(0.9, gt=0, le=1, description="from which two questions are near-duplicates")
    held_out_similarity: float = Field(
        0.8, gt=0, le=1, description="from which a question is too much like an example of another split"
    )
    smallest: Positive = Field(500, description="examples below which nothing is exported")
    largest: Positive = Field(10_000, description="examples at most")
    longest_tokens: Positive = Field(8_192, description="tokens of an example at most, by the estimate")
    characters_per_token: float = Field(4.0, gt=0, description="where no span of the model tells")
    epochs: Positive = Field(3, description="how often training passes over the file, for the cost")


class FeedbackSettings(Section):
    """People's feedback in a DynamoDB table. Attributes are named as in the table, `a.b` for b in the map a."""

    table: str = Field("", description="name of the table; nothing is read when empty")
    region: str | None = Field(None, description="AWS region; that of the environment when empty")
    endpoint_url: str | None = Field(None, description="endpoint, for DynamoDB Local, moto and the like")
    index: str = Field(
        "", description="index to query, with the rating as its partition key; the table is scanned when empty"
    )
    key: tuple[str, ...] = Field((), description="attributes that tell items apart; the table's own key when empty")
    rating_attribute: str = Field("user_feedback", min_length=1, description="attribute that holds the rating")
    trace_attribute: str = Field("trace_id", description="attribute with the trace id; none when empty")
    session_attribute: str = Field("session_id", description="attribute with the session id; none when empty")
    text_attribute: str = Field("text", description="attribute with the question; none when empty")
    comment_attribute: str = Field("comment", description="attribute with what the person wrote; none when empty")
    time_attribute: str = Field(
        "timestamp", min_length=1, description="attribute with the time, ISO 8601 or seconds, milliseconds since 1970"
    )
    positive: tuple[str, ...] = Field(
        ("positive", "thumbs_up", "up", "good", "like", "1", "true"), description="ratings that are positive"
    )
    negative: tuple[str, ...] = Field(
        ("negative", "thumbs_down", "down", "bad", "dislike", "0", "-1", "false"),
        description="ratings that are negative",
    )
    lookback_days: int = Field(0, ge=0, description="items older than that are not read; 0 reads all")
    page_items: Positive = Field(1000, description="items looked at per request")
    pause_seconds: float = Field(0.0, ge=0, description="pause between two requests")
    attempts: Positive = Field(8, description="tries per request, also when DynamoDB throttles")
    timeout_seconds: float = Field(20.0, gt=0, description="per request")
    trace_within_hours: Positive = Field(48, description="how long before the feedback its trace may have begun")
    session_within_minutes: Positive = Field(
        60, description="the same where the trace is found by session and time only"
    )
    clock_skew_seconds: float = Field(5.0, ge=0, description="how far the application's clock may be behind")
    settled_after_hours: Positive = Field(
        3, description="from then on a session counts as ingested up to the feedback, whatever the lake has"
    )
    give_up_after_days: Positive = Field(7, description="unmatched feedback is tried again until it is that old")


class SplitSettings(Section):
    """Which share of the sessions goes where, by a hash of the session; examples never move."""

    train: Share = Field(0.4, description="for examples in prompts and for fine-tuning")
    dev: Share = Field(0.2, description="for choosing among candidates")
    test: Share = Field(0.3, description="for deciding on the chosen one")
    holdout: Share = Field(0.1, description="sealed: for nothing but a last look")
