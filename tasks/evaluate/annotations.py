"""Decisions as Phoenix annotations."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from tasks.evaluate.catalogue import Ready
from tasks.shared.gateways.phoenix import Annotation, AnnotationReceipt
from tasks.shared.gateways.phoenix.annotating import AnnotatorKind
from tasks.shared.records import OWN_IDENTIFIER, Unit, Window
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS

PUBLISHABLE = """
SELECT unit_id, status, score, label, explanation
FROM decisions
WHERE evaluator = $evaluator AND version = $version AND (status = 'scored' OR scored_before)
    AND start_time >= $start AND start_time < $end
ORDER BY start_time, unit_id
"""


def publishable(lake: Lake, project: str, window: Window, ready: Ready) -> pa.Table:
    """What the evaluator scored in *window*: `unit_id`, `status`, `score`, `label`, `explanation`.

    Units that it had scored before and did not score now are among them: what Phoenix has of that is taken back.
    """
    values = {"evaluator": ready.name, "version": ready.evaluator.version, "start": window.start, "end": window.end}
    return lake.sql(PUBLISHABLE, project, window, values, only={DECISIONS.name: ready.title})


def annotations_of(ready: Ready, decisions: pa.Table) -> list[Annotation]:
    """The rows of `publishable` as annotations; the identifier keeps them apart from everyone else's."""
    kind: AnnotatorKind = "LLM" if ready.evaluator.kind == "llm" else "CODE"
    metadata = {"direction": ready.evaluator.direction, "version": ready.evaluator.version}
    return [
        Annotation(
            target_id=row["unit_id"],
            name=ready.name,
            identifier=f"{OWN_IDENTIFIER}{ready.title}",
            kind=kind,
            **_said(row),
            metadata=metadata,
            withdrawn=row["status"] != "scored",
        )
        for row in decisions.to_pylist()
    ]


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Score, label and explanation; of a decision that is no score any more only why."""
    if row["status"] == "scored":
        return {part: row[part] for part in ("score", "label", "explanation")}
    return {"explanation": f"Withdrawn, the unit is {row['status']} now: {row['explanation'] or 'no reason given'}"}


def by_unit(evaluators: Iterable[Ready]) -> dict[Unit, list[Ready]]:
    """The evaluators by what they ask about: those of one unit are published together, so that Phoenix can batch."""
    found: dict[Unit, list[Ready]] = {}
    for each in evaluators:
        found.setdefault(each.evaluator.unit, []).append(each)
    return found


def publishing(unit: Unit, receipt: AnnotationReceipt) -> tuple[dict[str, int], tuple[str, ...]]:
    """Counts and notes on what became of the annotations."""
    counts = {
        "published": receipt.written,
        "already_published": receipt.already_there,
        "unknown_to_phoenix": len(receipt.unknown),
        "kept_as_changed_by_a_person": len(receipt.kept),
        "withdrawn": receipt.withdrawn,
    }
    examples = ", ".join(receipt.unknown[:3])
    note = f"Phoenix does not have {len(receipt.unknown)} of the {unit}s to annotate, for example {examples}"
    return {name: count for name, count in counts.items() if count}, (note,) if receipt.unknown else ()
