"""Small tables that are asked for again are held in memory, and never answer for files that changed."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.shared.errors import StoreError
from tasks.shared.store import engine as module
from tasks.shared.store.engine import Engine
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import ANNOTATIONS
from tests.shared.store.small_table import DAY, PROJECT

COUNT = "SELECT count(*) AS n, min(label) AS label FROM annotations"


def annotate(lake: Lake, *labels: str) -> None:
    rows = [{"annotation_id": str(n), "start_time": DAY.start, "label": label} for n, label in enumerate(labels)]
    lake.write(ANNOTATIONS, PROJECT, DAY, pa.Table.from_pylist(rows, schema=ANNOTATIONS.schema))


def age(lake: Lake, seconds: float = 10) -> None:
    """Put the lake's files back in time; an object's time cannot be set."""
    for file in lake.files(ANNOTATIONS, PROJECT):
        at = Path(file).stat().st_mtime - seconds
        os.utime(file, (at, at))


def ask(lake: Lake) -> tuple[int, str]:
    (row,) = lake.sql(COUNT, PROJECT, DAY).to_pylist()
    return row["n"], row["label"]


@pytest.fixture
def reads(local_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each query on annotations read: `files`, or `memory`."""
    seen: list[str] = []
    attach = Lake.attach

    def noting(lake, connection, table, files, window=None, *, alike=False):
        seen.append("memory" if isinstance(files, str) else "files")
        attach(lake, connection, table, files, window, alike=alike)

    monkeypatch.setattr(Lake, "attach", noting)
    return seen


def test_what_is_asked_for_again_comes_from_memory(local_lake: Lake, reads: list[str]) -> None:
    annotate(local_lake, "good", "bad")
    age(local_lake)
    assert [ask(local_lake) for _ in range(3)] == [(2, "bad")] * 3
    # The second question reads the files once more, to load them.
    assert reads == ["files", "files", "memory", "memory"]


def test_a_file_that_changed_is_read_again(local_lake: Lake) -> None:
    annotate(local_lake, "good")
    age(local_lake)
    assert [ask(local_lake) for _ in range(3)] == [(1, "good")] * 3
    annotate(local_lake, "evil")
    assert ask(local_lake) == (1, "evil")
    age(local_lake)
    assert [ask(local_lake) for _ in range(3)] == [(1, "evil")] * 3


def test_what_was_written_just_now_is_read_from_its_files(local_lake: Lake, reads: list[str]) -> None:
    annotate(local_lake, "good")
    for _ in range(3):
        ask(local_lake)
    assert reads == ["files"] * 3


def test_large_files_are_read_where_they_are(local_lake: Lake, reads: list[str], monkeypatch) -> None:
    annotate(local_lake, "good")
    age(local_lake)
    monkeypatch.setattr(module, "HELD_MIB", 0)
    for _ in range(3):
        ask(local_lake)
    assert reads == ["files"] * 3


def test_many_rows_are_read_where_they_are_however_small_the_files(
    local_lake: Lake, reads: list[str], monkeypatch
) -> None:
    annotate(local_lake, "good", "bad")
    age(local_lake)
    monkeypatch.setattr(module, "HELD_ROWS", 1)
    for _ in range(4):
        assert ask(local_lake) == (2, "bad")
    # The second question counts them and gives up; none does so again.
    assert reads == ["files", "files", "files", "files", "files"]


def test_all_that_is_held_has_a_limit(tmp_path: Path) -> None:
    engine = Engine.open(513, str(tmp_path))

    def load(name: str, _: int) -> bool:
        engine.database.cursor().execute(
            f"CREATE TABLE {name} AS SELECT repeat('x', 1000) || range FROM range(100_000)"
        )
        return True

    for file in [info(tmp_path, number) for number in range(6)]:
        for _ in range(2):
            with engine.held("a", [file], load) as name:
                pass
        assert name is not None
    names = engine.database.cursor().execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    assert 1 <= len(names) <= 3
    assert (name,) in names


def test_an_older_file_without_a_column_is_held_with_nulls(local_lake: Lake) -> None:
    annotate(local_lake, "good")
    (file,) = local_lake.files(ANNOTATIONS, PROJECT)
    pq.write_table(pq.read_table(file, partitioning=None).drop_columns(["user_id"]), file)
    age(local_lake)
    query = "SELECT user_id FROM annotations"
    assert [local_lake.sql(query, PROJECT, DAY).to_pylist() for _ in range(3)] == [[{"user_id": None}]] * 3


def test_a_file_that_broke_is_told_as_ever(local_lake: Lake) -> None:
    annotate(local_lake, "good")
    age(local_lake)
    ask(local_lake)
    (file,) = local_lake.files(ANNOTATIONS, PROJECT)
    before = Path(file).stat()
    Path(file).write_bytes(b"x" * before.st_size)
    os.utime(file, ns=(before.st_mtime_ns, before.st_mtime_ns))
    with pytest.raises(StoreError, match="query on the lake failed"):
        ask(local_lake)


def test_only_so_many_are_held_and_none_goes_while_it_is_read(tmp_path: Path) -> None:
    engine = Engine.open(512, str(tmp_path))
    files = [info(tmp_path, number) for number in range(module.HELD_AT_MOST + 3)]

    def load(name: str, _: int) -> bool:
        engine.database.cursor().execute(f"CREATE TABLE {name} AS SELECT 1 AS one")
        return True

    with engine.held("a", files[:1], load) as first:
        assert first is None
    with engine.held("a", files[:1], load) as first:
        for number in range(1, len(files)):
            for _ in range(2):
                with engine.held("a", [files[number]], load):
                    pass
        assert engine.database.cursor().execute(f"SELECT one FROM {first}").fetchall() == [(1,)]
        held = engine.database.cursor().execute("SELECT count(*) FROM duckdb_tables()").fetchone()
    assert held == (module.HELD_AT_MOST,)


def test_threads_that_ask_at_once_get_the_same_answer(local_lake: Lake) -> None:
    annotate(local_lake, "good", "bad", "worse")
    age(local_lake)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: ask(local_lake), range(64)))
    assert found == {(3, "bad")}


def test_threads_that_come_first_at_once_share_one_engine(tmp_path: Path) -> None:
    together = Barrier(8)

    def opened(_: int) -> int:
        together.wait()
        return id(Engine.open(511, str(tmp_path)))

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(opened, range(8)))) == 1


def info(folder: Path, number: int):
    """A file that was put in place an hour ago."""
    import pyarrow.fs as pafs

    path = folder / f"{number}.parquet"
    path.write_bytes(b"")
    at = dt.datetime.now(dt.UTC).timestamp() - 3600
    os.utime(path, (at, at))
    return pafs.LocalFileSystem().get_file_info(str(path))
