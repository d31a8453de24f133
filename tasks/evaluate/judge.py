"""What a judge is: the contents of one YAML file, checked."""

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tasks.evaluate.tags import outside_tags
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import Prompt, answer_schema, builtin_metric
from tasks.shared.records import Direction, Unit

JSON_PATH = ".$"
CHOICES = "{{choices}}"
Share = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(min_length=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _as_sql(value: Any) -> Any:
    """`true` and `false` without quotes are SQL too."""
    return str(value).lower() if isinstance(value, bool) else value


Predicate = Annotated[Text, BeforeValidator(_as_sql)]


def _listed_alone(value: Any) -> Any:
    """One where several may be given."""
    return value if isinstance(value, list | tuple) else (value,)


Sources = Annotated[tuple[Text, ...], BeforeValidator(_listed_alone), Field(min_length=1)]


class Part(BaseModel):
    """A mapping in the file; an unknown key is an error, not a typo that does nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(Part):
    """One message of the prompt."""

    role: Literal["system", "user"] = Field("user", description="`system` or `user`")
    content: Text = Field(
        description="text; `{{name}}` stands for an input and has to be inside a tag: `<x>{{x}}</x>`. `{{choices}}` "
        "stands for the labels in order, `none` left out"
    )


class Choice(Part):
    """A label that the judge may choose."""

    score: Finite | None = Field(None, description="its score; none makes a judge that only labels")
    description: str | None = Field(None, description="what it means, told to the model beside the label")


class Rating(Part):
    """A scale of whole numbers; the score is the share of the way from `low` to `high`."""

    low: int = Field(1, description="the lowest number, score 0")
    high: int = Field(5, description="the highest number, score 1")

    @model_validator(mode="after")
    def _upwards(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}. Exchange or correct them")
        return self


class Stratum(Part):
    """Units that are judged at a rate of their own."""

    where: Predicate = Field(description="SQL predicate over the unit's columns")
    rate: Share = Field(description="0 to 1; it holds where it is higher than the others")


class Sampling(Part):
    """Which share of the traces is judged. Where strata overlap the highest rate holds."""

    rate: Share = Field(1.0, description="0 to 1, by a hash of the trace id: the same traces for all judges")
    strata: dict[str, Stratum] = Field({}, description="by name: units that are judged more often")


class Canary(Part):
    """A question whose verdict is known, asked in every run."""

    inputs: dict[str, Text] = Field(description="a text for each of the judge's inputs")
    expect: Annotated[tuple[str | int, ...], BeforeValidator(_listed_alone), Field(min_length=1)] = Field(
        description="the right label or rating, or a list of those that are right"
    )


class Swap(Part):
    """A pairwise judge: asked a second time with two inputs exchanged."""

    inputs: tuple[str, str] = Field(description="the two inputs that change places")
    labels: dict[str, str] = Field(description="for each label, the one that says the same with the two exchanged")


def _choices(value: Any) -> Any:
    """`[a, b]`, `{a: 1}` and `{a: {score: 1, description: ...}}` are all choices."""
    if isinstance(value, list):
        return {label: {} for label in value}
    if isinstance(value, Mapping):
        return {label: item if isinstance(item, Mapping) else {"score": item} for label, item in value.items()}
    return value


class Judge(Part):
    """A named, versioned question to a language model. `docs/guides/judges.md` tells every key."""

    # What may change without a new version: none of it is part of the question, or of how the answer is read.
    FREE: ClassVar[frozenset[str]] = frozenset(
        ("description", "model", "fallback", "max_cost_usd", "price", "sampling", "lane", "canaries")
    )

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the file's name; small letters, digits, underscores")
    version: str = Field(pattern=r"^[\w.-]+$", description="letters, digits, dots, dashes; raised with every edit")
    description: Text = Field(description="the question in a sentence, for people")
    unit: Unit = Field(description="`span`, `trace` or `session`")
    select: Predicate = Field("true", description="SQL predicate over the unit's columns: which units get a decision")
    not_applicable: Predicate = Field("false", description="SQL predicate: units decided `not_applicable`, for free")
    inputs: dict[str, Sources] = Field(
        min_length=1,
        description="by variable of the prompt: a column, `column.$.path` for a place in its JSON, or a list of these "
        "of which the first that is there counts; a unit where one is missing is `not_applicable`",
    )
    metric: str | None = Field(None, description="metric of phoenix-evals that brings messages, choices and direction")
    messages: tuple[Message, ...] = Field((), description="the prompt")
    choices: Annotated[dict[str, Choice], BeforeValidator(_choices)] = Field(
        {}, description="labels, as a list, with scores (`valid: 1.0`) or with score and description"
    )
    rating: Rating | None = Field(None, description="a scale in place of choices")
    direction: Direction = Field("maximize", description="which scores are good ones: `maximize` or `minimize`")
    passes_at: Finite = Field(0.5, description="the score from which on a unit passes; with `minimize`, up to which")
    model: str = Field("", description="`provider/model`; by default the setting `judges.model`")
    fallback: str = Field("", description="asked where the model gives no answer; by default `judges.fallback`")
    parameters: dict[str, Any] = Field({}, description="for the provider as they are, such as `temperature: 0`")
    max_output_tokens: int = Field(400, ge=1, description="the answer's longest")
    max_cost_usd: float = Field(0.05, gt=0, allow_inf_nan=False, description="a dearer call is not made")
    price: Literal[0] | None = Field(None, description="`0` for a model that costs nothing and is in no price table")
    sampling: Sampling = Field(Sampling(), description="which units are judged")
    lane: Literal["sync", "batch"] = Field("sync", description="`batch` for the provider's batches at half price")
    swap: Swap | None = Field(None, description="for a pairwise judge")
    canaries: tuple[Canary, ...] = Field(min_length=1, description="questions whose verdict is known")

    @model_validator(mode="before")
    @classmethod
    def _from_metric(cls, data: Any) -> Any:
        """The prompt, choices and direction of a metric of phoenix-evals, where the file names one."""
        if not isinstance(data, dict) or not data.get("metric"):
            return data
        for key in ("messages", "choices", "rating"):
            if data.get(key):
                raise ValueError(f"metric {data['metric']} brings its own {key}: remove {key}, or the metric")
        try:
            metric = builtin_metric(str(data["metric"]))
        except ConfigurationError as error:
            raise ValueError(str(error).removesuffix(".")) from error
        return {
            "direction": metric.direction,
            **data,
            "messages": [dict(message) for message in metric.messages],
            "choices": dict(metric.choices),
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.messages:
            raise ValueError("messages are missing: write the prompt, or name a metric of phoenix-evals")
        if bool(self.choices) == bool(self.rating):
            raise ValueError("give choices (labels with scores) or a rating (low and high), one of the two")
        if len(self.choices) == 1:
            raise ValueError(f"choices have one label, {next(iter(self.choices))!r}: a judge needs two to choose from")
        if unknown := set(self.prompt.variables) - set(self.inputs):
            raise ValueError(f"messages use {_listed(unknown)}, which inputs do not define: add to inputs")
        if unused := set(self.inputs) - set(self.prompt.variables):
            raise ValueError(f"inputs define {_listed(unused)}, which no message uses: remove, or use it")
        if bare := set[str]().union(*(outside_tags(message["content"]) for message in self.prompt.messages)):
            example = sorted(bare)[0]
            raise ValueError(
                f"messages have {_listed(bare)} outside of tags, so the model could take it for instructions: "
                f"write <{example}>{{{{{example}}}}}</{example}>"
            )
        self.input_sql()
        for canary in self.canaries:
            self._check_canary(canary)
        if self.swap:
            self._check_swap(self.swap)
        return self

    def _check_canary(self, canary: Canary) -> None:
        if set(canary.inputs) != set(self.inputs):
            raise ValueError(f"a canary has inputs {_listed(canary.inputs)}: it must have {_listed(self.inputs)}")
        known = set(self.choices) if self.rating is None else set(range(self.rating.low, self.rating.high + 1))
        if wrong := [item for item in canary.expect if item not in known]:
            raise ValueError(f"a canary expects {_listed(map(str, wrong))}: choose from {_listed(map(str, known))}")

    def _check_swap(self, swap: Swap) -> None:
        if unknown := set(swap.inputs) - set(self.inputs):
            raise ValueError(f"swap names {_listed(unknown)}, which inputs do not define")
        if set(swap.labels) != set(self.choices) or set(swap.labels.values()) - set(self.choices):
            raise ValueError(f"swap.labels must say for each of {_listed(self.choices)} which label it becomes")

    @property
    def title(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt as a template; the labels are in it already."""
        messages = [message.model_dump() for message in self.messages]
        if "choices" not in self.inputs:
            listed = ", ".join(label for label in self.choices if label != "none")
            messages = [{**each, "content": each["content"].replace(CHOICES, listed)} for each in messages]
        return Prompt(messages)

    @cached_property
    def answer_shape(self) -> dict[str, Any]:
        """JSON schema of the answer."""
        rating = None if self.rating is None else (self.rating.low, self.rating.high)
        return answer_schema({label: choice.description for label, choice in self.choices.items()}, rating)

    @cached_property
    def question(self) -> dict[str, Any]:
        """What may not change without a new version, by key.

        Without what is as by default: a key that Nightjar learns later changes no judge that does not use it.
        """
        return self.model_dump(mode="json", exclude=set(self.FREE), exclude_defaults=True)

    @cached_property
    def digest(self) -> str:
        """16 hex digits over the question."""
        return hashlib.sha256(orjson.dumps(self.question, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

    @property
    def whole(self) -> dict[str, Any]:
        """All that it is, from which it can be made again.

        A metric's prompt is written out in the messages: under its name it would be that of a later phoenix-evals.
        """
        return self.model_dump(mode="json", exclude={"metric"}, exclude_defaults=True)

    def renewed(self, **changes: Any) -> "Judge":
        """The judge with *changes*, checked again."""
        return Judge.model_validate({**self.whole, **changes})

    def input_sql(self) -> dict[str, str]:
        """SQL expression by variable: the first of its sources that is there."""
        return {variable: _first(sources) for variable, sources in self.inputs.items()}


def _first(sources: tuple[str, ...]) -> str:
    expressions = [_expression(source) for source in sources]
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _expression(source: str) -> str:
    """A column as text, or with `column.$.path` what stands there in the column's JSON; with `*` one part a line."""
    column, found, path = source.partition(JSON_PATH)
    if not re.fullmatch(r"\w+", column):
        raise ValueError(f"inputs name {source!r}, neither a column nor column.$.path: correct it")
    if not found:
        return f'CAST("{column}" AS VARCHAR)'
    quoted = "$" + path.replace("'", "''")
    there = f"json_extract_string(\"{column}\", '{quoted}')"
    there = f"array_to_string({there}, chr(10))" if "*" in path else there
    return f'CASE WHEN json_valid("{column}") THEN {there} END'


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
