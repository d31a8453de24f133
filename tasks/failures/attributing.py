"""Every run of a window with where it failed: rows of `failures`, and what Phoenix is told of them."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tasks.failures.attribution import Verdict, combined, labelled, verdict_of
from tasks.failures.detection import Detected, detected, expected_states
from tasks.failures.labels import Label, annotated, label_of
from tasks.failures.runs import Run, Spans, runs_of
from tasks.failures.scope import Scope
from tasks.failures.taxonomy import NONE, Taxonomy
from tasks.shared.gateways.phoenix import Annotation
from tasks.shared.gateways.phoenix.annotating import AnnotatorKind
from tasks.shared.records import OWN_IDENTIFIER
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import DECISIONS, FAILURES

ANNOTATION = "Failure State with Explanation"
LONGEST_REQUEST, LONGEST_EXPLANATION = 500, 2000
DECIDED = "SELECT unit_id, status, label, explanation FROM decisions WHERE unit = 'trace'"
STORED = "SELECT trace_id, root_span_id, span_id FROM failures WHERE taxonomy = $taxonomy AND state <> 'none'"


@dataclass
class Attributed:
    """Rows of `failures`, and what was met on the way.

    `expected` are the states that every run should have; `quiet_exceptions` counts spans that recorded one and did not
    fail; `unknown_labels` counts labels that are none of the states.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    expected: frozenset[str] = frozenset()
    stateless: int = 0
    quiet_exceptions: int = 0
    unknown_labels: Counter[str] = field(default_factory=Counter)

    def table(self) -> pa.Table:
        """The rows in the schema of `failures`."""
        return pa.Table.from_pylist(self.rows, schema=FAILURES.schema)

    def counts(self) -> dict[str, int]:
        """Runs, failures, and by whose word."""
        sources = Counter(row["source"] for row in self.rows)
        found = {
            "runs": len(self.rows),
            "failed": sum(row["state"] != NONE for row in self.rows),
            **{f"by_{source}": count for source, count in sorted(sources.items())},
            "without_states": self.stateless,
            "quiet_exceptions": self.quiet_exceptions,
            "unknown_labels": self.unknown_labels.total(),
        }
        return {name: count for name, count in found.items() if count}


def attribute(lake: Lake, scope: Scope, spans: Spans, judge: str, share: float, *, now: dt.datetime) -> Attributed:
    """Where each run of *scope* failed.

    Args:
        lake: Annotations, and the judge's decisions.
        scope: The runs.
        spans: Theirs.
        judge: The judge's `name@version`, which is the file of its decisions; empty for code alone.
        share: From which share of the good runs on a state is expected of all.
        now: For `decided_at`.
    """
    taxonomy = scope.taxonomy
    verdicts, said = _verdicts(lake, scope, judge), annotated(lake, scope.project, scope.window)
    expected = expected_states(runs_of(spans.rows(), taxonomy), taxonomy, share)
    found = Attributed(expected=expected, quiet_exceptions=len(spans.thrown))
    for run in runs_of(spans.rows(), taxonomy):
        label, odd = label_of(run.root, said.get(run.trace_id, {}), taxonomy)
        if odd:
            found.unknown_labels[odd] += 1
        if not run.visited() and label is None:
            found.stateless += 1
            continue
        code = detected(run, taxonomy, found.expected)
        found.rows.append(row_of(run, taxonomy, code, verdicts.get(run.trace_id), label) | {"decided_at": now})
    return found


def _verdicts(lake: Lake, scope: Scope, judge: str) -> dict[str, Verdict]:
    if not judge:
        return {}
    decided = lake.sql(DECIDED, scope.project, scope.window, only={DECISIONS.name: judge}).to_pylist()
    return {row["unit_id"]: verdict_of(row, scope.taxonomy) for row in decided}


def row_of(run: Run, taxonomy: Taxonomy, code: Detected, judge: Verdict | None, label: Label | None) -> dict[str, Any]:
    """The row of one run, but for when it was made."""
    both = combined(run, code, judge, taxonomy)
    found = labelled(run, both, label, taxonomy) if label else both
    step = next((step for step in run.steps if step.span_id == found.span_id), None) if found.state != NONE else None
    return {
        "taxonomy": taxonomy.name,
        "trace_id": run.trace_id,
        "start_time": run.root["began"],
        "root_span_id": run.root["span_id"],
        "state": found.state,
        "last_success": found.last_success,
        "span_id": step.span_id if step else None,
        "step_kind": step.kind if step else None,
        "step_status": step.row["status_code"] if step else None,
        "source": found.source,
        "explanation": found.explanation[:LONGEST_EXPLANATION] or None,
        "detected_state": both.state,
        "detected_span_id": both.span_id,
        "sign": code.sign.kind if code.sign and code.state == found.state else None,
        "code_state": code.state,
        "code_span_id": code.span_id,
        "judge_state": judge.state if judge else None,
        "judge_status": judge.status if judge else None,
        **_labelled(run, label),
        **_steps(run),
        "request": (run.root["request"] or "")[:LONGEST_REQUEST] or None,
    }


def _labelled(run: Run, label: Label | None) -> dict[str, Any]:
    step = run.step_of(label.state) if label else None
    return {
        "label_state": label.state if label else None,
        "label_last_success": (label.last_success or None) if label else None,
        "labelled_span_id": step.span_id if step else None,
    }


def _steps(run: Run) -> dict[str, Any]:
    steps = [step for step in run.steps if step.state]
    last = steps[-1] if steps else None
    return {
        "last_state": last.state if last else None,
        "last_span_id": last.span_id if last else None,
        "steps": len(steps),
    }


def stored_failures(lake: Lake, scope: Scope) -> list[dict[str, Any]]:
    """The failing runs as an earlier analysis had them."""
    values = {"taxonomy": scope.taxonomy.name}
    rows: list[dict[str, Any]] = lake.sql(STORED, scope.project, scope.window, values).to_pylist()
    return rows


def annotations_of(rows: Sequence[Mapping[str, Any]], before: Iterable[Mapping[str, Any]]) -> list[Annotation]:
    """What roots and failing spans are told, and those that an earlier analysis told of a failure that is none now."""
    told: dict[str, Annotation] = {}
    for row in rows:
        if row["state"] != NONE:
            for span_id in dict.fromkeys((row["root_span_id"], row["span_id"])):
                if span_id:
                    told[span_id] = _annotation(span_id, row)
    by_trace = {row["trace_id"]: row for row in rows}
    for earlier in before:
        now = by_trace.get(earlier["trace_id"])
        for span_id in (earlier["root_span_id"], earlier["span_id"]):
            if now is not None and span_id and span_id not in told:
                told[span_id] = _annotation(span_id, {**now, "state": NONE, "explanation": "no failure by now"})
    return list(told.values())


def _annotation(span_id: str, row: Mapping[str, Any]) -> Annotation:
    kind: AnnotatorKind = "LLM" if row["source"] == "judge" else "CODE"
    return Annotation(
        target_id=span_id,
        name=ANNOTATION,
        identifier=f"{OWN_IDENTIFIER}failures@{row['taxonomy']}",
        kind=kind,
        label=row["state"],
        explanation=row["explanation"],
        metadata={"last_success": row["last_success"], "source": row["source"], "span_id": row["span_id"] or "none"},
    )
