"""The lake: partitioned Parquet under one root, read with DuckDB SQL.

`<root>/<table>/project=<p>/date=<d>[/hour=<h>]/<file>.parquet`. A file is written whole, under a temporary name, then
put in place in one step: `rename` in a folder, one finished upload on S3. A reader or a killed writer never leaves or
sees half a file.
"""

import datetime as dt
import fcntl
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from tasks.shared.errors import StoreError
from tasks.shared.records import Window
from tasks.shared.settings import LakeSettings
from tasks.shared.store.engine import Engine
from tasks.shared.store.stage import SCRATCH_SUFFIX, Stage, current
from tasks.shared.store.tables import TABLES, Table

DOWNLOADS_AT_ONCE = 8
DOWNLOAD_ATTEMPTS = 5
PARQUET_END = b"PAR1"


def _listed(files: Sequence[str]) -> str:
    return ", ".join("'" + file.replace("'", "''") + "'" for file in files)


def _written_by(writers: str | tuple[str, ...], files: Sequence[pafs.FileInfo]) -> list[pafs.FileInfo]:
    names = (writers,) if isinstance(writers, str) else writers
    return [file for file in files if file.path.endswith(tuple(f"/{name}.parquet" for name in names))]


@dataclass(frozen=True)
class Lake:
    """Reads and writes of the tables declared in `tables.py`. Cheap to open; holds no connection."""

    settings: LakeSettings
    filesystem: pafs.FileSystem
    root: str

    @classmethod
    def open(cls, settings: LakeSettings) -> "Lake":
        """Open the lake at `settings.root` (a folder, created when missing, or `s3://bucket/prefix`)."""
        if settings.root.startswith("s3://"):
            filesystem = pafs.S3FileSystem(
                endpoint_override=settings.s3_endpoint_url,
                region=settings.s3_region,
                connect_timeout=settings.s3_timeout_seconds,
                request_timeout=settings.s3_timeout_seconds,
            )
            return cls(settings, filesystem, settings.root.removeprefix("s3://").rstrip("/"))
        root = settings.local_root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f'lake root "{root}" cannot be created ({error}). Create it or set NIGHTJAR_LAKE__ROOT.'
            ) from error
        return cls(settings, pafs.LocalFileSystem(), str(root))

    @property
    def on_s3(self) -> bool:
        """Whether the root is a bucket."""
        return self.settings.root.startswith("s3://")

    @contextmanager
    def stage(self, table: Table, project: str, window: Window, file: str = "part") -> Iterator[Stage]:
        """Collect rows of *table* off stage; `publish()` puts them in place, leaving the block without it drops them.

        *file* names the file inside each partition, so that writers with different names never contend.
        """
        stage = Stage(self, table, project, window, file)
        try:
            yield stage
        finally:
            stage.close()

    def write(self, table: Table, project: str, window: Window, rows: pa.Table, file: str = "part") -> Stage:
        """Stage and publish *rows* in one go; the returned stage carries the counts."""
        with self.stage(table, project, window, file) as stage:
            stage.append(rows)
            stage.publish()
        return stage

    def read(self, table: Table, project: str, window: Window | None = None, columns: Sequence[str] = ()) -> pa.Table:
        """Rows of *table* in *window* (all when None), ordered by time and key."""
        chosen = ", ".join(f'"{c}"' for c in columns) or "*"
        order = ", ".join(f'"{c}"' for c in (table.time, *table.key))
        return self.sql(f"SELECT {chosen} FROM {table.name} ORDER BY {order}", project, window)

    def sql(
        self,
        query: str,
        project: str,
        window: Window | None = None,
        parameters: Mapping[str, Any] | None = None,
        relations: Mapping[str, pa.Table] | None = None,
        *,
        only: Mapping[str, str | tuple[str, ...]] | None = None,
    ) -> pa.Table:
        """Run *query* over the project's tables limited to *window*; *relations* are further Arrow tables by name.

        Every table of `tables.py` that the query names is a view of the same name. Parameters are DuckDB's `$name`.
        *only* says by table of which writers' files alone it consists.
        """
        with ExitStack() as copies, self.connection() as connection:

            def answer(found: Mapping[str, str | Sequence[str]], *, alike: bool) -> pa.Table:
                for name, rows_of in found.items():
                    self.attach(connection, TABLES[name], rows_of, window, alike=alike)
                return connection.sql(query, params=dict(parameters) if parameters else None).to_arrow_table()

            try:
                found: dict[str, str | Sequence[str]] = {}
                for table in TABLES.values():
                    if re.search(rf"\b{table.name}\b", query):
                        files = self._listing(table, project, window)
                        if only and table.name in only:
                            files = _written_by(only[table.name], files)
                        held = copies.enter_context(self._held(table, files))
                        found[table.name] = held or copies.enter_context(self.local_files([f.path for f in files]))
                for name, rows in (relations or {}).items():
                    connection.register(name, rows)
                try:
                    return answer(found, alike=True)
                except duckdb.InvalidInputException:  # an older file lacks a column that the query reads
                    return answer(found, alike=False)
            except duckdb.Error as error:
                raise StoreError(f"query on the lake failed: {error}") from error

    @contextmanager
    def _held(self, table: Table, files: Sequence[pafs.FileInfo]) -> Iterator[str | None]:
        """The name under which the scratch engine holds what is in *files*, if it does."""

        def load(name: str, rows_at_most: int) -> bool:
            with self.local_files([file.path for file in files]) as local, self.connection() as connection:
                self.attach(connection, table, local)
                few = connection.execute(f'SELECT count(*) <= {rows_at_most} FROM "{table.name}"').fetchall() == [
                    (True,)
                ]
                if few:
                    connection.execute(f'CREATE TABLE {name} AS FROM "{table.name}"')
            return few

        with self._engine.held(f"{table.name} {table.schema}", files, load) as name:
            yield name

    @property
    def _engine(self) -> Engine:
        spill = self.settings.local_scratch / "duckdb"
        spill.mkdir(parents=True, exist_ok=True)
        return Engine.open(self.settings.memory_limit_mib, str(spill))

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A scratch connection of its own: what it registers, and its temporary views, end with the block."""
        connection = self._engine.database.cursor()
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def local_files(self, files: Sequence[str]) -> Iterator[list[str]]:
        """The lake's *files* as files that DuckDB can open: themselves, or copies for as long as the block lasts."""
        if not self.on_s3:
            yield list(files)
            return
        self.settings.local_scratch.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=self.settings.local_scratch, suffix=SCRATCH_SUFFIX) as folder,
            ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as downloads,
        ):
            copies = [Path(folder) / f"{number}.parquet" for number in range(len(files))]
            list(downloads.map(self._download, files, copies))
            yield [str(copy) for copy in copies]

    def _download(self, path: str, copy: Path) -> None:
        """Copy the Parquet object *path* in one request, so that the copy is one version of it.

        Reading it in ranges mixes versions when another process puts a new one. The size is asked for beforehand,
        so a larger version put in between comes cut: then it is asked for again.
        """
        for _ in range(DOWNLOAD_ATTEMPTS):
            with self.reaching(), self.filesystem.open_input_file(path) as source:
                content = source.read()
            if content.endswith(PARQUET_END):
                copy.write_bytes(content)
                return
        raise StoreError(
            f"{path} is not a whole Parquet file after {DOWNLOAD_ATTEMPTS} reads. Remove it and run again."
        )

    def attach(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        files: str | Sequence[str],
        window: Window | None = None,
        *,
        alike: bool = False,
    ) -> None:
        """Make the local *files*, or the held table of that name, the view `table.name`; what older files lack is null.

        Files that are said to be *alike* have every column: then only what is read is opened, where otherwise every
        file is opened twice beforehand, five times the time for some hundred of them. A query that reads a column
        which one of them lacks fails with DuckDB's InvalidInputException.
        """
        if isinstance(files, str):
            source = f"FROM {files}"
        elif alike:
            source = (
                f"SELECT * FROM read_parquet([{_listed((self._declared(table), *files))}], hive_partitioning=false)"
            )
        else:
            connection.register(f"{table.name}__declared", table.schema.empty_table())
            source = f"SELECT * FROM {table.name}__declared"
            if files:
                source += (
                    " UNION ALL BY NAME SELECT * FROM read_parquet("
                    f"[{_listed(files)}], union_by_name=true, hive_partitioning=false)"
                )
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        # A partition of a day is wider than a window of hours; one of an hour never is.
        within = (
            f"WHERE \"{table.time}\" >= '{window.start.isoformat()}' AND \"{table.time}\" < '{window.end.isoformat()}'"
            if window is not None and table.grain == "day"
            else ""
        )
        connection.execute(f'CREATE OR REPLACE TEMP VIEW "{table.name}" AS SELECT {names} FROM ({source}) {within}')

    def _declared(self, table: Table) -> str:
        """A Parquet file without rows that has the table's columns as declared; DuckDB goes by the first of a list."""
        columns = hashlib.blake2b(str(table.schema).encode(), digest_size=8).hexdigest()
        path = self.settings.local_scratch / f"{table.name}-{columns}.declared"
        if not path.exists():
            temporary = self.settings.new_temporary_file(path.name)
            pq.write_table(table.schema.empty_table(), temporary)
            temporary.replace(path)
        return str(path)

    def files(self, table: Table, project: str, window: Window | None = None) -> list[str]:
        """Paths of the table's Parquet files in *window*, sorted."""
        return [file.path for file in self._listing(table, project, window)]

    def _listing(self, table: Table, project: str, window: Window | None) -> list[pafs.FileInfo]:
        base = f"{self.root}/{table.name}/project={quote(project, safe='')}"
        folders = set() if window else {base}
        for part in window.by_day() if window else ():
            if part == Window.of_day(part.start.date()):  # one listing in place of 24
                folders.add(f"{base}/date={part.start:%Y-%m-%d}")
            else:
                folders |= {self.partition(table, project, hour) for hour in part.hours()}
        found = {file.path: file for folder in sorted(folders) for file in self.parquet_below(folder)}
        return [found[path] for path in (current(found) if table.grain == "day" else found)]

    def stamps(self, table: Table, project: str, window: Window) -> dict[str, str]:
        """By path of each of the table's files in *window*, its size and when it was put in place.

        A file is only put in place when its rows changed, so equal stamps mean equal rows without reading any.
        """
        return {info.path: f"{info.size}:{info.mtime_ns}" for info in self._listing(table, project, window)}

    def days(self, table: Table, project: str) -> list[dt.date]:
        """The days of which *table* has partitions, oldest first."""
        folder = f"{self.root}/{table.name}/project={quote(project, safe='')}"
        with self.reaching():
            found = self.filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
        names = (info.base_name for info in found)
        return sorted(dt.date.fromisoformat(name.removeprefix("date=")) for name in names if name.startswith("date="))

    def partition(self, table: Table, project: str, at: dt.datetime) -> str:
        """Folder of the partition that holds rows of time *at* (UTC)."""
        folder = f"{self.root}/{table.name}/project={quote(project, safe='')}/date={at:%Y-%m-%d}"
        return folder if table.grain == "day" else f"{folder}/hour={at:%H}"

    def put_file(self, path: str, content: bytes) -> str:
        """Write *content* at *path* below the root in one step; returns the full path or URL."""
        self.install(f"{self.root}/{path}", content)
        return self.location(path)

    def location(self, path: str) -> str:
        """The full path or URL of *path* below the root."""
        return f"s3://{self.root}/{path}" if self.on_s3 else f"{self.root}/{path}"

    def get_file(self, path: str) -> bytes | None:
        """Content at *path* below the root, None when there is none."""
        full = f"{self.root}/{path}"
        if not self.is_file(full):
            return None
        with self.reaching(), self.filesystem.open_input_stream(full, compression=None) as stream:
            return bytes(stream.read())

    def remove_file(self, path: str) -> bool:
        """Remove the file at *path* below the root; whether there was one."""
        full = f"{self.root}/{path}"
        if not self.is_file(full):
            return False
        with self.reaching():
            self.filesystem.delete_file(full)
        return True

    def file_names(self, folder: str) -> list[str]:
        """Names of the files directly in *folder* below the root, sorted; none where it is not there."""
        selector = pafs.FileSelector(f"{self.root}/{folder}", allow_not_found=True)
        with self.reaching():
            found = self.filesystem.get_file_info(selector)
        return sorted(info.base_name for info in found if info.type == pafs.FileType.File)

    def files_below(self, folder: str) -> list[str]:
        """Paths of all files below *folder* of the root, from there on, sorted; none where it is not there."""
        full = f"{self.root}/{folder}"
        with self.reaching():
            found = self.filesystem.get_file_info(pafs.FileSelector(full, recursive=True, allow_not_found=True))
        return sorted(info.path.removeprefix(f"{full}/") for info in found if info.type == pafs.FileType.File)

    def is_file(self, path: str) -> bool:
        """Whether a file lies at the full *path*."""
        with self.reaching():
            return bool(self.filesystem.get_file_info(path).type == pafs.FileType.File)

    @contextmanager
    def one_writer(self, name: str) -> Iterator[None]:
        """Hold the lock *name*, so that two merges of one partition keep each other's rows; it dies with its holder.

        Object stores have no such lock: there the last finished upload wins, whole.
        """
        if self.on_s3:
            yield
            return
        self.settings.local_scratch.mkdir(parents=True, exist_ok=True)
        with (self.settings.local_scratch / f"{quote(name, safe='')}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Turn what the file system says of a lake out of reach into one line to act on."""
        try:
            yield
        except OSError as error:
            raise StoreError(
                f'lake "{self.settings.root}" cannot be read or written: {error}. Check NIGHTJAR_LAKE__ROOT, '
                "the space and permissions there, or the S3 endpoint and credentials."
            ) from error

    def install(self, path: str, content: bytes | pa.Buffer) -> None:
        """Put *content* at the full *path* in one atomic step."""
        if self.on_s3:
            with self.reaching(), self.filesystem.open_output_stream(path, compression=None) as stream:
                stream.write(content)
            return
        temporary = self.settings.new_temporary_file(PurePosixPath(path).name)
        temporary.write_bytes(content)
        self.move_in(str(temporary), path)

    def move_in(self, temporary: str, path: str) -> None:
        """Move the finished local file *temporary* to the full *path* in one atomic step."""
        with self.reaching():
            if self.on_s3:
                local = pafs.LocalFileSystem()
                pafs.copy_files(temporary, path, source_filesystem=local, destination_filesystem=self.filesystem)
                local.delete_file(temporary)
            else:
                self.filesystem.create_dir(str(PurePosixPath(path).parent), recursive=True)
                self.filesystem.move(temporary, path)

    def parquet_below(self, folder: str) -> list[pafs.FileInfo]:
        """The Parquet files below the full path *folder*, sorted by path."""
        selector = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        with self.reaching():
            found = [info for info in self.filesystem.get_file_info(selector) if info.path.endswith(".parquet")]
        return sorted(found, key=attrgetter("path"))
