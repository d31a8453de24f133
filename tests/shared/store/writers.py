"""Writers in processes of their own, for tests that set two against each other or kill one.

`python writers.py contend <settings.json> <name> <rounds>` merges rows of its own into one window, over and over.
`python writers.py die <settings.json> <folder> <points>` writes version 2 over version 1 in one fresh lake per
point and kills itself there with SIGKILL; prints how many points there were.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 (Arrow imports it on first use: in every child, where most kills would hit it)
import pyarrow as pa

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.tables import Table
from tests.shared.store.small_table import DAY, MERGED, PROJECT, REPLACED, rows

HOURS = (5, 6, 7)
ROWS_PER_HOUR = 50


def version(number: int) -> pa.Table:
    """Rows whose value is the version, with keys that the next version drops in part."""
    return rows(*((f"{number % 2}-{i}" if i % 2 else f"{i}", h, number) for h in HOURS for i in range(ROWS_PER_HOUR)))


def own_rows(name: str, round_number: int) -> pa.Table:
    """Rows that only writer *name* writes, in every hour."""
    return rows(*((f"{name}-{round_number}-{h}", h, round_number) for h in HOURS))


def contend(lake: Lake, name: str, rounds: int) -> None:
    """Wait for the other writer, then merge."""
    (lake.settings.local_scratch.parent / f"{name}.ready").touch()
    while len(list(lake.settings.local_scratch.parent.glob("*.ready"))) < 2:
        time.sleep(0.005)
    for round_number in range(rounds):
        lake.write(MERGED, PROJECT, DAY, own_rows(name, round_number))


def write_until(settings: LakeSettings, table: Table, point: int | None) -> int:
    """Write version 2, dying at the *point*-th call; returns the number of calls when it lived."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)

    lake = Lake.open(settings)
    sys.setprofile(count)
    try:
        lake.write(table, PROJECT, DAY, version(2))
    finally:
        sys.setprofile(None)
    return calls


def in_a_child(work: Callable[..., object], *arguments: object) -> int:
    """Run *work* in a forked child; returns the signal that ended it, 0 for none."""
    child = os.fork()
    if not child:
        try:
            work(*arguments)
        except BaseException:  # noqa: BLE001 (a child must never return into its parent's stack)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def write_first(settings: LakeSettings, table: Table) -> None:
    Lake.open(settings).write(table, PROJECT, DAY, version(1))


def rehearse(settings: LakeSettings, table: Table, total_file: Path) -> None:
    total_file.write_text(str(write_until(settings, table, None)))


def die(settings: LakeSettings, folder: Path, points: int) -> None:
    """One lake per point and kind of rewrite, each with a writer killed there."""

    def at(name: str) -> LakeSettings:
        return settings.model_copy(update={"root": str(folder / name)})

    for table in (MERGED, REPLACED):
        before, rehearsal, total = (f"{table.rewrite}-{name}" for name in ("before", "rehearsal", "total"))
        must(0, in_a_child(write_first, at(before), table))
        shutil.copytree(folder / before, folder / rehearsal)
        must(0, in_a_child(rehearse, at(rehearsal), table, folder / total))
        calls = int((folder / total).read_text())
        for number in range(points):
            name = f"{table.rewrite}-{number:03}"
            shutil.copytree(folder / before, folder / name)
            # The number of calls varies by a few.
            point = 1 + number * (calls - 20) // (points - 1)
            must(-signal.SIGKILL, in_a_child(write_until, at(name), table, point))
        sys.stdout.write(f"{calls} ")


def must(end: int, ended: int) -> None:
    if ended != end:
        sys.exit(f"a writer ended with {ended}, not {end}")


if __name__ == "__main__":
    action, settings_file, *rest = sys.argv[1:]
    given = LakeSettings.model_validate_json(Path(settings_file).read_text("utf-8"))
    if action == "contend":
        contend(Lake.open(given), rest[0], int(rest[1]))
    else:
        die(given, Path(rest[0]), int(rest[1]))
