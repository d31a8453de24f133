"""How often failures are attributed right, where labels tell: the analysis beside code, judge and two baselines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.statistics.intervals import wilson

Row = Mapping[str, Any]
Guess = Callable[[Row], tuple[str | None, str | None]]
# What each way of finding out says of a row: state and span.
WAYS: dict[str, Guess] = {
    "code and judge": lambda row: (row["detected_state"], row["detected_span_id"]),
    "code alone": lambda row: (row["code_state"], row["code_span_id"]),
    "last step": lambda row: (row["last_state"], row["last_span_id"]),
}
JUDGE, RANDOM = "judge alone", "random"


@dataclass(frozen=True)
class Accuracy:
    """Share of `n` labelled runs for which the answer is right; the chance of a guess has no interval."""

    hits: float
    n: int
    guessed: bool = False

    @property
    def value(self) -> float | None:
        """The share."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Wilson's 95 % interval."""
        return wilson(round(self.hits), self.n) if self.n and not self.guessed else (None, None)


@dataclass(frozen=True)
class Quality:
    """Of one way: the state of all labelled runs (failed or not), then state and step of those labelled as failed.

    `runs` is None for a baseline, which knows nothing of runs without a failure.
    """

    way: str
    runs: Accuracy | None
    state: Accuracy
    step: Accuracy


def qualities(rows: Sequence[Row], taxonomy: Taxonomy) -> list[Quality]:
    """Each way over the rows with a label; nothing where there are none."""
    known = [row for row in rows if row["label_state"] is not None]
    if not known:
        return []
    found = [_quality(way, known, guess, baseline=way == "last step") for way, guess in WAYS.items()]
    judged = [row for row in known if row["judge_state"] is not None]
    if judged:
        # The judge names no span: its state's last one is taken for it, as by the analysis.
        found.insert(2, _judge(judged))
    return [*found, _random(known, taxonomy)]


def _quality(way: str, rows: Sequence[Row], guess: Guess, *, baseline: bool) -> Quality:
    failed = [row for row in rows if row["label_state"] != NONE]
    placed = [row for row in failed if row["labelled_span_id"]]
    runs = None if baseline else Accuracy(sum(guess(row)[0] == row["label_state"] for row in rows), len(rows))
    return Quality(
        way,
        runs,
        Accuracy(sum(guess(row)[0] == row["label_state"] for row in failed), len(failed)),
        Accuracy(sum(guess(row)[1] == row["labelled_span_id"] for row in placed), len(placed)),
    )


def _judge(rows: Sequence[Row]) -> Quality:
    def guess(row: Row) -> tuple[str | None, str | None]:
        right = row["judge_state"] == row["label_state"]
        return row["judge_state"], row["labelled_span_id"] if right else None

    return _quality(JUDGE, rows, guess, baseline=False)


def _random(rows: Sequence[Row], taxonomy: Taxonomy) -> Quality:
    """What drawing a state of the taxonomy, or a step of the run, would hit on average."""
    failed = [row for row in rows if row["label_state"] != NONE]
    placed = [row for row in failed if row["labelled_span_id"] and row["steps"]]
    return Quality(
        RANDOM,
        None,
        Accuracy(len(failed) / len(taxonomy.states), len(failed), guessed=True),
        Accuracy(fsum(1 / row["steps"] for row in placed), len(placed), guessed=True),
    )
