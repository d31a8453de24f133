"""The analysis of failures: the states that agents walk through, and how their failures are summed up."""

import re

from pydantic import Field, field_validator

from tasks.shared.settings.section import Positive, Section, Share


class TaxonomySettings(Section):
    """The states of one agent."""

    project: str = Field("", description="Phoenix project the agent is traced to; every one when empty")
    roots: tuple[str, ...] = Field(
        (), description="names of its root spans; * stands for anything. When empty, roots of kind AGENT, else all"
    )
    states: tuple[str, ...] = Field(
        (), description="names of the spans that are its states, in order; learned when empty"
    )


class FailureSettings(Section):
    """At which state agents fail, and why. `states` and `roots` are for a project that no taxonomy is named for."""

    states: tuple[str, ...] = Field((), description="names of the spans that are states, in order; learned when empty")
    roots: tuple[str, ...] = Field(
        (), description="names of the root spans; * stands for anything. When empty, roots of kind AGENT, else all"
    )
    taxonomies: dict[str, TaxonomySettings] = Field(
        default_factory=dict, description="agents by name, each with `project`, `roots` and `states`"
    )
    judge: str = Field("failure_state", description="judge that names the state; code alone decides when empty")
    exception_events: bool = Field(
        True, description="ask Phoenix for the exception events of spans that did not fail, which it tells slowly"
    )
    learned_share: Share = Field(
        0.1, description="share of the traces that have a span whose name is learned as a state"
    )
    expected_share: Share = Field(
        0.9, description="share of the runs that ended well with a state from which on a run without it is suspect"
    )
    compared_windows: int = Field(4, ge=0, description="windows before that the report compares with")
    examples: Positive = Field(3, description="examples of each state in the report")
    model: str = Field("", description="provider/model that analyses states; judges.model when empty")
    analysed_states: int = Field(9, ge=0, description="states whose failures a model analyses, those with most first")
    analysed_failures: Positive = Field(200, description="groups of alike failures of a state that a model is told of")
    similarity: float = Field(0.7, gt=0, le=1, description="from which two explanations are one")
    chunk_characters: Positive = Field(
        12_000, description="characters of explanations in one question; more are asked in parts"
    )
    longest_answer_tokens: Positive = Field(2_000, description="tokens of an answer")

    @field_validator("taxonomies")
    @classmethod
    def _names(cls, taxonomies: dict[str, TaxonomySettings]) -> dict[str, TaxonomySettings]:
        """A name is part of file names, and of the name of the agent's judge."""
        if wrong := [name for name in taxonomies if not re.fullmatch(r"[a-z][a-z0-9_-]*", name)]:
            raise ValueError(f"{wrong[0]!r} is no name of a taxonomy: small letters, digits, dashes, underscores")
        return taxonomies

    def of_project(self, project: str) -> dict[str, TaxonomySettings]:
        """The taxonomies of *project* by name; the unnamed one, called `default`, where none is named for it."""
        named = {name: each for name, each in self.taxonomies.items() if each.project in ("", project)}
        return named or {"default": TaxonomySettings(roots=self.roots, states=self.states)}
