"""What a call of a model costs: at most, and in the end."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm.models import split
from tasks.shared.gateways.llm.usage import Usage
from tasks.shared.prices import PriceTable, Rate
from tasks.shared.store.ledger import picodollars

# What a provider puts around the messages; the text itself has at most one token a byte.
TOKENS_AROUND_A_MESSAGE = 16


@dataclass(frozen=True)
class CallPrice:
    """The price of one model's calls, in picodollars; without a rate they are free."""

    rate: Rate | None
    batch: bool = False

    def most(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any] | None, max_output_tokens: int
    ) -> int:
        """The most a call can cost that asks for at most *max_output_tokens*.

        No tokenizer makes more tokens than there are UTF-8 bytes, so this is a bound and not a guess. A prompt that may
        be long enough for the rates of long ones is bounded by the dearer of both.
        """
        if self.rate is None:
            return 0
        content = orjson.dumps([messages, schema])
        prompt = len(content) + TOKENS_AROUND_A_MESSAGE * (len(messages) + 1)
        usual, long = self.rate, self.rate.long if prompt > self.rate.long_above else None
        return max(self._most_at(rate, prompt, max_output_tokens) for rate in (usual, long) if rate)

    def _most_at(self, rate: Rate, prompt_tokens: int, output_tokens: int) -> int:
        dearest = max(rate.input, rate.cache_write)
        exact = (prompt_tokens * dearest + output_tokens * rate.output) / 1_000_000
        return picodollars(exact * rate.batch if self.batch else exact)

    def cost(self, usage: Usage) -> int:
        """What a call with this *usage* cost."""
        if self.rate is None:
            return 0
        return picodollars(
            self.rate.cost(
                usage.prompt_tokens,
                usage.completion_tokens,
                usage.cache_read_tokens,
                usage.cache_write_tokens,
                batch=self.batch,
            )
        )


def call_price(name: str, prices: PriceTable, now: dt.datetime) -> CallPrice:
    """The price of the model called *name* (`provider/model`). Raises ConfigurationError for one without."""
    model = split(name)[1]
    rate = prices.rate(model, now)
    if rate is None:
        raise ConfigurationError(
            f'model {model!r} has no price, so no budget could hold. Add [prices."{model}"] with input and output '
            "(USD per million tokens; 0 for a free one) to nightjar.toml."
        )
    return CallPrice(rate)
