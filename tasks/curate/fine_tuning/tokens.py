"""How many tokens texts have, estimated: by what spans of the model say of theirs, as no tokenizer is at hand."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite

from tasks.shared.prices import PriceTable, bare_name
from tasks.shared.records import Window
from tasks.shared.settings import ExportSettings
from tasks.shared.statistics.ratio import ratio_of_totals
from tasks.shared.store.lake import Lake

FEWEST_SPANS = 20
MOST_SPANS = 2000
TAIL = 0.025
# The models of the window, and for one of them what each of its calls says: characters and tokens.
MODELS = (
    "SELECT model, count(*) AS calls FROM spans WHERE kind = 'LLM' AND total_tokens > 0 GROUP BY model ORDER BY model"
)


@dataclass(frozen=True)
class CharactersPerToken:
    """Characters of a token with a 95 % interval, over `n` calls; the settings' number has neither."""

    value: float
    low: float | None
    high: float | None
    n: int
    said_by: str

    def tokens(self, characters: int) -> int:
        """Tokens of so many characters, one at least."""
        return max(1, round(characters / self.value))


@dataclass(frozen=True)
class Training:
    """What a fine-tuning job passes through, all epochs together, and costs; no cost without a price.

    `low` and `high` bound the cost by the interval of the characters per token.
    """

    tokens: int
    epochs: int
    cost_usd: float | None
    low_usd: float | None
    high_usd: float | None
    said: str


def characters_per_token(lake: Lake, project: str, window: Window, rules: ExportSettings) -> CharactersPerToken:
    """What the calls of the model to be tuned say; the settings' number where there are too few of them."""
    query = files(__package__).joinpath("tokens.sql").read_text(encoding="utf-8")
    rows = lake.sql(MODELS, project, window).to_pylist() if rules.model else []
    names = [row["model"] for row in rows if row["model"] and is_the_model(row["model"], rules.model)]
    found = lake.sql(query, project, window, {"models": names, "at_most": MOST_SPANS}) if names else None
    if found is None or found.num_rows < FEWEST_SPANS:
        n = found.num_rows if found else 0
        wanted = rules.model or "no model (export.model)"
        said = f"export.characters_per_token, as {n} calls of {wanted} tell; {FEWEST_SPANS} are needed"
        return CharactersPerToken(rules.characters_per_token, None, None, n, said)
    characters, tokens, clusters = (found[name] for name in ("characters", "tokens", "cluster"))
    ratio = ratio_of_totals(characters.to_numpy(), tokens.to_numpy(), clusters.to_pylist())
    if ratio is None:
        raise ValueError("tokens.sql gave calls without tokens. Its conditions forbid them.")
    low, high = ratio.bounds(TAIL)
    known = low > 0 and isfinite(high)
    said = f"calls of {', '.join(names)}"
    return CharactersPerToken(ratio.value, low if known else None, high if known else None, found.num_rows, said)


def is_the_model(name: str, model: str) -> bool:
    """Whether *name* is *model*, however the gateway calls it, or a dated version of it.

    >>> is_the_model("openai/gpt-4o-2024-08-06", "gpt-4o"), is_the_model("gpt-4o-mini", "gpt-4o")
    (True, False)
    """
    return bool(re.fullmatch(rf"{re.escape(bare_name(model))}(?:[-@]\d{{4}}.*)?", bare_name(name)))


def training(
    lengths: Sequence[int], rate: CharactersPerToken, rules: ExportSettings, prices: PriceTable, at: dt.datetime
) -> Training:
    """Tokens and cost of training on texts of so many characters each, at the prices of *at*."""
    characters = sum(lengths)

    def cost(of_token: float | None) -> float | None:
        if not rules.model or of_token is None:
            return None
        return prices.training_usd(rules.model, at, round(characters / of_token) * rules.epochs)

    tokens = round(characters / rate.value) * rules.epochs
    usd, least, most = cost(rate.value), cost(rate.high), cost(rate.low)
    if usd is not None:
        return Training(tokens, rules.epochs, usd, least, most, f"{rules.model} at price table {prices.version}")
    said = f"no price for training {rules.model!r} is known: set prices.{rules.model!r}.training"
    return Training(tokens, rules.epochs, None, None, None, said if rules.model else "export.model names no model")
