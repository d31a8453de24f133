"""How much the traffic resembles a dataset: how well a classifier tells them apart, and which topics it lacks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.curate.nearest import nearest, vectors_of
from tasks.shared.statistics.auc import auc
from tasks.shared.statistics.estimate import Estimate, share

FOLDS = 5
FEWEST = 4 * FOLDS
# From which cosine similarity (nearest.py) a question has something like it in the dataset, and two are one topic.
COVERED = 0.3
SHOWN_TOPICS, SHOWN_QUESTIONS = 10, 3


@dataclass(frozen=True)
class Topic:
    """A kind of question that the dataset has nothing like: its share of the traffic, and some such questions."""

    share: Estimate
    count: int
    questions: tuple[str, ...]


def told_apart(examples: Sequence[str], traffic: Sequence[str]) -> Estimate | None:
    """How surely a question of the *traffic* is told from one of the *examples*: 0.5 not at all, 1 always.

    The area under the ROC curve of a logistic regression on pieces of words, by cross-validation: no question is scored
    by a model that saw it. Questions should be independent: one per session. None with fewer than 20 of either. Source:
    domain classifiers as in S. Ben-David et al. (2010), A theory of learning from different domains, Machine Learning
    79, 151-175; S. Rabanser et al. (2019), Failing loudly, NeurIPS 32, section 3. That folds have models of their own
    is not in the interval.

    Examples come from the traffic, so a question may be on both sides. Both are in one fold then: else each would be
    scored by a model that learned the other one as the other side's, and sides that are alike would have less than 0.5.
    """
    if min(len(examples), len(traffic)) < FEWEST:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    labels = [0] * len(examples) + [1] * len(traffic)
    model = LogisticRegression(class_weight="balanced", max_iter=1000, solver="liblinear", random_state=0)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    texts = [*examples, *traffic]
    pairs = paired(examples, traffic)
    scores = cross_val_predict(
        model, vectors_of(texts), labels, groups=pairs, cv=folds, method="decision_function"
    ).tolist()
    return auc(scores[len(examples) :], scores[: len(examples)])


def paired(examples: Sequence[str], traffic: Sequence[str]) -> list[int]:
    """A number for each of *examples* and *traffic*, in this order: of two equal texts on either side the same one.

    An example takes one such text. That others ask the same often is what tells the sides apart, so those go unpaired.

    >>> paired(["a", "b"], ["c", "b", "b"])
    [0, 1, 2, 1, 4]
    """
    numbers = list(range(len(examples) + len(traffic)))
    waiting: dict[str, list[int]] = {}
    for number, text in enumerate(examples):
        waiting.setdefault(text, []).append(number)
    for number, text in enumerate(traffic, len(examples)):
        if waiting.get(text):
            numbers[number] = waiting[text].pop(0)
    return numbers


def covered(examples: Sequence[str], traffic: Sequence[str]) -> Estimate | None:
    """The share of the *traffic* that has something like it among the *examples*; None without any of either."""
    if not examples:
        return None
    return share(sum(near >= COVERED for near in nearest(traffic, examples)), len(traffic))


def uncovered_topics(examples: Sequence[str], traffic: Sequence[str]) -> list[Topic]:
    """The largest groups of *traffic* that have nothing like them among the *examples*."""
    if not examples:
        return []
    far = [text for text, near in zip(traffic, nearest(traffic, examples), strict=True) if near < COVERED]
    groups = _grouped(far)
    found = []
    largest = sorted(Counter(groups).items(), key=lambda it: (-it[1], it[0]))[:SHOWN_TOPICS]
    for label, count in largest:
        members = sorted({text for text, group in zip(far, groups, strict=True) if group == label})
        estimate = share(count, len(traffic))
        # One question alone is no topic.
        if estimate and count > 1:
            found.append(Topic(estimate, count, tuple(members[:SHOWN_QUESTIONS])))
    return found


def _grouped(texts: Sequence[str]) -> list[int]:
    """A group for each text: average linkage over cosine distances, as far as texts are similar."""
    from sklearn.cluster import AgglomerativeClustering

    if len(texts) < 2:
        return [0] * len(texts)
    vectors = vectors_of(texts)
    distances = (1 - (vectors @ vectors.T).toarray()).clip(min=0)
    grouping = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - COVERED
    )
    labels: list[int] = grouping.fit_predict(distances).tolist()
    return labels
