"""Prompts in Phoenix's hub, and the search for better ones."""

from pydantic import Field

from tasks.shared.settings.section import Positive, Section, Share


class PromptSettings(Section):
    """Where prompts lie, and how better ones are looked for."""

    folder: str = Field("", description="folder with prompt files (YAML) that are pushed")
    cache: str = Field(".nightjar/prompts", description="folder of the last good version of each prompt")
    optimise: tuple[str, ...] = Field((), description="prompts that the weekly optimisation works on")
    candidates: Positive = Field(4, description="improved prompts that are asked for in a round")
    least_gain: Share = Field(0.05, description="improvement on the test split that a candidate needs")
    significance: Share = Field(0.05, description="p-value below which it counts")
    promote: bool = Field(False, description="whether a winner becomes production without anybody's word")
