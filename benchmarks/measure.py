"""What every benchmark shares: a figure, the file its figures go to, and what a process used."""

import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """A measured number beside its goal. `holds` is None for a number that has no goal."""

    name: str
    value: float
    unit: str
    goal: str = ""
    holds: bool | None = None


def at_least(name: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that should not be below *goal*."""
    return Figure(name, round(value, 4), unit, f"at least {goal:g}", value >= goal)


def at_most(name: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that should not be above *goal*."""
    return Figure(name, round(value, 4), unit, f"at most {goal:g}", value <= goal)


def write_results(name: str, figures: Iterable[Figure]) -> Path:
    """Write `results/<name>.json`, print the figures, and return the file's path."""
    measured = list(figures)
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    record = {
        "name": name,
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "figures": [asdict(figure) for figure in measured],
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    for figure in measured:
        verdict = {None: "", True: "holds", False: "MISSED"}[figure.holds]
        print(f"{name}: {figure.name} = {figure.value:g} {figure.unit}  {figure.goal}  {verdict}")
    return path


def commit() -> str:
    """The commit that is measured, marked `+changes` when the tree has uncommitted ones; earlier results are none."""
    here = Path(__file__).parent
    head = _git(here, ["rev-parse", "--short", "HEAD"])
    changed = _git(
        here, ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)benchmarks/results"]
    )
    return f"{head}+changes" if changed else head


def _git(folder: Path, arguments: Sequence[str]) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def machine() -> str:
    """Cores, memory, system and Python, in one line."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {gib:.0f} GiB, {system}"


def cpu_seconds(pid: int) -> float:
    """CPU time the process *pid* has used so far, user and system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def peak_memory_mib(pid: int | str = "self") -> float:
    """The largest resident memory the process has had (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    message = f"/proc/{pid}/status has no VmHWM"
    raise OSError(message)
