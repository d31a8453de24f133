"""Applications that tests compare."""

from pathlib import Path
from typing import Any

Asked = dict[str, Any]
CAPITALS = {
    "France": "Paris",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Peru": "Lima",
    "Chad": "N'Djamena",
    "Iran": "Tehran",
}


def right(question: Asked) -> str:
    """Knows every capital."""
    return CAPITALS[question["input"].split()[-1].rstrip("?")]


def wrong_about_peru(question: Asked) -> dict[str, Any]:
    """Knows all but one, and tells what it costs."""
    answer = "Cusco" if "Peru" in question["input"] else right(question)
    return {"output": answer, "model": "mine/small", "prompt_tokens": 12, "completion_tokens": 3, "cost_usd": 0.001}


def clueless(_question: Asked) -> str:
    """Knows no capital."""
    return "Springfield"


def counting(question: Asked, notes: str) -> str:
    """Notes every question in the file *notes*."""
    with Path(notes).open("a", encoding="utf-8") as file:
        file.write(f"{question['input']}\n")
    return right(question)


def away_for_peru(question: Asked, notes: str) -> str:
    """Fails for one question, until the file *notes* is there."""
    if "Peru" in question["input"] and not Path(notes).exists():
        raise ConnectionError("nobody answers")
    return right(question)


def away_for_italy(question: Asked, notes: str) -> dict[str, Any]:
    """The same, and wrong about Peru too."""
    if "Italy" in question["input"] and not Path(notes).exists():
        raise ConnectionError("nobody answers")
    return wrong_about_peru(question)
