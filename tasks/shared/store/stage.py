"""Rows on their way into the lake: collected in temporary files, checked, then put in place or dropped."""

import datetime as dt
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tasks.shared.errors import StoreError
from tasks.shared.records import Window
from tasks.shared.store.tables import Table

if TYPE_CHECKING:
    from tasks.shared.store.lake import Lake

STALE_SECONDS = 24 * 3600
STREAMED_ROWS = 4096
KEPT_ROWS = 16_384  # a row group each
COMPARED_IN_MEMORY = 100_000  # rows; of more DuckDB counts the differences, and spills
SCRATCH_SUFFIX = "-scratch"


def current(files: Iterable[str]) -> list[str]:
    """*files* without hours beside a day's file of the same name: a killed run did not come to remove them.

    Tables of a day were once stored by the hour. The day's file has all that these hours have.
    """
    placed = {file: PurePosixPath(file) for file in files}
    whole = {(path.parent, path.name) for path in placed.values()}
    return [
        file
        for file, path in placed.items()
        if not path.parent.name.startswith("hour=") or (path.parent.parent, path.name) not in whole
    ]


class Stage:
    """One write of one table. `append` (any number of times), read with `sql`, then `publish`.

    Memory is bounded by the largest appended batch: rows go straight to one temporary Parquet file per partition.
    After `publish`, `rows` counts the rows written or found equal, `changed` the partitions that were rewritten,
    and `changed_days` their UTC days.
    """

    def __init__(self, lake: "Lake", table: Table, project: str, window: Window, file: str) -> None:
        """Make an empty stage; `Lake.stage` is the way to get one."""
        self.lake, self.table, self.project, self.window, self.file = lake, table, project, window, file
        self.folder = lake.settings.local_scratch / f"{uuid.uuid4().hex}{SCRATCH_SUFFIX}"
        self.rows = 0
        self.strays = 0
        self.changed = 0
        self.changed_days: tuple[dt.date, ...] = ()
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._staged: dict[str, Path] = {}
        self._sealed = False

    def append(self, rows: pa.Table) -> None:
        """Add *rows*, which must have the table's schema.

        Rows whose time is missing or outside the window are taken too, for the checks to find; `publish` refuses them.
        """
        if self._sealed:
            raise StoreError(f"rows for {self.table.name} came after the stage was sealed. Append before reading.")
        if not rows.num_rows:
            return
        rows = rows.select(self.table.schema.names).cast(self.table.schema)
        grain = pc.floor_temporal(self._placed(rows), unit="hour" if self.table.grain == "hour" else "day")
        for start in pc.unique(grain).to_pylist():
            part = rows if pc.all(pc.equal(grain, start)).as_py() else rows.filter(pc.equal(grain, start))
            self._writer(start).write_table(part)
        self.rows += rows.num_rows

    def _placed(self, rows: pa.Table) -> pa.ChunkedArray:
        """The time that places each row; strays are counted and placed at the window's start."""
        times, zone = rows[self.table.time], self.table.schema.field(self.table.time).type
        start, end = pa.scalar(self.window.start, zone), pa.scalar(self.window.end, zone)
        inside = pc.fill_null(pc.and_(pc.greater_equal(times, start), pc.less(times, end)), False)
        self.strays += rows.num_rows - pc.sum(inside).as_py()
        return pc.if_else(inside, times, start)

    def sql(self, query: str, relations: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """Run *query* over the staged rows, a view named like the table. Seals the stage."""
        with self._query(query, relations) as relation:
            return relation.to_arrow_table()

    def stream(self, query: str, relations: Mapping[str, pa.Table] | None = None) -> Iterator[pa.Table]:
        """Like `sql`, for results of any size: some thousand rows at a time."""
        with self._query(query, relations) as relation:
            for batch in relation.to_arrow_reader(STREAMED_ROWS):
                yield pa.Table.from_batches([batch])

    @contextmanager
    def _query(self, query: str, relations: Mapping[str, pa.Table] | None) -> Iterator[Any]:
        self.seal()
        with self.lake.connection() as connection:
            local = [str(path) for path in sorted(self._staged.values())]
            self._attach_local(connection, self.table.name, local)
            for name, table in (relations or {}).items():
                connection.register(name, table)
            try:
                yield connection.sql(query)
            except duckdb.Error as error:
                raise StoreError(f"query on the staged {self.table.name} failed: {error}") from error

    def complete_columns(self) -> frozenset[str]:
        """Columns in which no staged row is null, by the Parquet footers alone. Seals the stage."""
        self.seal()
        complete = set(self.table.schema.names)
        for path in self._staged.values():
            footer = pq.read_metadata(path)
            for group in range(footer.num_row_groups):
                for position in range(footer.num_columns):
                    column = footer.row_group(group).column(position)
                    if not column.is_stats_set or column.statistics.null_count:
                        complete.discard(column.path_in_schema)
        return frozenset(complete)

    def seal(self) -> None:
        """Finish the temporary files; no more rows are taken."""
        self._sealed = True
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
        # Arrow keeps what it freed: some 40 MiB after a large window.
        pa.default_memory_pool().release_unused()

    def publish(self) -> None:
        """Put every staged partition in place, each in one atomic step; equal ones are left alone."""
        self.seal()
        if self.strays:
            raise StoreError(
                f"{self.strays} rows for {self.table.name} have no time inside the window {self.window}. "
                "Stage them under the window they belong to."
            )
        days: set[dt.date] = set()
        with self.lake.one_writer(f"{self.table.name}-{self.file}"):
            for folder in sorted(self._staged):
                if self._publish_partition(folder, self._staged[folder]):
                    self.changed += 1
                    days.add(_day_of(folder))
            if self.table.rewrite == "replace":
                days |= self._remove_absent()
        self.changed_days = tuple(sorted(days))

    def close(self) -> None:
        """Remove the temporary files, and those that killed runs left over a day ago."""
        self.seal()
        shutil.rmtree(self.folder, ignore_errors=True)
        for left in (*self.folder.parent.glob(f"*{SCRATCH_SUFFIX}"), *self.folder.parent.glob("*.tmp")):
            with suppress(FileNotFoundError):  # another process tidies up too
                if time.time() - left.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _writer(self, at: dt.datetime) -> pq.ParquetWriter:
        folder = self.lake.partition(self.table, self.project, at)
        if folder not in self._writers:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._staged[folder] = self.folder / f"{len(self._staged)}.parquet.tmp"
            self._writers[folder] = pq.ParquetWriter(
                self._staged[folder], self.table.schema, compression="zstd", compression_level=1
            )
        return self._writers[folder]

    def _publish_partition(self, folder: str, staged: Path) -> bool:
        """Put one partition in place; False when the stored one already says the same."""
        final = f"{folder}/{self.file}.parquet"
        if stored := self._stored(folder):
            if stored == [final] and self._says_the_same(staged, final):
                return False
            fresh, absent, others = self._compare(staged, stored)
            replace = self.table.rewrite == "replace"
            if stored == [final] and not fresh and not (replace and absent):
                return False
            if others or (absent and not replace):
                staged = self._with_kept(staged, stored)
        self.lake.move_in(str(staged), final)
        self._remove(set(stored) - {final})
        return True

    def _stored(self, folder: str) -> list[str]:
        """This writer's files in a partition: one, or where a day was stored by the hour before, one an hour."""
        if self.table.grain == "day":
            return [i.path for i in self.lake.parquet_below(folder) if i.path.endswith(f"/{self.file}.parquet")]
        final = f"{folder}/{self.file}.parquet"
        return [final] if self.lake.is_file(final) else []

    def _remove(self, files: Iterable[str]) -> None:
        with self.lake.reaching():
            for file in files:
                self.lake.filesystem.delete_file(file)

    def _says_the_same(self, staged: Path, final: str) -> bool:
        """Whether both files hold equal rows: the usual case of a second run, and 20 times cheaper than a query."""
        columns, order = list(self.table.compared), [(column, "ascending") for column in self.table.key]
        with self.lake.local_files([final]) as (stored,):
            footer, rows = pq.read_metadata(stored), pq.read_metadata(staged).num_rows
            if rows > COMPARED_IN_MEMORY or rows != footer.num_rows or not set(columns) <= set(footer.schema.names):
                return False
            tables = (pq.read_table(path, columns=columns, partitioning=None) for path in (staged, stored))
            mine, theirs = (table.sort_by(order) for table in tables)
        return bool(mine.equals(theirs))

    def _compare(self, staged: Path, stored: list[str]) -> tuple[int, int, int]:
        """Count staged rows that are new or changed, stored rows of the window whose key is not staged, and others."""
        compared = ", ".join(f'"{c}"' for c in self.table.compared)
        keys = ", ".join(f'"{c}"' for c in self.table.key)
        query = (
            f"SELECT (SELECT count(*) FROM (SELECT {compared} FROM staged "
            f"EXCEPT SELECT {compared} FROM stored WHERE {self._inside})), "
            f"count(*) FILTER ({self._inside}), count(*) FILTER (NOT {self._inside}) "
            f"FROM stored ANTI JOIN staged USING ({keys})"
        )
        with self._over_both(staged, stored, query) as counted:
            fresh, absent, others = (column[0].as_py() for column in counted.to_arrow_table().columns)
        return fresh, absent, others

    @property
    def _inside(self) -> str:
        """Whether a stored row is one of the window: a partition of a day is wider than a window of hours."""
        start, end = self.window.start.isoformat(), self.window.end.isoformat()
        return f"(\"{self.table.time}\" >= '{start}' AND \"{self.table.time}\" < '{end}')"

    def _with_kept(self, staged: Path, stored: list[str]) -> Path:
        """A copy of the staged file with the stored rows that stay: those that this write says nothing about."""
        keys = ", ".join(f'"{c}"' for c in self.table.key)
        stays = f"NOT {self._inside}" if self.table.rewrite == "replace" else "true"
        kept = f"SELECT * FROM stored ANTI JOIN staged USING ({keys}) WHERE {stays}"
        merged = staged.with_name(f"{staged.name}-merged")
        with pq.ParquetWriter(merged, self.table.schema, compression="zstd", compression_level=1) as writer:
            source = pq.ParquetFile(staged)
            for group in range(source.num_row_groups):
                writer.write_table(source.read_row_group(group).cast(self.table.schema))
            with self._over_both(staged, stored, kept) as rows:
                for batch in rows.to_arrow_reader(KEPT_ROWS):
                    some = pa.Table.from_batches([batch])
                    writer.write_table(some.select(self.table.schema.names).cast(self.table.schema))
        return merged

    @contextmanager
    def _over_both(self, staged: Path, stored: list[str], query: str) -> Iterator[Any]:
        """The answer to *query*, DuckDB's relation, over a `staged` file and the `stored` ones."""
        with self.lake.local_files(current(stored)) as files, self.lake.connection() as connection:
            self._attach_local(connection, "staged", [str(staged)])
            self.lake.attach(connection, self.table, files)
            connection.execute(f'CREATE TEMP VIEW stored AS FROM "{self.table.name}"')
            yield connection.sql(query)

    def _attach_local(self, connection: Any, name: str, files: list[str]) -> None:
        if not files:
            connection.register(name, self.table.schema.empty_table())
            return
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute(f'CREATE TEMP VIEW "{name}" AS SELECT * FROM read_parquet([{listed}])')

    def _remove_absent(self) -> set[dt.date]:
        """Remove this writer's rows in the window's partitions that got none; return their days."""
        days: set[dt.date] = set()
        for folder in sorted({self.lake.partition(self.table, self.project, h) for h in self.window.hours()}):
            if folder not in self._staged and self._empty(folder):
                days.add(_day_of(folder))
        return days

    def _empty(self, folder: str) -> bool:
        """Remove the window's rows from a partition; whether there were any."""
        if not (stored := self._stored(folder)):
            return False
        nothing = self.folder / f"{len(self._staged)}.parquet.tmp"
        self.folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(self.table.schema.empty_table(), nothing)
        _, absent, others = self._compare(nothing, stored)
        if others and not absent:
            return False
        if others:
            final = f"{folder}/{self.file}.parquet"
            self.lake.move_in(str(self._with_kept(nothing, stored)), final)
            stored = [file for file in stored if file != final]
        self._remove(stored)
        return True


def _day_of(folder: str) -> dt.date:
    part = next(p for p in reversed(folder.split("/")) if p.startswith("date="))
    return dt.date.fromisoformat(part.removeprefix("date="))


def together(stages: Sequence[Stage], file: str) -> Stage:
    """The rows of several *stages* of one table and window as one, called *file*, to be checked at once.

    It is for reading: each of the stages is published by itself.
    """
    first = stages[0]
    whole = Stage(first.lake, first.table, first.project, first.window, file)
    for number, stage in enumerate(stages):
        stage.seal()
        whole._staged |= {f"{number}/{part}": path for part, path in stage._staged.items()}
        whole.rows, whole.strays = whole.rows + stage.rows, whole.strays + stage.strays
    whole.seal()
    return whole
