"""Prompts in Phoenix's hub, and the search for better ones."""

from pydantic import Field

from tasks.shared.settings.section import Positive, Section, Share


class OptimiseSettings(Section):
    """How better versions of one prompt are looked for."""

    gate: str = Field(min_length=1, description="gate (of [gates]) whose dataset, model, metrics and demands decide")
    metric: str = Field("", description="evaluator that has to improve; the gate's first when empty")
    spans: tuple[str, ...] = Field(
        (), description="names of the spans that use the prompt, where these do not name the hub's version"
    )
    failing: tuple[str, ...] = Field(
        (), description="evaluators whose failures are learned from; every judge and the gate's metrics when empty"
    )
    kept: tuple[str, ...] = Field(("schema",), description="sections that no candidate may change")


class CompressSettings(Section):
    """How cheaper versions of one prompt are looked for."""

    gate: str = Field(
        min_length=1, description="gate (of [gates]) whose dataset, model and demands decide; it has a ceiling on cost"
    )


class PromptSettings(Section):
    """Where prompts lie, and how better ones are looked for."""

    folder: str = Field("", description="folder with prompt files (YAML) that are pushed")
    cache: str = Field(".nightjar/prompts", description="folder of the last good version of each prompt")
    optimise: dict[str, OptimiseSettings] = Field(
        default_factory=dict, description="by name of the prompt: what the weekly optimisation works on"
    )
    compress: dict[str, CompressSettings] = Field(
        default_factory=dict, description="by name of the prompt: what the weekly compression works on"
    )
    embedding_model: str = Field(
        "",
        description="provider/model of embeddings by which few-shot targets choose examples; by character n-grams, "
        "free and without a network, when empty",
    )
    model: str = Field("", description="provider/model that writes improved prompts; judges.model when empty")
    meta_prompt: str = Field("", description="prompt file that asks for improved prompts, in place of the shipped one")
    candidates: Positive = Field(4, description="improved prompts that are asked for in a round")
    failures: Positive = Field(20, description="failing examples at most that are shown in a round")
    longest_answer_tokens: Positive = Field(8000, description="tokens of the answer with all improved prompts")
    least_gain: Share = Field(
        0.05, description="how much above production's the metric's mean on the test split must be, in points"
    )
    significance: Share = Field(
        0.05,
        description="chance of any false winner over all rounds that are decided on the same examples; also the "
        "p-value below which the first round's gain counts, a later round's has to be smaller",
    )
    promote: bool = Field(False, description="whether a winner becomes production without anybody's word")
