"""Run a gate, here or as a deployed flow; leave its verdict as outputs, step summary and files.

It ends with 0 whatever the verdict is, so that the pull request is told of it; the action's last step ends as the gate
did. A gate that ends without a verdict is an error, never a pass.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

VERDICT, COMMENT, JUNIT = "verdict.json", "comment.md", "junit.xml"
FILES = (VERDICT, COMMENT, JUNIT)
# How the keys begin of the artifacts that a gate's flow run leaves; the two that are no Markdown stand in fences.
ARTIFACTS: Final[Mapping[str, str]] = {"gate-": COMMENT, "verdict-": VERDICT, "junit-": JUNIT}
FENCED = re.compile(r"\A(`{3,})\w*\n(.*)\n\1\s*\Z", re.DOTALL)
VERDICTS: Final[Mapping[int, str]] = {0: "pass", 1: "fail", 2: "inconclusive"}
RUN_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# GitHub takes a summary of one MiB.
LONGEST_SUMMARY = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """What came of the gate: the verdict, or `error`, and the exit code that goes with it."""

    verdict: str
    exit_code: int


ERROR = Outcome("error", 1)


def main(environment: Mapping[str, str]) -> int:
    """Run the gate that *environment* describes; returns 0 unless the description is wrong."""
    name, output = environment["GATE_NAME"], Path(environment["GATE_OUTPUT"])
    output.mkdir(parents=True, exist_ok=True)
    for file in FILES:  # an earlier job's, on a runner that keeps its workspace
        (output / file).unlink(missing_ok=True)
    options = {"candidate": environment.get("GATE_CANDIDATE"), "baseline": environment.get("GATE_BASELINE")}
    given = {"name": name, **{option: value for option, value in options.items() if value}}
    yes = environment.get("GATE_YES", "false").lower() == "true"
    if deployment := environment.get("GATE_DEPLOYMENT"):
        parameters: dict[str, str | bool] = {**given, **({"yes": True} if yes else {})}
        outcome = deployed(deployment, parameters, environment["GATE_WATCH_TIMEOUT"], output)
    else:
        outcome = here(given, output, yes=yes)
    comment = output / COMMENT
    if not comment.is_file():
        comment.write_text(without_comment(name, outcome), encoding="utf-8")
    append(environment.get("GITHUB_STEP_SUMMARY"), comment.read_text(encoding="utf-8")[:LONGEST_SUMMARY])
    append(environment.get("GITHUB_OUTPUT"), f"verdict={outcome.verdict}\nexit-code={outcome.exit_code}")
    sys.stdout.write(f"Gate {name}: {outcome.verdict}\n")
    return 0


def here(given: Mapping[str, str], output: Path, *, yes: bool) -> Outcome:
    """Run the gate in this environment; it leaves its files in *output*."""
    options = [word for key, value in {**given, "output": str(output)}.items() for word in (f"--{key}", value)]
    options += ["--yes"] if yes else []
    code = subprocess.run([sys.executable, "-m", "flows", "gate", *options], check=False).returncode  # noqa: S603
    # The exit code 1 is a failed gate and any other failure; only a gate that came to its end has written a verdict.
    if code not in VERDICTS or not (output / VERDICT).is_file():
        return ERROR
    return Outcome(VERDICTS[code], code)


def deployed(deployment: str, given: Mapping[str, str | bool], seconds: str, output: Path) -> Outcome:
    """Run the deployed flow and wait for it; its files come back as artifacts of the run."""
    command = [sys.executable, "-m", "prefect", "deployment", "run", deployment, "--params", json.dumps(dict(given))]
    run_id = ""
    with subprocess.Popen(  # noqa: S603
        [*command, "--watch", "--watch-timeout", seconds], stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            found = RUN_ID.search(line)
            run_id = run_id or (found.group() if found else "")
    return asyncio.run(outcome_of(run_id, output)) if run_id else ERROR


async def outcome_of(run_id: str, output: Path) -> Outcome:
    """What Prefect knows of the flow run: its state, and the files among its artifacts."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterType

    of_run = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run_id)]), type=ArtifactFilterType(any_=["markdown"])
    )
    async with get_client() as client:
        state = (await client.read_flow_run(UUID(run_id))).state
        shown = await client.read_artifacts(artifact_filter=of_run)
    for artifact in shown:
        for begins, file in ARTIFACTS.items():
            if (artifact.key or "").startswith(begins):
                (output / file).write_text(unfenced(str(artifact.data)), encoding="utf-8")
    outcome = outcome_of_state((state and state.name) or "", (state and state.message) or "")
    if outcome != ERROR and not (output / VERDICT).is_file():
        sys.stdout.write("The flow run left no verdict: it is no gate, only estimated one, or could not take one.\n")
        return ERROR
    return outcome


def unfenced(text: str) -> str:
    """What stands between the fences of *text*; all of it where there are none."""
    found = FENCED.match(text)
    return f"{found.group(2)}\n" if found else text


def outcome_of_state(name: str, message: str) -> Outcome:
    """The outcome that a flow run's final state tells; Prefect puts the error's class before its words."""
    if name == "Completed":
        return Outcome("pass", 0)
    if name == "Failed" and "GateFailed:" in message:
        return Outcome("fail", 1)
    if name == "Failed" and "Inconclusive:" in message:
        return Outcome("inconclusive", 2)
    sys.stdout.write(f"The flow run is {name or 'of no known state'}: {message}\n")
    return ERROR


def without_comment(name: str, outcome: Outcome) -> str:
    """What is said where the gate left no comment."""
    if outcome == ERROR:
        return f"**Gate `{name}` came to no verdict.** The log of this job tells why.\n"
    return f"**Gate `{name}`: {outcome.verdict}.**\n"


def append(path: str | None, text: str) -> None:
    """Add *text* to the file that GitHub reads."""
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")


if __name__ == "__main__":
    # A secret that the caller does not have comes as an empty variable, which is not the same as none.
    for empty in [name for name, value in os.environ.items() if not value]:
        del os.environ[empty]
    sys.exit(main(os.environ))
