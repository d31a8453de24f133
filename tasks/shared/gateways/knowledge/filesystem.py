"""The store in a folder: `<root>/<namespace>/trajectories.jsonl` and `lessons.jsonl`, to be read with grep.

Both only grow. `index.sqlite` says where each trajectory stands; it is made from the files, and made again when it is
lost. One process writes at a time (`lock`); whoever only reads needs no lock, leaves the folder as it is, and has an
index in memory.
"""

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.shared.errors import StoreError
from tasks.shared.gateways.knowledge.entities import Guideline, Lesson, Trajectory, as_json
from tasks.shared.gateways.knowledge.files import Journal, held, reaching
from tasks.shared.gateways.knowledge.store import Form, Vectorise, best, folded, no_vectors, searched

WAIT_SECONDS = 60.0
INDEX = """
CREATE TABLE IF NOT EXISTS trajectories (
    span_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, digest TEXT NOT NULL, timestamp TEXT NOT NULL,
    start INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_trace ON trajectories (trace_id);
CREATE TABLE IF NOT EXISTS read_until (file TEXT PRIMARY KEY, byte INTEGER NOT NULL) WITHOUT ROWID;
"""


class FilesystemStore:
    """One namespace in one folder."""

    def __init__(
        self,
        root: Path,
        namespace: str,
        vectorise: Vectorise | None,
        form: Form = "conversation",
        *,
        reading: bool = False,
    ) -> None:
        """Make the namespace where it is missing, and bring its index up to date; only *reading*, change nothing."""
        self.namespace, self.folder, self.form, self.reading = namespace, root / namespace, form, reading
        self._vectorise = vectorise or no_vectors
        self._vectors: dict[str, Any] = {}
        self._trajectories = Journal(self.folder / "trajectories.jsonl", closing="message_count")
        self._lessons = Journal(self.folder / "lessons.jsonl", closing="changes")
        if not reading:
            with reaching(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
            self._catch_up()

    @cached_property
    def _index(self) -> sqlite3.Connection:
        """Where each trajectory stands. A reader's is made when it is asked for."""
        place = ":memory:" if self.reading else self.folder / "index.sqlite"
        try:
            index = sqlite3.connect(place, timeout=WAIT_SECONDS, isolation_level=None)
            index.executescript(INDEX)
        except sqlite3.Error as error:
            raise StoreError(f"{place} cannot be opened: {error}. Delete it: it is made again.") from error
        return index

    def seen(self) -> frozenset[str]:
        """Ids of the spans whose trajectories are stored."""
        return frozenset(row[0] for row in self._found("SELECT span_id FROM trajectories"))

    def conversations(self) -> frozenset[tuple[str, str]]:
        """Trace id and digest of every stored conversation."""
        return frozenset(self._found("SELECT trace_id, digest FROM trajectories"))

    def add(self, trajectories: Sequence[Trajectory]) -> int:
        """Store *trajectories*; returns how many are new."""
        with held(self.folder / "lock", wait=True):
            self._trajectories.mend(self._catch_up())
            known = self.seen()
            new = {each.span_id: each for each in trajectories if each.span_id not in known}
            self._trajectories.append([line for each in new.values() for line in _lines(each, self.form)])
            self._catch_up()
        return len(new)

    def trajectory(self, span_id: str) -> Trajectory | None:
        """The trajectory of a span, as it was stored."""
        found = self._found("SELECT start FROM trajectories WHERE span_id = ?", span_id)
        return _trajectory(self._trajectories.at(found[0][0])) if found else None

    def of_trace(self, trace_id: str) -> list[Trajectory]:
        """The stored trajectories of a trace, in the order in which they were stored."""
        found = self._found("SELECT start FROM trajectories WHERE trace_id = ? ORDER BY start", trace_id)
        return [_trajectory(self._trajectories.at(start)) for (start,) in found]

    def unlearned(self) -> list[str]:
        """Ids of the spans whose trajectories nothing was learned from yet, oldest first."""
        learned = {lesson.span_id for lesson in self.lessons()}
        rows = self._found("SELECT span_id FROM trajectories ORDER BY timestamp, span_id")
        return [span_id for (span_id,) in rows if span_id not in learned]

    async def learn(self, lesson: Lesson) -> None:
        """Apply a lesson; the one of a span whose lesson is applied already changes nothing."""
        with held(self.folder / "lock", wait=True):
            told = list(self._lessons.transactions())
            self._lessons.mend(told[-1][1] if told else 0)
            known = {line["span_id"] for _, _, lines in told for line in lines}
            if lesson.span_id not in known:
                self._lessons.append([as_json(lesson)])

    def lessons(self) -> list[Lesson]:
        """Every lesson, in the order in which they were applied."""
        return [Lesson.from_json(line) for _, _, lines in self._lessons.transactions() for line in lines]

    def guidelines(self) -> list[Guideline]:
        """The guidelines that stand, in the order in which they were learned."""
        return folded(self.lessons())

    async def similar(self, text: str, most: int) -> list[tuple[Guideline, float]]:
        """The guidelines most like *text*, with their cosine, the most alike first."""
        import numpy as np

        standing = self.guidelines()
        texts = [searched(each) for each in standing]
        if new := [each for each in dict.fromkeys(texts) if each not in self._vectors]:
            self._vectors.update(zip(new, await self._vectorise(new), strict=True))
        vectors = np.array([self._vectors[each] for each in texts])
        return best(standing, vectors, await self._vectorise([text]), most) if standing else []

    def close(self) -> None:
        """Close the index."""
        if "_index" in vars(self):
            self._index.close()

    def _found(self, query: str, *values: str) -> list[Any]:
        """Rows of the index; a reader's is brought up to date for it."""
        if self.reading:
            self._catch_up()
        return self._index.execute(query, values).fetchall()

    def _catch_up(self) -> int:
        """Enter into the index what the file has more than it; returns the byte until which the file is whole."""
        name = self._trajectories.path.name
        row = self._index.execute("SELECT byte FROM read_until WHERE file = ?", (name,)).fetchone()
        whole = int(row[0]) if row else 0
        if whole > self._trajectories.size:  # the file was restored, or lost its end: the index is of another one
            self._index.executescript("DELETE FROM trajectories; DELETE FROM read_until;")
            whole = 0
        with self._index:  # nothing is entered where a line is damaged
            for start, end, lines in self._trajectories.transactions(whole):
                if not self._index.in_transaction:
                    self._index.execute("BEGIN IMMEDIATE")
                each, whole = _trajectory(lines), end
                entry = (each.span_id, each.trace_id, each.digest, each.timestamp, start)
                self._index.execute("INSERT OR IGNORE INTO trajectories VALUES (?, ?, ?, ?, ?)", entry)
            if self._index.in_transaction:
                self._index.execute("INSERT OR REPLACE INTO read_until VALUES (?, ?)", (name, whole))
        return whole


def _lines(trajectory: Trajectory, form: Form) -> list[dict[str, Any]]:
    """The trajectory as one line; or a line for each message, and one that closes them."""
    whole = as_json(trajectory)
    if form == "conversation":
        return [whole]
    head = {key: whole[key] for key in ("trace_id", "span_id")}
    return [
        *({**head, "position": n, "message": m} for n, m in enumerate(whole["messages"])),
        {**whole, "messages": []},
    ]


def _trajectory(lines: Sequence[Any]) -> Trajectory:
    messages = [line["message"] for line in lines[:-1]] or lines[-1]["messages"]
    return Trajectory.from_json({**lines[-1], "messages": messages})
