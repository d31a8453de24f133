"""`make demo-gates`, on the running demo: a golden dataset, three candidates before one gate, a better prompt found.

Everything goes through the command line, as a CI job would do it; exit codes are those that the job would see.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.local import addresses
from deployments.local.demo import DemoFailed
from deployments.local.display import progress
from deployments.local.parts import EVERYTHING, FOLDER
from deployments.local.stack import Report, Stack, is_running, open_own_stack
from tasks.shared.settings import load_settings

PROMPT, GATE, DATASET = "sql-writer", "sql-writer", "golden-queries"
PROMPTS = Path("deployments/simulator/prompts")
PUSHED = re.compile(r"is version (\S+) \(|new version (\S+) \(")
TOO_FEW = 8
OUTCOMES = {0: "pass", 1: "fail", 2: "inconclusive"}


@dataclass(frozen=True)
class Candidate:
    """A candidate of the demo, and what the gate should say of it."""

    what: str
    file: str
    exit_code: int
    options: tuple[str, ...] = ()


CANDIDATES = (
    Candidate("more rules and better examples", "better.yaml", 0),
    Candidate("a careless draft without examples", "careless.yaml", 1),
    Candidate(f"the good one, on {TOO_FEW} examples only", "better.yaml", 2, ("--limit", str(TOO_FEW))),
)


def demo_gates(console: Console) -> None:
    """Run it. A second time nothing is asked again: the same verdicts come out of what is there.

    Raises:
        DemoFailed: The demo does not run, or a step did not do what it shows.
    """
    began = time.monotonic()
    with progress(console) as report:
        stack = running_demo(report)
        receipts = flows("curation", "golden datasets", report)
        examples = next(each["counts"]["examples"] for each in receipts if each["table"] == "examples")
        report("golden datasets", f"done, {examples} examples in {DATASET}")
        production = pushed(PROMPTS / f"{PROMPT}.yaml", report)
        verdicts = [decided(each, production, report) for each in CANDIDATES]
        found, promoted = optimised(report)
    console.print(table(verdicts))
    console.print(f"Optimisation: {found}", soft_wrap=True, highlight=False)
    console.print(f"\nDone in {time.monotonic() - began:.0f} s. Where to look:")
    for what, where in where_to_look(stack).items():
        console.print(f"  {what:<38}{where}", soft_wrap=True, highlight=False)
    wrong = [each.what for each, exit_code, _ in verdicts if exit_code != each.exit_code]
    if wrong:
        raise DemoFailed(f"the gate did not say what it should of: {'; '.join(wrong)}. Its folders have the verdicts.")
    if not promoted:
        raise DemoFailed("no better prompt became production; the round's report tells of each candidate why.")


def running_demo(report: Report) -> Stack:
    """The stack of `make demo`, up."""
    stack = open_own_stack(report)
    if missing := [name for name in EVERYTHING if not is_running(stack.state, name)]:
        raise DemoFailed(f"{', '.join(missing)} does not run. Run `make demo` first, or `make up` where it once ran.")
    return stack


def pushed(file: Path, report: Report) -> str:
    """The version in the hub that the prompt *file* is. It becomes production where nothing is."""
    step = f"prompt {file.stem}"
    report(step, "pushing")
    tagged = json.loads(command("prompts", "list", "--json").stdout).get(PROMPT, {})
    tag = [] if file.stem != PROMPT or tagged.get("production") else ["--tag", "production"]
    match = PUSHED.search(command("prompts", "push", str(file), *tag).stdout)
    if match is None:
        raise DemoFailed(f"the hub did not say which version {file} is.")
    report(step, f"done, it is version {match[1] or match[2]}")
    return match[1] or match[2]


def decided(candidate: Candidate, production: str, report: Report) -> tuple[Candidate, int, dict[str, Any]]:
    """The gate's exit code on the candidate, and its verdict."""
    version = pushed(PROMPTS / "candidates" / candidate.file, report)
    step = f"gate: {OUTCOMES[candidate.exit_code]}"
    report(step, f"{candidate.what} ...")
    folder = FOLDER / "gates" / OUTCOMES[candidate.exit_code]
    targets = ("--candidate", f"prompt:{PROMPT}@{version}", "--baseline", f"prompt:{PROMPT}@{production}")
    done = command(
        "gate", "--name", GATE, *targets, "--output", str(folder), *candidate.options, allowed=tuple(OUTCOMES)
    )
    report(step, f"done, exit code {done.returncode}")
    verdict: dict[str, Any] = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    return candidate, done.returncode, verdict


def optimised(report: Report) -> tuple[str, bool]:
    """What a round of optimisation came to, and whether a prompt was promoted."""
    step = "optimisation"
    receipts = flows("prompt-optimisation", step, report)
    report(step, "done")
    found = "; ".join(note for receipt in receipts for note in receipt["notes"]) or "nothing to do"
    return found, any(receipt["counts"].get("promoted") for receipt in receipts)


def flows(name: str, step: str, report: Report, *options: str) -> list[dict[str, Any]]:
    """The receipts of the flow called *name*."""
    report(step, f"python -m flows {name}")
    receipts: list[dict[str, Any]] = json.loads(command(name, *options, "--json").stdout)
    return receipts


def command(*words: str, allowed: Sequence[int] = (0,)) -> subprocess.CompletedProcess[str]:
    """`python -m flows ...`, ended with one of the *allowed* exit codes."""
    done = subprocess.run([sys.executable, "-m", "flows", *words], capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        said = [line for line in done.stderr.splitlines() if line.startswith("nightjar: ")] or [done.stderr[-500:]]
        raise DemoFailed(f"python -m flows {' '.join(words)} ended with {done.returncode}: {said[-1]}")
    return done


def table(verdicts: Sequence[tuple[Candidate, int, dict[str, Any]]]) -> Table:
    """What the gate said, one row for each candidate."""
    shown = Table("candidate", "verdict", "exit code", "why", title=f"Gate {GATE}, on {DATASET} (all simulated)")
    for candidate, exit_code, verdict in verdicts:
        colour = {0: "green", 1: "red", 2: "yellow"}[exit_code]
        shown.add_row(candidate.what, f"[{colour}]{verdict['verdict']}[/]", str(exit_code), verdict["reason"])
    return shown


def where_to_look(stack: Stack) -> dict[str, str]:
    """The pages worth opening, by what they show."""
    settings = load_settings()
    return {
        "Datasets and experiments, in Phoenix": f"{stack.phoenix_url}/datasets",
        "Prompts, in Phoenix": f"{stack.phoenix_url}/prompts",
        "Comparisons, in MLflow": addresses.mlflow_experiment(stack, settings, settings.project),
        "The newest comparison's report": addresses.comparison(settings, settings.project, GATE),
        "Verdicts, as a CI job gets them": (FOLDER / "gates").absolute().as_uri(),
    }
