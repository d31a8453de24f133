"""The store in Milvus: a server, or Milvus Lite in a local file. The only importer of its SDK.

Milvus has no transactions, so the first row of an entity is written last: without it the entity is not there. The
lessons are the truth; the guidelines' rows are an index for the search, which whoever opens the store puts right.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.gateways.knowledge.entities import Guideline, Lesson, Trajectory, as_json
from tasks.shared.gateways.knowledge.store import Form, Vectorise, folded, no_vectors, searched
from tasks.shared.settings import without_password

# A text field holds 65,535 bytes: longer entities lie in several rows.
BYTES_A_ROW = 60_000
ROWS_A_CALL = 500
TIMEOUT_SECONDS = 20.0
NO_VECTOR = [1.0, 0.0]
TRAJECTORIES, LESSONS, GUIDELINES = "nightjar_trajectories", "nightjar_lessons", "nightjar_guidelines"
TEXTS = {"id": 512, "namespace": 128, "entity": 256, "trace_id": 64, "digest": 32, "at": 40, "body": 65_535}
NUMBERS = ("part", "position", "number")
FIRST = "part == 0"
Row = dict[str, Any]


class MilvusStore:
    """One namespace in a Milvus; each kind of entity has a collection, which the namespaces share."""

    def __init__(self, client: Any, uri: str, namespace: str, vectorise: Vectorise | None, form: Form) -> None:
        """Use `opened`, which also makes what is missing."""
        self.namespace, self.form = namespace, form
        self._client, self._uri, self._vectorise = client, uri, vectorise or no_vectors
        self._there = set[str]()

    @classmethod
    async def opened(
        cls,
        uri: str,
        token: str | None,
        namespace: str,
        vectorise: Vectorise | None,
        form: Form = "conversation",
        *,
        reading: bool = False,
    ) -> "MilvusStore":
        """Connect to *uri* (`http://host:19530`, or the path of a local file for Milvus Lite).

        What is missing is made, and the search put right; only *reading*, everything stays as it is.

        Raises:
            ConfigurationError: The SDK is not installed, or vectors of another length are stored.
            ServiceUnavailable: Milvus does not answer.
            ServiceRefused: It answers, and says no.
        """
        nothing_there = reading and is_missing_file(uri)
        store = cls(None if nothing_there else _client(uri, token), uri, namespace, vectorise, form)
        if nothing_there:
            return store
        for name in (TRAJECTORIES, LESSONS):
            store._ensure(name, len(NO_VECTOR), make=not reading)
        if vectorise:
            store._ensure(GUIDELINES, len((await vectorise(["."]))[0]), make=not reading)
            if not reading:
                await store._index(store.guidelines())
        return store

    def seen(self) -> frozenset[str]:
        """Ids of the spans whose trajectories are stored."""
        return frozenset(row["entity"] for row in self._rows(TRAJECTORIES, FIRST))

    def conversations(self) -> frozenset[tuple[str, str]]:
        """Trace id and digest of every stored conversation."""
        return frozenset((row["trace_id"], row["digest"]) for row in self._rows(TRAJECTORIES, FIRST))

    def add(self, trajectories: Sequence[Trajectory]) -> int:
        """Store *trajectories*; returns how many are new."""
        known = self.seen()
        new = {each.span_id: each for each in trajectories if each.span_id not in known}
        for each in new.values():
            more = {"trace_id": each.trace_id, "digest": each.digest, "at": each.timestamp}
            self._write(TRAJECTORIES, each.span_id, _texts(as_json(each), self.form), more)
        return len(new)

    def trajectory(self, span_id: str) -> Trajectory | None:
        """The trajectory of a span, as it was stored."""
        found = self._trajectories(f"entity == {json.dumps(span_id)}")
        return found[0] if found else None

    def of_trace(self, trace_id: str) -> list[Trajectory]:
        """The stored trajectories of a trace."""
        return self._trajectories(f"trace_id == {json.dumps(trace_id)}")

    def unlearned(self) -> list[str]:
        """Ids of the spans whose trajectories nothing was learned from yet, oldest first."""
        learned = {row["entity"] for row in self._rows(LESSONS, FIRST)}
        rows = sorted(self._rows(TRAJECTORIES, FIRST), key=lambda row: (row["at"], row["entity"]))
        return [row["entity"] for row in rows if row["entity"] not in learned]

    async def learn(self, lesson: Lesson) -> None:
        """Apply a lesson; the one of a span whose lesson is applied already changes nothing."""
        known = self._rows(LESSONS, FIRST)
        if lesson.span_id in {row["entity"] for row in known}:
            return
        number = max((row["number"] for row in known), default=0) + 1
        self._write(LESSONS, lesson.span_id, _texts(as_json(lesson)), {"at": lesson.at, "number": number})
        await self._index(self.guidelines())

    def lessons(self) -> list[Lesson]:
        """Every lesson, in the order in which they were applied."""
        rows = self._rows(LESSONS, "part >= 0", "body", "position")
        whole = {row["entity"] for row in rows if row["part"] == 0}
        ordered = sorted(
            (row for row in rows if row["entity"] in whole), key=lambda row: (row["number"], row["entity"])
        )
        return [Lesson.from_json(_bodies(list(own))[0]) for _, own in groupby(ordered, key=lambda row: row["entity"])]

    def guidelines(self) -> list[Guideline]:
        """The guidelines that stand, in the order in which they were learned."""
        return folded(self.lessons())

    async def similar(self, text: str, most: int) -> list[tuple[Guideline, float]]:
        """The guidelines most like *text*, with their cosine, the most alike first."""
        standing = {each.guideline_id: each for each in self.guidelines()}
        if not standing or GUIDELINES not in self._there:
            return []
        asked = [float(x) for x in (await self._vectorise([text]))[0]]
        with self._plainly():
            found = self._client.search(
                GUIDELINES,
                data=[asked],
                limit=most,
                filter=self._own(),
                output_fields=["entity"],
                timeout=TIMEOUT_SECONDS,
            )[0]
        hits = [(hit["entity"]["entity"], float(hit["distance"])) for hit in found]
        return [(standing[name], cosine) for name, cosine in hits if name in standing]

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()

    async def _index(self, standing: Sequence[Guideline]) -> None:
        """Make the guidelines' rows those of *standing*."""
        wanted = {each.guideline_id: (each, _digest(each)) for each in standing}
        there = {row["entity"]: row["digest"] for row in self._rows(GUIDELINES, FIRST)}
        changed = [each for name, (each, digest) in wanted.items() if there.get(name) != digest]
        if changed:
            vectors = await self._vectorise([searched(each) for each in changed])
            for each, vector in zip(changed, vectors, strict=True):
                more = {"digest": _digest(each), "vector": [float(x) for x in vector]}
                self._write(GUIDELINES, each.guideline_id, _texts(as_json(each)), more)
        if gone := [name for name in there if name not in wanted]:
            with self._plainly():
                self._client.delete(GUIDELINES, filter=f"{self._own()} and entity in {json.dumps(gone)}")

    def _write(self, collection: str, entity: str, texts: Sequence[tuple[int, str]], more: Mapping[str, Any]) -> None:
        empty: Row = dict.fromkeys(TEXTS, "") | dict.fromkeys(NUMBERS, 0) | {"vector": NO_VECTOR}
        rows = [
            empty
            | {"id": f"{self.namespace}/{entity}/{part}", "namespace": self.namespace, "entity": entity}
            | {"part": part, "position": position, "body": text, **more}
            for part, (position, text) in enumerate(texts)
        ]
        with self._plainly():
            for start in range(1, len(rows), ROWS_A_CALL):
                self._client.upsert(collection, rows[start : start + ROWS_A_CALL], timeout=TIMEOUT_SECONDS)
            self._client.upsert(collection, rows[:1], timeout=TIMEOUT_SECONDS)

    def _trajectories(self, where: str) -> list[Trajectory]:
        rows = sorted(self._rows(TRAJECTORIES, where, "body", "position"), key=lambda row: str(row["entity"]))
        found = []
        for _, its in groupby(rows, key=lambda row: row["entity"]):
            own = list(its)
            if any(row["part"] == 0 for row in own):
                head, *messages = _bodies(own)
                found.append(Trajectory.from_json({**head, "messages": messages or head["messages"]}))
        return found

    def _rows(self, collection: str, where: str, *more: str) -> list[Row]:
        if collection not in self._there:
            return []
        fields = ["entity", "part", "number", "trace_id", "digest", "at", *more]
        with self._plainly():
            batches = self._client.query_iterator(
                collection, batch_size=ROWS_A_CALL, filter=f"{self._own()} and {where}", output_fields=fields
            )
            found: list[Row] = []
            while rows := batches.next():
                found += [dict(row) for row in rows]
            batches.close()
        return found

    def _own(self) -> str:
        return f"namespace == {json.dumps(self.namespace)}"

    def _ensure(self, name: str, dimensions: int, *, make: bool) -> None:
        """*make* a collection that is missing. Raises ConfigurationError where its vectors have another length."""
        from pymilvus import DataType, MilvusClient

        with self._plainly():
            if not self._client.has_collection(name):
                if not make:
                    return
                schema = MilvusClient.create_schema(auto_id=False)
                for field, length in TEXTS.items():
                    schema.add_field(field, DataType.VARCHAR, is_primary=field == "id", max_length=length)
                for field in NUMBERS:
                    schema.add_field(field, DataType.INT64)
                schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimensions)
                index = self._client.prepare_index_params()
                index.add_index("vector", metric_type="COSINE", index_type="FLAT")
                self._client.create_collection(name, schema=schema, index_params=index, consistency_level="Strong")
            self._client.load_collection(name)
            fields = self._client.describe_collection(name)["fields"]
        self._there.add(name)
        stored = next(int(field["params"]["dim"]) for field in fields if field["name"] == "vector")
        if stored != dimensions:
            raise ConfigurationError(
                f"collection {name} has vectors of {stored} dimensions and sync.embedding_model makes {dimensions}. "
                "Set the model that it was made with, or another sync.milvus_uri."
            )

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        with plainly(self._uri):
            yield


def is_local(uri: str) -> bool:
    """Whether *uri* is the path of a file, for Milvus Lite."""
    return "://" not in uri


def is_missing_file(uri: str) -> bool:
    """Whether *uri* is a path where no Milvus Lite has been."""
    return is_local(uri) and not Path(uri).expanduser().exists()


@contextmanager
def plainly(uri: str) -> Iterator[None]:
    """Raise what the SDK raises as an error of ours that says where Milvus was looked for."""
    from pymilvus.exceptions import MilvusException, MilvusUnavailableException

    where = f"Milvus at {without_password(uri)}"
    try:
        yield
    except (MilvusUnavailableException, ConnectionError) as error:
        raise ServiceUnavailable(f"{where} does not answer: {error}. Check sync.milvus_uri and run again.") from error
    except MilvusException as error:
        away = "connect" in str(error).lower() or "timeout" in str(error).lower()
        kind, advice = (ServiceUnavailable, "Run again later") if away else (ServiceRefused, "Check its log")
        raise kind(f"{where} failed: {' '.join(str(error).split())[:300]}. {advice}.") from error


def _client(uri: str, token: str | None) -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise ConfigurationError(
            "sync.store is milvus, whose SDK is not installed. Install nightjar[milvus], or set sync.store = "
            '"filesystem".'
        ) from error
    with plainly(uri):
        return MilvusClient(uri, token=token or "", timeout=TIMEOUT_SECONDS)


def _texts(entity: Mapping[str, Any], form: Form = "conversation") -> list[tuple[int, str]]:
    """Position and text of each row; all of position 0, but messages that lie for themselves, which have their own."""
    if form == "conversation":
        return [(0, part) for part in _cut(json.dumps(entity, default=str))]
    head = [(0, part) for part in _cut(json.dumps({**entity, "messages": []}, default=str))]
    messages = enumerate(entity["messages"], start=1)
    return head + [(number, part) for number, each in messages for part in _cut(json.dumps(each, default=str))]


def _cut(text: str) -> list[str]:
    """*text*, which is ASCII, in parts that fit into a row."""
    return [text[start : start + BYTES_A_ROW] for start in range(0, len(text), BYTES_A_ROW)]


def _bodies(rows: Sequence[Row]) -> list[Any]:
    """What the rows of one entity say, position by position."""
    ordered = sorted(rows, key=lambda row: int(row["part"]))
    by_position = groupby(ordered, key=lambda row: int(row["position"]))
    return [json.loads("".join(row["body"] for row in own)) for _, own in by_position]


def _digest(guideline: Guideline) -> str:
    return hashlib.sha256(json.dumps(as_json(guideline), sort_keys=True).encode()).hexdigest()[:16]
