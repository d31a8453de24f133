"""What tokens cost: the shipped, versioned price table (`prices.toml`) and the settings' own prices before it."""

import datetime as dt
import fnmatch
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tasks.shared.settings import Price

MILLION = Decimal(1_000_000)
PRICED = ("input", "output", "cache_read", "cache_write", "training", "audio_input", "audio_output")
# `us.anthropic.claude...`: Bedrock puts the vendor, and before it the region group of an inference profile.
BEDROCK_PREFIX = re.compile(r"^(?:[a-z]{2,6}\.)?(?:anthropic|amazon|mistral|meta|cohere|ai21|deepseek|openai)\.")


@dataclass(frozen=True)
class Rate:
    """USD per one million tokens, from the UTC date `since` on.

    `batch` is the factor on all of them for calls through the provider's batch interface; `training` is for tokens that
    a fine-tuning job passes through, None where the model cannot be tuned or nobody knows. Calls of more than
    `long_above` prompt tokens, cached ones included, go at the rates of `long` as a whole.
    """

    since: dt.date
    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    batch: Decimal
    training: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    long_above: int = 0
    long: "Rate | None" = None

    def cost(
        self,
        prompt: int,
        completion: int,
        read: int = 0,
        write: int = 0,
        *,
        audio: tuple[int, int] = (0, 0),
        batch: bool = False,
    ) -> Decimal:
        """Exact USD for these tokens.

        Of the prompt, *read* and *write* are tokens that a cache served or took, *audio* (heard, spoken) are those of
        prompt and completion that are audio; what a cache served is not told apart.
        """
        uncached = prompt - read - write if prompt >= read + write else prompt
        if self.long and uncached + read + write > self.long_above:
            return self.long.cost(prompt, completion, read, write, audio=audio, batch=batch)
        heard, spoken = min(audio[0], uncached), min(audio[1], completion)
        tokens = (uncached - heard) * self.input + (completion - spoken) * self.output
        tokens += heard * _or(self.audio_input, self.input) + spoken * _or(self.audio_output, self.output)
        tokens += read * self.cache_read + write * self.cache_write
        return (tokens * self.batch if batch else tokens) / MILLION


@dataclass(frozen=True)
class Model:
    """The rates of every model whose name `pattern` matches, latest first."""

    pattern: re.Pattern[str]
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class PriceTable:
    """Rates by model and date. The first pattern that matches wins; of its rates, the latest one in force."""

    version: str
    models: tuple[Model, ...]
    _found: dict[tuple[str, dt.date], Rate | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def shipped(cls, overrides: Mapping[str, Price] | None = None) -> "PriceTable":
        """The table that comes with Nightjar; *overrides* (model name, `*` matches anything) come first."""
        version, models = _shipped()
        own = (_model((name,), [price.model_dump()], price.batch) for name, price in (overrides or {}).items())
        return cls(version, (*own, *models))

    def rate(self, model: str, at: dt.datetime) -> Rate | None:
        """The rate of *model* on the day of *at*; None for a model nobody gave a price."""
        key = (model, at.date())
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def cost_usd(  # noqa: PLR0917 (the four counts read best in the order of a bill)
        self,
        model: str | None,
        at: dt.datetime,
        prompt_tokens: int | None,
        completion_tokens: int | None,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        *,
        audio: tuple[int, int] = (0, 0),
        batch: bool = False,
    ) -> float | None:
        """Price of one call, rounded once at the end. None when the model or every token count is unknown.

        Cached tokens are part of *prompt_tokens*; where there are more of them than prompt tokens, the provider
        counted them apart and the prompt tokens are all uncached.
        """
        if model is None or (prompt_tokens is None and completion_tokens is None):
            return None
        rate = self.rate(model, at)
        if rate is None:
            return None
        read, write = cache_read_tokens or 0, cache_write_tokens or 0
        cost = rate.cost(prompt_tokens or 0, completion_tokens or 0, read, write, audio=audio, batch=batch)
        return float(cost)

    def training_usd(self, model: str, at: dt.datetime, tokens: int) -> float | None:
        """Price of a fine-tuning job of *model* that passes *tokens* through, all epochs together; None if unknown."""
        rate = self.rate(model, at)
        return None if rate is None or rate.training is None else float(tokens * rate.training / MILLION)

    def _search(self, name: str, day: dt.date) -> Rate | None:
        names = (name.lower(), bare_name(name))
        for model in self.models:
            if any(model.pattern.fullmatch(name) for name in names):
                return next((rate for rate in model.rates if rate.since <= day), None)
        return None


def bare_name(model: str) -> str:
    """Model name without what gateways put before it.

    >>> bare_name("bedrock/us.anthropic.claude-3-5-sonnet-20240620-v1:0")
    'claude-3-5-sonnet-20240620-v1:0'
    """
    return BEDROCK_PREFIX.sub("", model.lower().rsplit("/", 1)[-1])


def _model(names: Sequence[str], prices: Sequence[Mapping[str, Any]], batch: Any) -> Model:
    rates = sorted((_rate(price, batch) for price in prices), key=lambda rate: rate.since, reverse=True)
    return Model(re.compile("|".join(fnmatch.translate(name.lower()) for name in names)), tuple(rates))


def _rate(price: Mapping[str, Any], batch: Any) -> Rate:
    given = {name: _exact(price[name]) for name in PRICED if price.get(name) is not None}
    long = price.get("long")
    return Rate(
        since=price.get("since", dt.date.min),
        batch=_exact(batch),
        long_above=long["above"] if long else 0,
        long=_rate(long, batch) if long else None,
        **{"cache_read": given["input"], "cache_write": given["input"], **given},
    )


def _exact(number: Any) -> Decimal:
    """The number as written, not as its nearest binary fraction."""
    return Decimal(str(number))


def _or(own: Decimal | None, other: Decimal) -> Decimal:
    return other if own is None else own


@cache
def _shipped() -> tuple[str, tuple[Model, ...]]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"), parse_float=Decimal)
    return table["version"], tuple(_model(m["match"], m["prices"], m.get("batch", 1)) for m in table["model"])
