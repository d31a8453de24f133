"""People's names, which have no form to be found by: a model lists those of a text, and they are masked, too.

Only on request (`anonymise.names`), as it costs a call for every text. The model gets to see masked texts only. A text
of which nobody could say whose names are in it goes nowhere.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.shared.anonymise import Anonymiser
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm.models import Models
from tasks.shared.gateways.llm.prompts import Prompt
from tasks.shared.gateways.llm.writer import Errand, Writer
from tasks.shared.prices import PriceTable
from tasks.shared.settings import Settings
from tasks.shared.store.ledger import open_ledger
from tasks.shared.strict_yaml import read_mapping

QUESTION = "names.yaml"
PURPOSE = "names"
MOST_OUTPUT_TOKENS = 1024
# Messages and the schema of the answer, to the answer; None where there is none.
Ask = Callable[[list[dict[str, str]], Mapping[str, Any]], Awaitable[Mapping[str, Any] | None]]


class NamesQuestion(BaseModel):
    """The contents of names.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1)
    messages: tuple[dict[str, str], ...] = Field(min_length=1)
    answer: dict[str, Any] = Field(alias="schema")

    @classmethod
    def read(cls) -> "NamesQuestion":
        """The question as shipped. Raises ConfigurationError when somebody broke the file."""
        text = files(__package__).joinpath(QUESTION).read_text(encoding="utf-8")
        try:
            return cls.model_validate(read_mapping(text, QUESTION, "the question for names"))
        except ValidationError as error:
            raise ConfigurationError(f"{QUESTION} is wrong: {error}. Restore it.") from error

    @cached_property
    def prompt(self) -> Prompt:
        """The messages with a place for `text`."""
        return Prompt(self.messages)


class Names:
    """Asks for the names in texts."""

    def __init__(self, ask: Ask, question: NamesQuestion | None = None) -> None:
        """*ask* is one call of a model, `asking(writer, model)` where money is spent."""
        self.ask, self.question = ask, question or NamesQuestion.read()

    async def found(self, text: str) -> tuple[str, ...] | None:
        """The names that stand in *text*; None where there is no answer to rely on."""
        if not text.strip():
            return ()
        answer = await self.ask(self.question.prompt.render({"text": text}), self.question.answer)
        listed = answer.get("names") if answer is not None else None
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            return None
        seen = " ".join(text.casefold().split())
        return tuple(dict.fromkeys(name for name in listed if " ".join(name.casefold().split()) in seen))


@asynccontextmanager
async def names_judge(settings: Settings, project: str, run: str) -> AsyncIterator[Names | None]:
    """What asks for names in the *project*'s texts, on the judges' budget; None where `anonymise.names` is off."""
    if not settings.anonymise.names:
        yield None
        return
    errand, prices = Errand(run, project, PURPOSE), PriceTable.shipped(settings.prices)
    with open_ledger(settings.budget, settings.lake) as ledger:
        async with Models(settings.judges) as models:
            writer = Writer(models, ledger, prices, settings.budget, errand)
            yield Names(asking(writer, settings.anonymise.names_model or settings.judges.model))


def asking(writer: Writer, model: str) -> Ask:
    """Ask *model* through *writer*: within the budget, and each text once."""

    async def ask(messages: list[dict[str, str]], schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        written = await writer.write(model, messages, schema=schema, max_output_tokens=MOST_OUTPUT_TOKENS)
        return written.answer if written.status == "answered" else None

    return ask


async def masked(values: Sequence[Any], masking: Anonymiser, names: Names | None) -> list[Any]:
    """The JSON *values* as they may leave the lake; None for one whose names nobody could list.

    Without *names* nobody is asked, and people's names stay.
    """
    formed = [masking.value(value) for value in values]
    if names is None:
        return formed
    listed = await asyncio.gather(*(names.found("\n".join(texts_of(value))) for value in formed))
    return [None if found is None else masking.value(value, found) for value, found in zip(formed, listed, strict=True)]


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a JSON value, in order, the names of fields left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from texts_of(held)
    elif isinstance(value, Sequence):
        for held in value:
            yield from texts_of(held)
