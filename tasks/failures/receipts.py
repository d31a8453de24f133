"""Receipts of the stage."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.failures.attributing import Attributed
from tasks.failures.claims import Analysis
from tasks.failures.figures import failing
from tasks.failures.scope import Scope
from tasks.shared.gateways.phoenix import AnnotationReceipt
from tasks.shared.records import Batch
from tasks.shared.store.tables import FAILURES

NOT_ANALYSED = ("budget_stopped", "errored", "unparseable")


def attributed_receipt(scope: Scope, found: Attributed, told: AnnotationReceipt | None, changed: int) -> Batch:
    """How many runs, failures and annotations; odd labels are named."""
    counts = {**found.counts(), "changed": changed}
    if told is not None:
        counts |= {
            "published": told.written,
            "already_published": told.already_there,
            "unknown_to_phoenix": len(told.unknown),
            "kept_as_changed_by_a_person": len(told.kept),
        }
    odd = ", ".join(f"{word!r} ({count})" for word, count in found.unknown_labels.most_common(5))
    notes = (f"labels that are none of the states of {scope.taxonomy.name}: {odd}",) if odd else ()
    return _batch(scope, len(found.rows), counts, notes)


def analysed_receipt(scope: Scope, analyses: Sequence[Analysis], path: str) -> Batch:
    """What was asked and came of it; a state without an answer that can be used is a doubt."""
    statuses = Counter(each.status for each in analyses)
    counts = {
        **{f"states_{status}": count for status, count in sorted(statuses.items())},
        "questions": sum(each.questions for each in analyses),
        "reused": sum(each.reused for each in analyses),
        "claims_dropped": sum(each.claims.dropped for each in analyses),
        "cost_microdollars": round(1_000_000 * sum(each.cost_usd for each in analyses)),
    }
    stopped = [each for each in analyses if each.status in NOT_ANALYSED]
    doubts = tuple(f"{each.state or 'all states'} is not analysed: {each.trouble}" for each in stopped)
    return _batch(scope, len(analyses), counts, (path,), doubts)


def reported_receipt(scope: Scope, rows: Sequence[Mapping[str, Any]], notes: tuple[str, ...]) -> Batch:
    """Where the report and the run in MLflow are."""
    return _batch(scope, len(rows), {"runs": len(rows), "failed": len(failing(rows))}, notes)


def _batch(
    scope: Scope, rows: int, counts: Mapping[str, int], notes: tuple[str, ...], doubts: tuple[str, ...] = ()
) -> Batch:
    kept = {name: count for name, count in counts.items() if count or name == "changed"}
    ids = {"taxonomy": scope.taxonomy.name}
    return Batch(FAILURES.name, scope.project, scope.window, rows, kept, notes=notes, doubts=doubts, ids=ids)
