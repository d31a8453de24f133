"""The shipped prices as rows of a table."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TOKENS = ("input", "output", "cache_read", "cache_write")
AUDIO = ("audio_input", "audio_output")
PRICE_COLUMNS = (
    "model",
    "input",
    "output",
    "cache read",
    "cache write",
    "audio in, out",
    "training",
    "batch",
    "compared",
)


def price_rows(toml: str) -> Iterator[tuple[str, ...]]:
    """A row for each price of the table in *toml*, and one for its long prompts."""
    for model in tomllib.loads(toml)["model"]:
        compared = model.get("checked", [])
        seen = "no" if not compared else "Phoenix" + ("" if compared == model["match"] else f": {_names(compared)}")
        for price in model["prices"]:
            since = f" from {price['since']}" if "since" in price else ""
            yield _names(model["match"]) + since, *_usd(price), _number(model.get("batch", 1)), seen
            if long := price.get("long"):
                yield f"… above {long['above']:,} prompt tokens", *_usd(long), "", ""


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _usd(price: Mapping[str, Any]) -> tuple[str, ...]:
    plain = (_number(price[key]) if key in price else "" for key in TOKENS)
    audio = ", ".join(_number(price[key]) for key in AUDIO if key in price)
    return *plain, audio, _number(price["training"]) if "training" in price else ""


def _number(value: float) -> str:
    return f"{value:g}"
