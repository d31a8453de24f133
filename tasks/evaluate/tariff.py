"""What a model's calls cost a judge: at most, and in the end."""

import datetime as dt
from dataclasses import dataclass

from tasks.evaluate.cases import Messages
from tasks.evaluate.judge import Judge
from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.llm import CallPrice, Usage
from tasks.shared.prices import PriceTable
from tasks.shared.store.ledger import picodollars


@dataclass(frozen=True)
class Tariff:
    """The prices of one model for one judge. `cap` is what one call may cost at most, in picodollars."""

    price: CallPrice
    cap: int

    def most(self, messages: Messages, judge: Judge) -> int:
        """The most a call can cost, in picodollars."""
        return self.price.most(messages, judge.answer_shape, judge.max_output_tokens)

    def cost(self, usage: Usage) -> int:
        """What a call with this *usage* cost, in picodollars."""
        return self.price.cost(usage)


def tariff(judge: Judge, name: str, prices: PriceTable, now: dt.datetime, *, batch: bool = False) -> Tariff:
    """The tariff of the model called *name* (`provider/model`). Raises ConfigurationError for one without a price."""
    cap = picodollars(judge.max_cost_usd)
    if judge.price == 0:
        return Tariff(CallPrice(None, batch), cap)
    model = name.partition("/")[2]
    rate = prices.rate(model, now)
    if rate is None:
        raise ConfigurationError(
            f'model {model!r} of judge {judge.name} has no price, so no budget could hold. Add [prices."{model}"] '
            "with input and output (USD per million tokens) to nightjar.toml, or `price: 0` to the judge if it is free."
        )
    return Tariff(CallPrice(rate, batch), cap)
