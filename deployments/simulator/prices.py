"""What the simulated models cost. On purpose not the product's price table: the truth must not share its mistakes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

GPT_4O = "gpt-4o"
GPT_4O_MINI = "gpt-4o-mini"
SONNET = "anthropic.claude-3-5-sonnet-20240620-v1:0"
HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"
GPT_5_MINI = "gpt-5-mini"
CLAUDE_SONNET = "claude-sonnet-4-5"
CLAUDE_HAIKU = "claude-haiku-4-5"
GEMINI_FLASH = "gemini-2.5-flash"
EMBEDDING_SMALL = "text-embedding-3-small"
BATCH_FACTOR = Decimal("0.5")


class UsdPerMillion(NamedTuple):
    """List prices in USD per million tokens."""

    input: float
    output: float
    cache_read: float
    cache_write: float


PRICES = {
    GPT_4O: UsdPerMillion(2.50, 10.00, 1.25, 2.50),
    GPT_4O_MINI: UsdPerMillion(0.15, 0.60, 0.075, 0.15),
    SONNET: UsdPerMillion(3.00, 15.00, 0.30, 3.75),
    HAIKU: UsdPerMillion(0.25, 1.25, 0.03, 0.30),
    GPT_5_MINI: UsdPerMillion(0.25, 2.00, 0.025, 0.25),
    CLAUDE_SONNET: UsdPerMillion(3.00, 15.00, 0.30, 3.75),
    CLAUDE_HAIKU: UsdPerMillion(1.00, 5.00, 0.10, 1.25),
    GEMINI_FLASH: UsdPerMillion(0.30, 2.50, 0.03, 0.30),
    EMBEDDING_SMALL: UsdPerMillion(0.02, 0.0, 0.02, 0.02),
}


@dataclass(frozen=True)
class Usage:
    """Tokens of one call as reported; `prompt` includes the cached ones, `completion` those spent on reasoning.

    `model` None: the span lost its model.
    """

    model: str | None
    prompt: int
    completion: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    @property
    def exact_cost_usd(self) -> Decimal | None:
        """Cost in USD without rounding; None for a model without a price."""
        price = PRICES.get(self.model or "")
        if price is None:
            return None
        counts = (self.prompt - self.cache_read - self.cache_write, self.completion, self.cache_read, self.cache_write)
        return sum((Decimal(str(usd)) * count for usd, count in zip(price, counts, strict=True)), Decimal()) / 1_000_000

    @property
    def cost_usd(self) -> float | None:
        """Cost in USD; None for a model without a price."""
        price = PRICES.get(self.model or "")
        if price is None:
            return None
        plain = self.prompt - self.cache_read - self.cache_write
        cached = self.cache_read * price.cache_read + self.cache_write * price.cache_write
        return (plain * price.input + cached + self.completion * price.output) / 1_000_000

    @property
    def attributes(self) -> dict[str, int]:
        """The counts as OpenInference attributes; cache counts only where there are any."""
        counts = {
            "llm.token_count.prompt": self.prompt,
            "llm.token_count.completion": self.completion,
            "llm.token_count.total": self.prompt + self.completion,
        }
        if self.cache_read:
            counts["llm.token_count.prompt_details.cache_read"] = self.cache_read
        if self.cache_write:
            counts["llm.token_count.prompt_details.cache_write"] = self.cache_write
        return counts
