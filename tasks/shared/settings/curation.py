"""What is kept of the traffic: curated datasets, people's feedback, anonymising, fine-tuning files."""

from pydantic import Field, SecretStr

from tasks.shared.settings.section import Positive, Section, Share


class AnonymiseSettings(Section):
    """What of a text is masked before it leaves the lake."""

    key: SecretStr | None = Field(
        None, min_length=16, description="secret that masks are made with; one is made and kept in the lake when absent"
    )
    names: bool = Field(False, description="whether a judge also looks for people's names")
    dropped_fields: tuple[str, ...] = Field(
        (), description="fields of inputs and outputs that are left out; a.b for b in a"
    )
    phone_regions: tuple[str, ...] = Field(("US", "GB", "DE"), description="countries of phone numbers without +")


class CurationSettings(Section):
    """Which spans become examples, and of which datasets."""

    spans: tuple[str, ...] = Field((), description="names of the spans that make examples; root spans when empty")
    lookback_days: Positive = Field(30, description="how far back examples are looked for")
    size: Positive = Field(100, description="examples in the golden dataset at most")
    smallest: Positive = Field(50, description="examples below which the receipt warns")


class ExportSettings(Section):
    """Fine-tuning files."""

    smallest: Positive = Field(500, description="examples below which nothing is exported")


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
