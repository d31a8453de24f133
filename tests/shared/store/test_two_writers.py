"""Two processes on one window, and writers killed at any point: partitions are whole, old or new."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import Table
from tests.shared.store.small_table import DAY, MERGED, PROJECT, REPLACED, stored, triples
from tests.shared.store.writers import HOURS, ROWS_PER_HOUR, own_rows, version

HERE = Path(__file__).parent
ROUNDS = 3
POINTS = 20


def start(*arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(HERE), str(HERE.parents[2])])
    command = [sys.executable, str(HERE / "writers.py"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def in_order(lake: Lake, table: Table) -> list[tuple[str, float, int | None]]:
    return triples(stored(lake, table, "SELECT * FROM spans ORDER BY start_time, id"))


def test_two_processes_merging_one_window_leave_whole_partitions(lake: Lake, tmp_path: Path) -> None:
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(lake.settings.model_dump_json())
    lake.settings.local_scratch.parent.mkdir(parents=True, exist_ok=True)
    for writer in [start("contend", str(settings_file), name, str(ROUNDS)) for name in ("a", "b")]:
        finish(writer)
    keys = [row[0] for row in in_order(lake, MERGED)]
    assert len(keys) == len(set(keys))
    written = {row[0] for name in ("a", "b") for r in range(ROUNDS) for row in triples(own_rows(name, r))}
    last = {name: {row[0] for row in triples(own_rows(name, ROUNDS - 1))} for name in ("a", "b")}
    if lake.on_s3:
        # No lock there: the last upload wins, whole, with whatever its writer had seen.
        for hour in HOURS:
            there = {key for key in keys if key.endswith(f"-{hour}")}
            assert there <= written
            assert any({k for k in last[name] if k.endswith(f"-{hour}")} <= there for name in ("a", "b"))
    else:
        assert set(keys) == written


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, LakeSettings]:
    """Lakes whose second write was killed, each at another of its calls."""
    folder = tmp_path_factory.mktemp("killed")
    settings = LakeSettings(root=str(folder / "unused"))
    (folder / "settings.json").write_text(settings.model_dump_json())
    calls = finish(start("die", str(folder / "settings.json"), str(folder), str(POINTS)))
    assert all(int(total) > 10 * POINTS for total in calls.split())
    return folder, settings


def expected_after(table: Table) -> list[tuple[str, float, int | None]]:
    new = {row[0:2]: row for row in triples(version(2))}
    old = {row[0:2]: row for row in triples(version(1))} if table is MERGED else {}
    return sorted({**old, **new}.values(), key=lambda row: (row[1], row[0]))


@pytest.mark.parametrize("table", [MERGED, REPLACED], ids=["merge", "replace"])
def test_a_writer_killed_at_any_call_leaves_each_partition_whole(killed, table: Table) -> None:
    folder, settings = killed
    old, new = triples(version(1)), expected_after(table)
    seen = set()
    for number in range(POINTS):
        lake = Lake.open(settings.model_copy(update={"root": str(folder / f"{table.rewrite}-{number:03}")}))
        found = in_order(lake, table)
        for hour in HOURS:
            versions = [[row for row in rows if row[1] == hour] for rows in (old, new)]
            there = [row for row in found if row[1] == hour]
            assert sorted(there) in [sorted(v) for v in versions]
            seen.add(sorted(there) == sorted(versions[1]))
    assert seen == {True, False}


@pytest.mark.parametrize("table", [MERGED, REPLACED], ids=["merge", "replace"])
def test_writing_again_after_a_kill_ends_like_an_undisturbed_write(killed, table: Table) -> None:
    folder, settings = killed
    for number in range(0, POINTS, 3):
        lake = Lake.open(settings.model_copy(update={"root": str(folder / f"{table.rewrite}-{number:03}")}))
        lake.write(table, PROJECT, DAY, version(2))
        assert in_order(lake, table) == expected_after(table)
        assert len(lake.files(table, PROJECT)) == len(HOURS)
        assert ROWS_PER_HOUR * len(HOURS) == version(2).num_rows
