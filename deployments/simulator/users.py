"""Simulated users: they give feedback on answers in Phoenix, as an application passes it on, true to what happened."""

from typing import Any

from deployments.simulator.annotating import annotate
from deployments.simulator.opinions import Opinion
from deployments.simulator.simulation import Simulation

FEEDBACK = "user_feedback"


def feedback_on(simulation: Simulation) -> list[dict[str, Any]]:
    """Phoenix annotations of everything that users said, on the roots of their traces."""
    written = {span.span_id for span in simulation.spans}
    told = {span_id: opinion for day in simulation.truth.days.values() for span_id, opinion in day.feedback.items()}
    return [_annotation(span_id, opinion) for span_id, opinion in told.items() if span_id in written]


async def give_feedback(simulation: Simulation, phoenix_url: str) -> int:
    """Write the users' feedback into Phoenix, where a second time changes nothing; returns how much there is."""
    return await annotate(feedback_on(simulation), phoenix_url)


def _annotation(span_id: str, opinion: Opinion) -> dict[str, Any]:
    result = {"label": opinion.label, "score": float(opinion.label == "positive")}
    return {
        "span_id": span_id,
        "name": FEEDBACK,
        "annotator_kind": "HUMAN",
        "identifier": "simulated-user",
        "result": {**result, "explanation": opinion.comment} if opinion.comment else result,
        "metadata": {"simulated": True},
    }
