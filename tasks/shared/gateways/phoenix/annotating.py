"""Annotations: written once, read back, every one accounted for, and nobody else's touched.

Phoenix's key is (name, target, identifier), so Nightjar's own identifier keeps everyone else's annotations apart. Its
synchronous mode (1.3 ms of Phoenix's time each) rejects a whole batch for one unknown target but names the unknown
ones; the asynchronous mode (0.4 ms) accepts everything and drops unknown targets silently. So many annotations go the
asynchronous way and are read back, and whatever does not turn up goes the synchronous way, which settles it.
They are queued in rounds, because Phoenix stores its whole queue in one statement, and beyond 2,730 rows (PostgreSQL's
32,767 parameters) that fails and it falls back to one statement a row, five times slower.
"""

import asyncio
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tasks.shared.errors import ConfigurationError
from tasks.shared.gateways.phoenix.connection import Connection, Json, json_object
from tasks.shared.gateways.phoenix.failures import Answered
from tasks.shared.gateways.phoenix.projects import NOT_FOUND, Project
from tasks.shared.records import Unit

logger = logging.getLogger(__name__)
AnnotatorKind = Literal["CODE", "LLM", "HUMAN"]
Key = tuple[str, str, str]

AT_ONCE = 20_000  # annotations that are compared with Phoenix's together
BATCH = 1000
SYNCHRONOUS_AT_MOST = 500
IDS_PER_CALL = 500
CHARACTERS_PER_CALL = 20_000
ROWS_PER_PAGE = 2_000
ROUND = 2_000
PROBES = 20
PATIENCE_SECONDS = 1.5
PROBE_EVERY_SECONDS = 0.15


@dataclass(frozen=True)
class Annotation:
    """What one evaluator says of one span, trace or session (`target_id`).

    A `withdrawn` one takes the place of what the evaluator said before; where it said nothing, nothing is written.
    """

    target_id: str
    name: str
    identifier: str
    kind: AnnotatorKind
    score: float | None = None
    label: str | None = None
    explanation: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    withdrawn: bool = False

    @property
    def key(self) -> Key:
        """Phoenix's key."""
        return self.target_id, self.name, self.identifier


@dataclass(frozen=True)
class AnnotationReceipt:
    """What became of every annotation: the first four parts add up to what was asked for.

    `unknown` are targets that Phoenix does not have; `kept` are targets where a person has changed the annotation
    since, which is left as it is. `withdrawn` of the written ones took something back.
    """

    written: int = 0
    already_there: int = 0
    unknown: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    withdrawn: int = 0


async def read(
    connection: Connection, project: Project, unit: Unit, ids: Sequence[str], identifiers: Sequence[str] = ()
) -> list[Json]:
    """The annotations and notes of the units *ids*, by Phoenix's id; of *identifiers* only, when given."""
    found: list[Json] = []
    for batch in fitting(sorted(set(ids))):
        asked: Json = {f"{unit}_ids": batch, "limit": ROWS_PER_PAGE}
        if identifiers:
            asked["identifier"] = list(identifiers)
        try:
            async for page in connection.pages(f"{project.path}/{unit}_annotations", asked):
                found.extend(page)
        except Answered as error:
            if error.status != NOT_FOUND:  # none of these units exists: then they have no annotations
                raise
    return sorted(found, key=lambda row: str(row["id"]))


async def write(
    connection: Connection, project: Project, unit: Unit, annotations: Sequence[Annotation]
) -> AnnotationReceipt:
    """Write what is missing or different, and say what became of each."""
    wanted = sorted(by_key(annotations).items())
    written = [
        await _write(connection, project, unit, dict(wanted[start : start + AT_ONCE]))
        for start in range(0, len(wanted), AT_ONCE)
    ]
    return AnnotationReceipt(
        written=sum(each.written for each in written),
        already_there=sum(each.already_there for each in written),
        unknown=tuple(name for each in written for name in each.unknown),
        kept=tuple(name for each in written for name in each.kept),
        withdrawn=sum(each.withdrawn for each in written),
    )


async def _write(
    connection: Connection, project: Project, unit: Unit, wanted: Mapping[Key, Annotation]
) -> AnnotationReceipt:
    """Write some; what Phoenix holds of their targets is in memory meanwhile."""
    stored = await _stored(connection, project, unit, wanted.values())
    kept = {key for key, a in wanted.items() if key in stored and is_a_persons(stored[key], a)}
    missing = {key: a for key, a in wanted.items() if key not in kept and not is_same(stored.get(key), a)}
    pending = list(missing.values())
    if len(pending) > SYNCHRONOUS_AT_MOST:
        rounds = batches(pending, ROUND)
        pending = [left for some in rounds for left in await _queue(connection, project, unit, some)]
    unknown: list[str] = []
    for batch in batches(pending, BATCH):
        unknown.extend(await _settle(connection, unit, batch))
    return AnnotationReceipt(
        written=len(missing) - len(unknown),
        already_there=len(wanted) - len(kept) - len(missing),
        unknown=tuple(sorted(unknown)),
        kept=tuple(sorted(key[0] for key in kept)),
        withdrawn=sum(annotation.withdrawn for annotation in missing.values()),
    )


def by_key(annotations: Iterable[Annotation]) -> dict[Key, Annotation]:
    """The annotations by Phoenix's key. Raises ConfigurationError for what Phoenix would refuse or overwrite."""
    wanted: dict[Key, Annotation] = {}
    for annotation in annotations:
        if not annotation.identifier or annotation.name in ("", "note"):
            raise ConfigurationError(
                f"annotation {annotation.name!r} of {annotation.target_id} needs an identifier and a name that is not "
                "'note': without one it could overwrite another tool's."
            )
        if annotation.score is not None and not math.isfinite(annotation.score):
            raise ConfigurationError(
                f"annotation {annotation.name!r} of {annotation.target_id} has score {annotation.score}. "
                "Phoenix stores finite numbers only."
            )
        if wanted.setdefault(annotation.key, annotation) != annotation:
            raise ConfigurationError(
                f"annotation {annotation.name!r} of {annotation.target_id} is given twice with different content "
                f"under {annotation.identifier!r}. Give each evaluator an identifier of its own."
            )
    return wanted


def payload(unit: Unit, annotation: Annotation) -> Json:
    """The annotation as Phoenix's REST API takes it."""
    result = {"score": annotation.score, "label": _text(annotation.label), "explanation": _text(annotation.explanation)}
    return {
        f"{unit}_id": annotation.target_id,
        "name": annotation.name,
        "identifier": annotation.identifier,
        "annotator_kind": annotation.kind,
        "result": {name: value for name, value in result.items() if value is not None},
        "metadata": dict(annotation.metadata),
    }


def is_same(stored: Json | None, annotation: Annotation) -> bool:
    """Whether *stored* already says what *annotation* says; where nothing is stored, nothing is to be withdrawn."""
    if stored is None:
        return annotation.withdrawn
    result = stored["result"] or {}
    return bool(
        stored["annotator_kind"] == annotation.kind
        and result.get("score") == annotation.score
        and (result.get("label") or None) == _text(annotation.label)
        and (result.get("explanation") or None) == _text(annotation.explanation)
        and (stored["metadata"] or {}) == dict(annotation.metadata)
    )


def is_a_persons(stored: Json, annotation: Annotation) -> bool:
    """Whether a person has put their word where *annotation* would go."""
    return stored.get("source") == "APP" or (stored["annotator_kind"] == "HUMAN" and annotation.kind != "HUMAN")


def _text(text: str | None) -> str | None:
    """*text* as PostgreSQL can store it; an empty text is none."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd") if text else None


def fitting(ids: Sequence[str]) -> list[list[str]]:
    """*ids* in runs that fit a URL."""
    runs: list[list[str]] = [[]]
    size = 0
    for identifier in ids:
        if len(runs[-1]) >= IDS_PER_CALL or size + len(identifier) > CHARACTERS_PER_CALL:
            runs.append([])
            size = 0
        runs[-1].append(identifier)
        size += len(identifier)
    return [run for run in runs if run]


def batches(annotations: Sequence[Annotation], size: int) -> list[Sequence[Annotation]]:
    """*annotations* in runs of *size*."""
    return [annotations[start : start + size] for start in range(0, len(annotations), size)]


async def _stored(
    connection: Connection, project: Project, unit: Unit, annotations: Iterable[Annotation]
) -> dict[Key, Json]:
    ids, identifiers = {a.target_id for a in annotations}, {a.identifier for a in annotations}
    rows = await read(connection, project, unit, sorted(ids), sorted(identifiers))
    return {(row[f"{unit}_id"], row["name"], row["identifier"]): row for row in rows}


async def _post(connection: Connection, unit: Unit, batch: Sequence[Annotation], *, sync: bool) -> None:
    await connection.call(
        "POST",
        f"/v1/{unit}_annotations",
        parameters={"sync": "true" if sync else "false"},
        body={"data": [payload(unit, annotation) for annotation in batch]},
        read=json_object,
    )


async def _queue(connection: Connection, project: Project, unit: Unit, some: Sequence[Annotation]) -> list[Annotation]:
    """Hand *some* to Phoenix's queue and wait for them; returns those that are not stored afterwards."""
    for batch in batches(some, BATCH):
        await _post(connection, unit, batch, sync=False)
    probes = some[:: max(1, len(some) // PROBES)]
    arrived, last_progress = 0, time.monotonic()
    while arrived < len(probes) and time.monotonic() - last_progress < PATIENCE_SECONDS:
        await asyncio.sleep(PROBE_EVERY_SECONDS)
        now = len(probes) - len(await _not_stored(connection, project, unit, probes))
        if now > arrived:
            arrived, last_progress = now, time.monotonic()
    return await _not_stored(connection, project, unit, some)


async def _not_stored(
    connection: Connection, project: Project, unit: Unit, some: Sequence[Annotation]
) -> list[Annotation]:
    stored = await _stored(connection, project, unit, some)
    return [annotation for annotation in some if not is_same(stored.get(annotation.key), annotation)]


async def _settle(connection: Connection, unit: Unit, batch: Sequence[Annotation]) -> list[str]:
    """Write *batch* synchronously, without the targets that Phoenix says it does not have; returns those."""
    if not batch:
        return []
    try:
        await _post(connection, unit, batch, sync=True)
    except Answered as error:
        if error.status != NOT_FOUND:
            raise
        named = error.words.partition(" IDs ")[2].rpartition(" do not exist")[0].split(", ")
        rest = [annotation for annotation in batch if annotation.target_id not in named]
        if len(rest) < len(batch):
            gone = [annotation.target_id for annotation in batch if annotation.target_id in named]
            return gone + await _settle(connection, unit, rest)
        if len(batch) == 1:
            return [batch[0].target_id]
        middle = len(batch) // 2
        return await _settle(connection, unit, batch[:middle]) + await _settle(connection, unit, batch[middle:])
    return []
