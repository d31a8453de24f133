"""An index of examples: their vectors, computed once and kept on disk, and the examples for a question."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.shared.few_shot.likeness import cosines, local_likeness
from tasks.shared.few_shot.selection import most_alike
from tasks.shared.few_shot.shown_examples import ShownExample, written
from tasks.shared.questions import normalised

if TYPE_CHECKING:
    from tasks.shared.few_shot.likeness import Vectors

    Embed = Callable[[Sequence[str]], Awaitable[Vectors]]


@dataclass(frozen=True)
class FewShot:
    """Chooses *k* of the *examples* for a question; their answers stand under *label* (SQL, Answer).

    Attributes:
        examples: What there is to choose from.
        label: What stands above an answer in the prompt.
        k: How many are shown.
        model: Name of the model of embeddings; empty for likeness by character n-grams.
        embed: Asks that model; None where there is none.
        folder: Where the vectors of the examples are kept.
        own: Whether a question may be shown with its own right answer, where it is one of the examples.
    """

    examples: tuple[ShownExample, ...]
    label: str
    k: int
    model: str = ""
    embed: Embed | None = None
    folder: Path | None = None
    own: bool = True

    @property
    def specification(self) -> dict[str, Any]:
        """All that decides what is chosen."""
        pool = hashlib.sha256(written(self.examples, self.label).encode()).hexdigest()[:16]
        return {"k": self.k, "examples": pool, "likeness": self.model or "characters", "own": self.own}

    async def sections_for(self, questions: Sequence[str]) -> list[str]:
        """The text of the examples for each of *questions*, the most like one last."""
        shown = await self.chosen_for(questions)
        return [written([self.examples[number] for number in numbers], self.label) for numbers in shown]

    async def chosen_for(self, questions: Sequence[str]) -> list[list[int]]:
        """The numbers of the examples for each of *questions*, the most like one last."""
        ranked = most_alike(await self.likeness(questions), len(self.examples))
        return [self._fit(question, numbers)[-self.k :] for question, numbers in zip(questions, ranked, strict=True)]

    async def likeness(self, questions: Sequence[str]) -> Vectors:
        """How alike each of *questions* is to each example, by their questions."""
        if self.embed is None:
            return local_likeness(questions, [example.question for example in self.examples])
        return cosines(await self.embed(questions), await self._known(self.embed))

    def _fit(self, question: str, numbers: Sequence[int]) -> list[int]:
        """The *numbers* of examples that may be shown with *question*."""
        asked = normalised(question)
        return [number for number in numbers if self.own or normalised(self.examples[number].question) != asked]

    async def _known(self, embed: Embed) -> Vectors:
        """The examples' vectors, from disk where they were computed before."""
        import numpy as np

        questions = [example.question for example in self.examples]
        path = self.folder / f"{self._digest(questions)}.npy" if self.folder else None
        if path is not None and path.is_file():
            kept: Vectors = np.load(path, allow_pickle=False)
            return kept
        vectors = await embed(questions)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{os.getpid()}.half")
            with half.open("wb") as file:
                np.save(file, vectors, allow_pickle=False)
            half.replace(path)
        return vectors

    def _digest(self, questions: Sequence[str]) -> str:
        return hashlib.sha256("\0".join((self.model, *questions)).encode()).hexdigest()[:16]
