"""Simulated experts: they label answers in Phoenix as people would, by the truth, and are not quite of one mind.

Which answers they label is drawn at random, so that their labels speak for all of them; the labels say so.
"""

import random
from typing import Any

from deployments.simulator.annotating import annotate
from deployments.simulator.simulation import Simulation

JUDGE = "sql_hallucination"
SPAN_NAME = "bedrock.generate_sql"
GOOD, BAD = "valid", "hallucination"
SHARE_LABELLED = 0.35
SHARE_SEEN_BY_BOTH = 0.5
SECOND_EXPERT_ERRS = 0.04


def labels_of(simulation: Simulation, share: float = SHARE_LABELLED) -> list[dict[str, Any]]:
    """Phoenix annotations of both experts on the SQL that was written. Each span's draw depends on its id alone."""
    written = {span.span_id for span in simulation.spans if span.name == SPAN_NAME}
    labels = []
    for answer in simulation.truth.answers:
        draw = random.Random(f"{simulation.truth.seed}/label/{answer.span_id}")
        if answer.span_id not in written or answer.refused or draw.random() >= share:
            continue
        true = BAD if answer.hallucinated else GOOD
        labels.append(_label(answer.span_id, 1, true, share))
        if draw.random() < SHARE_SEEN_BY_BOTH:
            errs = draw.random() < SECOND_EXPERT_ERRS
            labels.append(_label(answer.span_id, 2, {GOOD: BAD, BAD: GOOD}[true] if errs else true, share))
    return labels


async def label(simulation: Simulation, phoenix_url: str) -> int:
    """Write the experts' labels into Phoenix, where a second time changes nothing; returns how many there are."""
    return await annotate(labels_of(simulation), phoenix_url)


def _label(span_id: str, expert: int, label: str, share: float) -> dict[str, Any]:
    return {
        "span_id": span_id,
        "name": JUDGE,
        "annotator_kind": "HUMAN",
        "identifier": f"simulated-expert-{expert}",
        "result": {"label": label, "score": float(label == GOOD), "explanation": "A simulated expert says so."},
        "metadata": {"simulated": True, "draw": "random", "inclusion_probability": share},
    }
