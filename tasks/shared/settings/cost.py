"""What the application's traffic may cost, and how that is looked at."""

from typing import Annotated

from pydantic import Field, field_validator

from tasks.shared.settings.section import Section, Share

Usd = Annotated[float, Field(gt=0)]


class TrafficBudget(Section):
    """What a project's traffic may cost, in USD; without a figure there is no budget for that period."""

    day_usd: Usd | None = Field(None, description="a UTC day")
    week_usd: Usd | None = Field(None, description="a week from Monday, UTC")
    month_usd: Usd | None = Field(None, description="a calendar month, UTC")


class CostSettings(Section):
    """Cost of the application's traffic. What judging may cost is `budget`."""

    budgets: dict[str, TrafficBudget] = Field(
        default_factory=dict, description="budgets by project; * for all that are not named, each by itself"
    )
    warn_at: tuple[float, ...] = Field(
        (0.5, 0.8, 1.0), description="shares of a budget from which the report says so; the last one is a warning"
    )
    cohorts: tuple[str, ...] = Field(
        ("plan", "cohort"), description="fields of root spans' metadata by which cost is told apart"
    )
    reconcile: bool = Field(True, description="whether the nightly flow asks Phoenix for its own figures")
    tolerance: Share = Field(
        0.01, description="share by which Phoenix's figure may differ before it is called a difference"
    )

    @field_validator("warn_at")
    @classmethod
    def _ascending(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Whatever their order in the file."""
        if any(share <= 0 for share in shares):
            raise ValueError("has a share of 0 or below. Write shares of the budget, 0.8 for 80 %")
        return tuple(sorted(shares))

    def budget_of(self, project: str) -> TrafficBudget:
        """The budget of *project*: its own, or else that of all others."""
        return self.budgets.get(project) or self.budgets.get("*") or TrafficBudget()
