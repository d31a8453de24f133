"""What a report says beside its figures: goals, the services that should be there, the files that are made."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from tasks.shared.settings.section import Section

ReportFormat = Literal["html", "markdown", "pdf", "csv", "json"]
REPORT_FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)


class GoalSettings(Section):
    """What a metric should be. It is met, or missed, where all its interval is on that side."""

    metric: str = Field(min_length=1, description="name of the metric, as in docs/metrics.md")
    dimension: str = Field("", description="its dimension, key=value; the whole window when empty")
    at_least: float | None = Field(None, description="the goal is met from here on; a share of 94 % is 0.94")
    at_most: float | None = Field(None, description="the goal is met up to here; one of the two has to be given")
    title: str = Field("", description="what it is called in the report; its name when empty")

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("has to have one of at_least and at_most")
        return self

    @property
    def bound(self) -> float:
        """The number that the metric is held against."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0


def _usual_goals() -> dict[str, GoalSettings]:
    return {
        "success": GoalSettings(metric="success/traces", at_least=0.94, dimension="", title="Questions that succeed"),
        "satisfaction": GoalSettings(metric="satisfaction", at_least=0.85, title="Satisfied users"),
        "latency": GoalSettings(metric="latency_ms/p95", at_most=5000.0, title="Trace latency, p95"),
    }


class ReportSettings(Section):
    """The reports of days, weeks and months."""

    goals: dict[str, GoalSettings] = Field(
        default_factory=_usual_goals, description="goals by name; those of success, satisfaction and latency by default"
    )
    services: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="services that should send spans, each with span names that tell it where spans carry no "
        "service.name; * in a name stands for anything",
    )
    channels: tuple[str, ...] = Field((), description="names of the channels that get a day's report, once")
    url: str = Field("", description="address at which the lake's folder reports/ is served; messages link to it")
    formats: tuple[ReportFormat, ...] = Field(REPORT_FORMATS, description="files that are made of a report")

    @model_validator(mode="after")
    def _has_a_page(self) -> Self:
        """The page is what MLflow, Prefect and the index lead to."""
        if "html" not in self.formats:
            raise ValueError("formats has to have html in it")
        return self
