"""How well the simulated provider writes SQL: an error rate, and what features of the prompt make of it."""

import re

from pydantic import BaseModel, ConfigDict, Field

from deployments.simulator.faults import Share
from deployments.simulator.writing.features import Features

SMALL = re.compile(r"mini|nano|haiku|flash|lite|small", re.IGNORECASE)


class Skill(BaseModel):
    """Settings of the SQL writer, changed by `POST /simulated/skill` while it runs. Factors are of the error rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(7, description="equal seeds make equal errors")
    error_rate: Share = Field(
        0.25, ge=0, le=1, description="share of wrong SQL that a small model writes with a described schema and no more"
    )
    large_model: float = Field(0.6, ge=0, description="factor for models not named mini, nano, haiku, flash ...")
    fine_tuned: float = Field(0.3, ge=0, description="factor for models named ft:...")
    no_schema: float = Field(4.0, ge=0, description="factor without the tables of the schema in the prompt")
    no_descriptions: float = Field(1.02, ge=0, description="factor for a schema without comments on its columns")
    examples: float = Field(0.5, ge=0, description="factor with at least one example of a question and its SQL")
    like_example: float = Field(
        0.25, ge=0, description="further factor where an example shows the same kind of question"
    )
    wrong_example: float = Field(4.0, ge=0, description="the same where that example's SQL is wrong")
    rule: float = Field(0.25, ge=0, description="factor for a task that says to use only names of the schema")
    careless: float = Field(1.6, ge=0, description="factor for a task that asks to guess, or to be quick")
    largest_error_rate: Share = Field(0.9, ge=0, le=1, description="more is never wrong")
    own_share: Share = Field(
        0.1,
        ge=0,
        le=1,
        description="share of questions where luck depends on prompt and model; else on the question alone",
    )

    def error_rate_of(self, model: str, features: Features) -> float:
        """Share of wrong SQL that *model* writes for a prompt with these *features*."""
        factors = (
            self.fine_tuned if "ft:" in model else 1.0 if SMALL.search(model) else self.large_model,
            1.0 if features.schema else self.no_schema,
            1.0 if features.descriptions or not features.schema else self.no_descriptions,
            self.examples if features.examples else 1.0,
            {"right": self.like_example, "wrong": self.wrong_example, "none": 1.0}[features.like],
            self.rule if features.rule else 1.0,
            self.careless if features.careless else 1.0,
        )
        rate = self.error_rate
        for factor in factors:
            rate *= factor
        return min(rate, self.largest_error_rate)
