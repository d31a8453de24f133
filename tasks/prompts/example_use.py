"""How much each example in a prompt helps: how often it is shown, and how answers fare with it and without. Pure.

Two comparisons, because neither is enough. With and without: fair only where the same questions are asked both ways.
Nearest: of the questions most like the example, as its own kind of question, what share is answered right; an example
that helps has a high share there, and one that is wrong a low one, even where every call shows all examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tasks.shared.few_shot import ShownExample
from tasks.shared.few_shot.likeness import local_likeness
from tasks.shared.statistics.clustered import clustered_mean
from tasks.shared.statistics.estimate import Estimate, Size, share_of_variance
from tasks.shared.statistics.intervals import LEVEL
from tasks.shared.statistics.several import step_up

# Questions of one kind are as alike as that, whatever their values; of two kinds they are less (0.58 and 0.32 among the
# simulated ones).
ALIKE = 0.5
FALSE_WEAK = 0.05
Finding = Literal["weak", "redundant", "never nearest", ""]


@dataclass(frozen=True)
class AnsweredCall:
    """A call that showed some of the examples (`shown`, by number), with whether its answer passed."""

    question: str
    shown: frozenset[int]
    passed: bool


@dataclass(frozen=True)
class ExampleUse:
    """One example in use. Shares are of answers that passed; None where there are none.

    Attributes:
        number: Its place in the prompt, from 1.
        question: Its question.
        shown: Calls that showed it.
        with_it: Share among these.
        without: Share among calls of the prompt that did not show it.
        nearest: Share among calls whose question is most like this one, of all examples.
        like: The place of an earlier example whose question differs in values at most; None where there is none.
        finding: `weak` where answers to its own kind of question are worse than all, beyond chance, however many
            examples there are; `redundant` where an earlier one says the same; `never nearest` where no question is
            like it.
    """

    number: int
    question: str
    shown: int
    with_it: Estimate | None
    without: Estimate | None
    nearest: Estimate | None
    like: int | None
    finding: Finding


@dataclass(frozen=True)
class ExamplesUse:
    """All examples of a prompt, and the share of all answers that passed."""

    calls: int
    questions: int
    passed: Estimate | None
    examples: tuple[ExampleUse, ...]


def examples_use(examples: Sequence[ShownExample], calls: Sequence[AnsweredCall]) -> ExamplesUse:
    """What *calls* tell of *examples*. Equal questions are one cluster: at temperature 0 they are one answer."""
    texts = [example.question for example in examples]
    asked = list(dict.fromkeys(call.question for call in calls))
    nearest: dict[str, int] = {}
    if asked and texts:
        nearest = dict(zip(asked, local_likeness(asked, texts).round(9).argmax(axis=1).tolist(), strict=True))
    among = local_likeness(texts, texts)
    whole = passed_share(calls)
    kinds = [[call for call in calls if nearest[call.question] == number] for number in range(len(texts))]
    weak = weak_kinds(kinds, whole)
    uses = []
    for number, text in enumerate(texts):
        like = next((earlier + 1 for earlier in range(number) if among[number, earlier] >= ALIKE), None)
        own = passed_share(kinds[number])
        uses.append(
            ExampleUse(
                number=number + 1,
                question=text,
                shown=sum(number in call.shown for call in calls),
                with_it=passed_share([call for call in calls if number in call.shown]),
                without=passed_share([call for call in calls if number not in call.shown]),
                nearest=own,
                like=like,
                finding=finding(own, whole, like, weak=number in weak),
            )
        )
    return ExamplesUse(len(calls), len(asked), whole, tuple(uses))


def weak_kinds(kinds: Sequence[Sequence[AnsweredCall]], whole: Estimate | None) -> set[int]:
    """The places of those of *kinds* (calls by nearest example) that pass less often than the *whole*, beyond chance.

    Of many examples some are bad by chance: false ones are at most `FALSE_WEAK` of those that are named, on average.
    """
    if whole is None:
        return set()
    limit = whole.value

    def worse(calls: Sequence[AnsweredCall], tail: float) -> bool:
        found = passed_share(calls, level=1 - 2 * tail)
        return found is not None and found.high < limit

    # An example without calls of its kind makes no claim, and is none of those that share the error.
    claims = {str(number): partial(worse, calls) for number, calls in enumerate(kinds) if calls}
    return {int(number) for number in step_up(claims, FALSE_WEAK)}


def finding(nearest: Estimate | None, whole: Estimate | None, like: int | None, *, weak: bool) -> Finding:
    """What there is to say of an example."""
    if weak:
        return "weak"
    if like is not None:
        return "redundant"
    return "never nearest" if nearest is None and whole is not None else ""


def passed_share(calls: Sequence[AnsweredCall], level: float = LEVEL) -> Estimate | None:
    """Share of *calls* that passed, with an interval for questions as clusters; None without calls."""
    import numpy as np

    if not calls:
        return None
    mean = clustered_mean(np.array([float(call.passed) for call in calls]), [call.question for call in calls])
    variance = mean.standard_error**2 if mean.clusters > 1 else 0.0
    # Where all pass, or all fail, the values tell nothing of how alike a cluster is: then each counts as one.
    size = Size(mean.n, mean.clusters, float(mean.n) if 0 < mean.value < 1 else float(mean.clusters))
    return share_of_variance(mean.value, variance, size, level)


def weak_questions(use: ExamplesUse) -> tuple[str, ...]:
    """Questions of the examples that do not help: weak ones and redundant ones."""
    return tuple(each.question for each in use.examples if each.finding in ("weak", "redundant"))
