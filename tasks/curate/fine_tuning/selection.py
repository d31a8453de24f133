"""Which candidates are written down, and by which rule the others were lost. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from tasks.curate.fine_tuning.candidates import Candidate
from tasks.curate.fine_tuning.turns import QUESTION, Turns, turns_of
from tasks.shared.near_duplicates import resembling, twins
from tasks.shared.settings import ExportSettings

# In the order in which rules are asked: what it means, and what would lose fewer.
RULES: Mapping[str, tuple[str, str]] = {
    "not_rated": ("spans that are not rated high", "more feedback or scores, export.rated, a longer lookback_days"),
    "taken_twice": ("spans that an example was made of", ""),
    "other_split": ("in splits that stay unseen", "export.splits"),
    "without_answer": ("without an answer of the wanted form", "export.spans, export.field"),
    "without_variables": ("without a variable of the templates", "export.system, export.prompt"),
    "too_long": ("longer than longest_tokens", "export.longest_tokens"),
    "repeated": ("the same as another one", ""),
    "near_duplicate": ("nearly the same question as another one", "export.similarity"),
    "like_held_out": ("nearly a question of a split that stays unseen", "export.held_out_similarity"),
    "names_unknown": ("whose names nobody could list", "anonymise.names, the judges' budget"),
    "beyond_largest": ("more than are wanted", "export.largest"),
}


Item = TypeVar("Item")


@dataclass
class Selection(Generic[Item]):
    """What is left, and how many each rule lost."""

    left: list[Item]
    lost: Counter[str] = field(default_factory=Counter)

    def keep(self, rule: str, marks: Iterable[bool]) -> None:
        """Keep those whose mark is true; *rule* lost the others."""
        before = len(self.left)
        self.left = [each for each, marked in zip(self.left, marks, strict=True) if marked]
        self.lost[rule] += before - len(self.left)


@dataclass(frozen=True)
class Example:
    """What is written down of a candidate."""

    span_id: str
    origin: str
    question: str
    turns: Turns


def chosen(candidates: Sequence[Candidate], rules: ExportSettings) -> Selection[Candidate]:
    """Each span once, of the splits that may be seen. The best rated come first, equals in an order by hash."""
    ordered = sorted(candidates, key=lambda each: (each.rank, place(each.span_id)))
    first: dict[str, Candidate] = {}
    for each in ordered:
        first.setdefault(each.span_id, each)
    selection = Selection(list(first.values()), Counter(taken_twice=len(ordered) - len(first)))
    selection.keep("other_split", [each.split in rules.splits for each in selection.left])
    return selection


def screened(
    selection: Selection[Candidate],
    held_out: Sequence[str],
    rules: ExportSettings,
    characters_per_token: float,
    mask: Callable[[str], str],
) -> Selection[Example]:
    """The examples that the chosen candidates, masked by now, become; each rule loses some.

    *held_out* are the questions of examples in splits that stay unseen. *mask* goes over the finished texts once more:
    a template may put a word before a number that says what it is.
    """
    passed = Selection[Example]([], selection.lost)
    for each in selection.left:
        turns = turns_of(each.values, each.answer, rules)
        if isinstance(turns, Turns):
            said = Turns(*map(mask, turns))
            passed.left.append(Example(each.span_id, each.origin, each.values.get(QUESTION) or said.prompt, said))
        else:
            passed.lost[turns] += 1
    longest = rules.longest_tokens * characters_per_token
    passed.keep("too_long", [each.turns.characters <= longest for each in passed.left])
    without_repeats(passed)
    near = resembling([each.question for each in passed.left], held_out, similarity=rules.held_out_similarity)
    passed.keep("like_held_out", [twin is None for twin in near])
    repeated = twins([each.question for each in passed.left], similarity=rules.similarity)
    passed.keep("near_duplicate", [twin is None for twin in repeated])
    passed.keep("beyond_largest", [number < rules.largest for number in range(len(passed.left))])
    return passed


def without_repeats(selection: Selection[Example]) -> None:
    """Lose those that say the same as one before."""
    said: set[Turns] = set()
    marks = []
    for each in selection.left:
        marks.append(each.turns not in said)
        said.add(each.turns)
    selection.keep("repeated", marks)


def place(span_id: str) -> str:
    """Where an example stands in the file: by chance, and always there."""
    return sha256(span_id.encode()).hexdigest()


def told(lost: Mapping[str, int]) -> str:
    """What was lost by which rule, the most first, and what would lose fewer."""
    ordered = sorted((rule for rule in RULES if lost.get(rule)), key=lambda rule: -lost[rule])
    said = [f"{lost[rule]:,} {RULES[rule][0]}" + (f" ({RULES[rule][1]})" if RULES[rule][1] else "") for rule in ordered]
    return "; ".join(said) or "nothing was lost to a rule"
