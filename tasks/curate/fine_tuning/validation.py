"""What the finished file is checked for, read back from its bytes: nothing is taken from what was meant to be in it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from tasks.curate.fine_tuning.forms import FORMS
from tasks.curate.fine_tuning.turns import Turns
from tasks.shared.anonymise import Anonymiser
from tasks.shared.settings import ExportSettings, FineTuningForm
from tasks.shared.statistics.order_statistics import quantile

QUANTILES = {"p05": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}
SHOWN_LINES = 5


@dataclass(frozen=True)
class Check:
    """What was looked for, in how many lines, and the numbers (from 1) of the first lines that fail."""

    name: str
    says: str
    checked: int
    failing: int
    lines: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Whether every line holds."""
        return not self.failing


@dataclass(frozen=True)
class Spread:
    """How long things are: least, quantiles, most, mean; all None without any."""

    n: int
    total: int
    least: int | None
    quantiles: Mapping[str, int | None]
    most: int | None
    mean: float | None


def read(content: bytes, form: FineTuningForm) -> list[Turns | str]:
    """The turns of every line, or what is wrong with it. A file's last line ends, too."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [_line(line, form) for line in lines]


def checks(content: bytes, rules: ExportSettings, longest_characters: float, masking: Anonymiser) -> list[Check]:
    """Every check of the file, passed or not."""
    lines = read(content, rules.form)
    turns = {number: each for number, each in enumerate(lines, start=1) if isinstance(each, Turns)}
    times = Counter(turns.values())
    questions = Counter(each.prompt for each in turns.values())

    def check(name: str, says: str, wrong: Callable[[Turns], bool]) -> Check:
        return _check(name, says, len(turns), (number for number, each in turns.items() if wrong(each)))

    unread = (number for number, each in enumerate(lines, start=1) if isinstance(each, str))
    return [
        _check("form", f"a JSON object of the form {rules.form}, its roles in order", len(lines), unread),
        check(
            "empty",
            "neither prompt nor completion is empty",
            lambda t: not t.prompt.strip() or not t.completion.strip(),
        ),
        check("completion", _completion_says(rules.field), lambda t: not _answers_in(t.completion, rules.field)),
        check(
            "length",
            f"at most {rules.longest_tokens:,} tokens, by the estimate",
            lambda t: t.characters > longest_characters,
        ),
        check("duplicate", "no other line says the same", lambda t: times[t] > 1),
        check(
            "contradiction", "no other line answers the same prompt otherwise", lambda t: questions[t.prompt] > times[t]
        ),
        check(
            "personal_data",
            "no detector finds personal data or a secret",
            lambda t: any(masking.text(s) != s for s in t),
        ),
    ]


def spread(lengths: Sequence[int]) -> Spread:
    """How *lengths* spread."""
    ordered = sorted(lengths)
    quantiles = {name: int(quantile(ordered, p)) if ordered else None for name, p in QUANTILES.items()}
    if not ordered:
        return Spread(0, 0, None, quantiles, None, None)
    return Spread(len(ordered), sum(ordered), ordered[0], quantiles, ordered[-1], sum(ordered) / len(ordered))


def _line(line: bytes, form: FineTuningForm) -> Turns | str:
    try:
        held = orjson.loads(line)
        return FORMS[form].read(held) if isinstance(held, dict) else f"TypeError: it is a {type(held).__name__}"
    except (ValueError, KeyError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def _completion_says(field: str) -> str:
    return f'the completion is a JSON object {{"{field}": text}}' if field else "the completion is a text"


def _answers_in(completion: str, field: str) -> bool:
    if not field:
        return True
    try:
        answer = orjson.loads(completion)
    except orjson.JSONDecodeError:
        return False
    return (
        isinstance(answer, dict) and list(answer) == [field] and isinstance(answer[field], str) and bool(answer[field])
    )


def _check(name: str, says: str, checked: int, failing: Iterator[int]) -> Check:
    numbers = list(failing)
    return Check(name, says, checked, len(numbers), tuple(numbers[:SHOWN_LINES]))
