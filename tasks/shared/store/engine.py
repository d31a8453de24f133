"""The scratch engine of the process: DuckDB in memory, and small tables that it holds for being asked for again."""

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import duckdb
import pyarrow.fs as pafs

MIB = 2**20
HELD_MIB = 8  # of Parquet, each: a day of some ten thousand spans
HELD_ROWS = 50_000  # few bytes of Parquet can be many rows, and each takes some hundred bytes here
HELD_AT_MOST = 12
ALL_HELD_MIB = 256
REMEMBERED = 200
# Object stores tell the second of a write: a younger file may be written again without a trace.
SETTLED = dt.timedelta(seconds=2)
# Two threads that come first at once must not get an engine each.
OPENING = threading.Lock()


@dataclass
class _Held:
    """A table in the engine's memory, and how many queries read it at this moment."""

    name: str
    readers: int = 0


@dataclass
class Engine:
    """DuckDB in memory. `held` gives a table that was asked for before, and whose files are the same, from there.

    Queries on Parquet open every file: on a small day that is most of their time, and a report asks some sixty.
    """

    database: duckdb.DuckDBPyConnection
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: OrderedDict[str, _Held] = field(default_factory=OrderedDict)
    _asked: OrderedDict[str, bool] = field(default_factory=OrderedDict)  # whether it may be held when asked again
    _made: int = 0

    @classmethod
    def open(cls, memory_limit_mib: int, spill: str) -> "Engine":
        """The one of this process. Opening it takes 10 ms, a connection to it next to nothing."""
        with OPENING:
            return _opened(memory_limit_mib, spill)

    @contextmanager
    def held(self, what: str, files: Sequence[pafs.FileInfo], load: Callable[[str, int], bool]) -> Iterator[str | None]:
        """The name of a table in memory with *what* is in *files*; it stays for the block.

        `load(name, rows)` makes it and says so, unless there are more than so many rows. None where the files are
        large, were put in place just now, or are asked for the first time.
        """
        key = f"{what} {sorted((file.path, file.size, file.mtime_ns) for file in files)}"
        with self._lock:
            entry = self._held.get(key) or (self._load(key, load) if self._worth_it(key, files) else None)
            if entry:
                self._held.move_to_end(key)
                entry.readers += 1
        try:
            yield entry.name if entry else None
        finally:
            if entry:
                with self._lock:
                    entry.readers -= 1

    def _worth_it(self, key: str, files: Sequence[pafs.FileInfo]) -> bool:
        if not files or sum(file.size for file in files) > HELD_MIB * MIB:
            return False
        if max(file.mtime for file in files) > dt.datetime.now(dt.UTC) - SETTLED:
            return False
        asked_before = self._asked.get(key)
        self._asked.setdefault(key, True)
        self._asked.move_to_end(key)
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        return bool(asked_before)

    def _load(self, key: str, load: Callable[[str, int], bool]) -> _Held | None:
        self._made += 1
        entry = _Held(f"held_{self._made}")
        if not load(entry.name, HELD_ROWS):
            self._asked[key] = False
            return None
        self._held[key] = entry
        for oldest in [each for each, held in self._held.items() if not held.readers and each != key]:
            if len(self._held) <= HELD_AT_MOST and self._held_mib() <= ALL_HELD_MIB:
                break
            self.database.cursor().execute(f"DROP TABLE {self._held.pop(oldest).name}")
        return entry

    def _held_mib(self) -> float:
        sizes = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
        (used,) = self.database.cursor().execute(sizes).fetchall()
        return float(used[0]) / MIB


@cache
def _opened(memory_limit_mib: int, spill: str) -> Engine:
    database = duckdb.connect(
        config={
            "memory_limit": f"{memory_limit_mib}MiB",
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Would keep what it read, up to the memory limit.
            "enable_external_file_cache": False,
        }
    )
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    return Engine(database)
