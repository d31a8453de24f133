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
    """People's feedback in a DynamoDB table."""

    table: str = Field("", description="name of the table; nothing is read when empty")


class SplitSettings(Section):
    """Which share of the sessions goes where, by a hash of the session; examples never move."""

    train: Share = Field(0.4, description="for examples in prompts and for fine-tuning")
    dev: Share = Field(0.2, description="for choosing among candidates")
    test: Share = Field(0.3, description="for deciding on the chosen one")
    holdout: Share = Field(0.1, description="sealed: for nothing but a last look")
