"""What every back end of the knowledge store can do, and what stands after a history of lessons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.knowledge.entities import Guideline, Lesson, Trajectory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float64]

# Texts to vectors of one length each: (len(texts), dimensions).
Vectorise = Callable[[Sequence[str]], "Awaitable[Vectors]"]
Form = Literal["conversation", "messages"]
LOCAL_DIMENSIONS = 1024


class KnowledgeStore(Protocol):
    """One namespace of a store. Every write is there whole after it returned, or not at all."""

    namespace: str

    def seen(self) -> frozenset[str]:
        """Ids of the spans whose trajectories are stored."""
        ...

    def conversations(self) -> frozenset[tuple[str, str]]:
        """Trace id and digest of every stored conversation."""
        ...

    def add(self, trajectories: Sequence[Trajectory]) -> int:
        """Store *trajectories*; returns how many are new."""
        ...

    def trajectory(self, span_id: str) -> Trajectory | None:
        """The trajectory of a span, as it was stored."""
        ...

    def of_trace(self, trace_id: str) -> list[Trajectory]:
        """The stored trajectories of a trace."""
        ...

    def unlearned(self) -> list[str]:
        """Ids of the spans whose trajectories nothing was learned from yet, oldest first."""
        ...

    async def learn(self, lesson: Lesson) -> None:
        """Apply a lesson; the one of a span whose lesson is applied already changes nothing."""
        ...

    def lessons(self) -> list[Lesson]:
        """Every lesson, in the order in which they were applied: the history of all guidelines."""
        ...

    def guidelines(self) -> list[Guideline]:
        """The guidelines that stand, in the order in which they were learned."""
        ...

    async def similar(self, text: str, most: int) -> list[tuple[Guideline, float]]:
        """The guidelines most like *text*, with their cosine, the most alike first."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def folded(lessons: Iterable[Lesson]) -> list[Guideline]:
    """The guidelines that stand after *lessons*."""
    standing: dict[str, Guideline] = {}
    for lesson in lessons:
        for change in lesson.changes:
            if change.operation == "delete":
                standing.pop(change.guideline.guideline_id, None)
            else:
                standing[change.guideline.guideline_id] = change.guideline
    return list(standing.values())


def searched(guideline: Guideline) -> str:
    """The text by which a guideline is found."""
    return "\n".join((guideline.content, guideline.trigger, guideline.task))


def best(guidelines: Sequence[Guideline], vectors: Vectors, asked: Vectors, most: int) -> list[tuple[Guideline, float]]:
    """The *most* guidelines whose vectors have the largest cosines with *asked* (1, dimensions)."""
    import numpy as np

    if not guidelines:
        return []
    cosines = (vectors @ asked[0]) / np.maximum(np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked[0]), 1e-12)
    order = np.argsort(-cosines, kind="stable")[:most]
    return [(guidelines[i], float(cosines[i])) for i in order]


async def local_vectors(texts: Sequence[str]) -> Vectors:
    """Hashed character 3- to 5-grams, 1,024 dimensions: free, the same on every machine, no meanings.

    The hashing trick: K. Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.
    """
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer

    grams = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=LOCAL_DIMENSIONS)
    return np.asarray(grams.transform(list(texts)).toarray(), float) if texts else np.zeros((0, LOCAL_DIMENSIONS))


async def no_vectors(texts: Sequence[str]) -> Vectors:
    """Stands where nobody said how to make vectors."""
    raise ConfigurationError(f"{len(texts)} texts are to be searched by vectors, and the store was opened without any.")
