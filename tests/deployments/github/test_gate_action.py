"""The gate's action, its steps run as a runner would, with a gate that ends as told and a fake of GitHub's comments."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.experiments.gating import artifacts_of
from tasks.experiments.verdict_markdown import marker
from tests.deployments.github.comments import TOKEN, Comments

ROOT = Path(__file__).parents[3]
ACTION = ROOT / ".github" / "actions" / "nightjar-gate"
STEPS: list[dict[str, Any]] = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
DEFAULTS = {
    name: str(it.get("default", ""))
    for name, it in yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))["inputs"].items()
}
EXPRESSION = re.compile(r"\$\{\{ (\w+)\.([\w.-]+) \}\}")
# `python -m flows gate` and `python -m prefect` find these first, because they lie in the working directory.
GATE = """
import json, os, pathlib, sys
told = json.loads(pathlib.Path("told.json").read_text())
pathlib.Path("asked.json").write_text(json.dumps(sys.argv[1:]))
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
for name, text in told["files"].items():
    (output / name).write_text(text)
sys.exit(told["exit_code"])
"""
PREFECT = """
import json, pathlib, sys
pathlib.Path("asked.json").write_text(json.dumps(sys.argv[1:]))
print("Created flow run 'wise-owl'.", "UUID: " + pathlib.Path("run_id").read_text(), sep="\\n")
sys.exit(1)
"""
MARKER = "<!-- nightjar-gate: ship -->"
FILES = {
    "comment.md": b"# Of the gate",
    "verdict.json": b'{\n  "verdict": "inconclusive"\n}\n',
    "junit.xml": b"<?xml version='1.0'?>\n<testsuite/>",
}


@dataclass
class Runner:
    """A job in *folder*, on an event; `run` runs the action and gives the exit code of the job."""

    folder: Path
    github: Comments
    event: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""

    def tell(self, exit_code: int, comment: str | None = "All good.", verdict: str = "{}") -> None:
        """What the gate does next."""
        files = {"verdict.json": verdict, **({"comment.md": comment} if comment else {})} if verdict else {}
        self.folder.joinpath("told.json").write_text(json.dumps({"exit_code": exit_code, "files": files}))

    def run(self, **inputs: str) -> int:
        """Run the action's steps with *inputs*; gives the exit code of the job."""
        given = {**DEFAULTS, "gate": "ship", "python": sys.executable, "token": TOKEN, **inputs}
        self.outputs, self.log, exit_code = {}, "", 0
        for step in STEPS:
            if "run" in step and (inputs.get("comment", "true") == "true" or "comment.py" not in step["run"]):
                exit_code = self._step(step, given)
        return exit_code

    def _step(self, step: dict[str, Any], inputs: dict[str, str]) -> int:
        def value(match: re.Match[str]) -> str:
            if match[1] == "inputs":
                return inputs[match[2]]
            name, _, output = match[2].partition(".outputs.")
            return self.outputs.get(name, {}).get(output, "")

        own = {name: EXPRESSION.sub(value, text) for name, text in step.get("env", {}).items()}
        (self.folder / "event.json").write_text(json.dumps(self.event))
        output = self.folder / f"output-{uuid.uuid4().hex}"
        output.touch()
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "me/app",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "PREFECT_API_URL": os.environ.get("PREFECT_API_URL", ""),
            **own,
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        self.log += done.stdout
        lines = output.read_text().splitlines()
        self.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in lines)
        return done.returncode

    @property
    def summary(self) -> str:
        """The job's summary."""
        return (self.folder / "summary.md").read_text()


def pull_request(head: str | None = "me/app") -> dict[str, Any]:
    return {"pull_request": {"number": 7, "head": {"repo": head and {"full_name": head}}}}


@pytest.fixture
def runner(tmp_path):
    for package, code in {"flows": GATE, "prefect": PREFECT}.items():
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "__main__.py").write_text(code)
    with Comments() as github:
        for number in range(5):
            github.add("somebody", f"comment {number}")
        yield Runner(tmp_path, github, pull_request())


def ours(runner):
    return [comment["body"] for comment in runner.github.stored if comment["user"]["login"] == runner.github.login]


def test_two_runs_leave_one_comment_that_tells_of_the_second(runner):
    runner.tell(1, "It got **worse**.")
    assert runner.run(candidate="prompt:sql@candidate") == 1
    assert ours(runner) == [f"{MARKER}\nIt got **worse**."]
    asked = json.loads((runner.folder / "asked.json").read_text())
    assert asked == ["gate", "--name", "ship", "--candidate", "prompt:sql@candidate", "--output", "nightjar-gate"]

    runner.github.add("somebody", "one more")
    runner.tell(0, "Better: 100 % of {{it}}.")
    assert runner.run() == 0
    assert ours(runner) == [f"{MARKER}\nBetter: 100 % of {{{{it}}}}."]
    assert len(runner.github.stored) == 7
    assert runner.outputs["gate"] == {"verdict": "pass", "exit-code": "0"}
    assert runner.summary.split() == ["It", "got", "**worse**.", "Better:", "100", "%", "of", "{{it}}."]

    before = len(runner.github.asked)
    assert runner.run() == 0
    assert not [line for line in runner.github.asked[before:] if not line.startswith("GET")]


@pytest.mark.parametrize(
    ("exit_code", "verdict_file", "expected"),
    [
        (0, "{}", {"verdict": "pass", "exit-code": "0"}),
        (1, "{}", {"verdict": "fail", "exit-code": "1"}),
        (2, "{}", {"verdict": "inconclusive", "exit-code": "2"}),
        (0, "", {"verdict": "error", "exit-code": "1"}),
        (2, "", {"verdict": "error", "exit-code": "1"}),
        (137, "{}", {"verdict": "error", "exit-code": "1"}),
    ],
)
def test_the_job_ends_as_the_gate_did_and_never_green_without_a_verdict(runner, exit_code, verdict_file, expected):
    runner.tell(exit_code, None, verdict_file)
    assert runner.run(comment="false") == int(expected["exit-code"])
    assert runner.outputs["gate"] == expected
    said = "came to no verdict" if expected["verdict"] == "error" else expected["verdict"]
    assert said in runner.summary
    assert ours(runner) == []


def test_a_cost_that_wants_a_yes_gets_it_from_the_action_only_where_that_is_said(runner):
    runner.tell(0)
    assert runner.run(**{"confirm-cost": "true"}) == 0
    assert json.loads((runner.folder / "asked.json").read_text())[-1] == "--yes"


def test_what_an_earlier_job_left_is_no_verdict_of_this_one(runner):
    (runner.folder / "nightjar-gate").mkdir()
    (runner.folder / "nightjar-gate" / "verdict.json").write_text("{}")
    runner.tell(0, None, "")
    assert runner.run(comment="false") == 1


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (pull_request("you/app"), "comes from a fork"),
        (pull_request(None), "comes from a fork"),
        ({"ref": "refs/heads/main"}, "belongs to no pull request"),
    ],
)
def test_on_a_fork_or_without_a_pull_request_there_is_no_comment_and_no_failure(runner, event, said):
    runner.event = event
    runner.tell(0)
    assert runner.run() == 0
    assert f"::notice title=Nightjar gate::{'The pull request' if 'fork' in said else 'This run'} {said}" in runner.log
    assert runner.github.asked == []


@pytest.mark.parametrize("exit_code", [0, 2])
def test_a_token_that_may_not_write_is_a_warning_and_the_gates_exit_code_stands(runner, exit_code):
    runner.github.fail = [403]
    runner.tell(exit_code)
    assert runner.run() == exit_code
    (warning,) = [line for line in runner.log.splitlines() if line.startswith("::warning")]
    assert "403 Forbidden to GET /repos/me/app/issues/7/comments" in warning
    assert warning.endswith("Give the job the permission `pull-requests: write`.")


def test_a_marker_in_somebody_elses_comment_is_left_alone_and_doubles_of_ours_go(runner):
    runner.github.add("mallory", f"{MARKER}\nAll good, merge it.")
    runner.github.add("github-actions[bot]", f"{MARKER}\nold")
    runner.github.add("github-actions[bot]", f"{MARKER}\nolder")
    runner.github.add("github-actions[bot]", "<!-- nightjar-gate: other -->\nof another gate")
    runner.tell(2, "Too few.")
    assert runner.run() == 2
    assert ours(runner) == [f"{MARKER}\nToo few.", "<!-- nightjar-gate: other -->\nof another gate"]
    assert f"{MARKER}\nAll good, merge it." in [comment["body"] for comment in runner.github.stored]


def script(name: str) -> Any:
    # Not under its bare name, by which the flow of that name would be taken for a library.
    spec = importlib.util.spec_from_file_location(f"nightjar_gate_{name}", ACTION / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def comment(monkeypatch):
    module = script("comment")
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    return module


def test_a_hiccup_of_github_is_tried_again_and_a_lasting_one_told(runner, comment):
    github, target = comment.GitHub(runner.github.url, TOKEN), comment.PullRequest("me/app", 7, from_fork=False)
    runner.github.fail = [502]
    with pytest.raises(comment.NotSaid, match=r"502 Bad Gateway to GET .*, 3 times. Run the job again"):
        comment.keep(github, target, "github-actions[bot]", "ship", "text")
    runner.github.fail = []
    assert comment.keep(github, target, "github-actions[bot]", "ship", "text") == "new"


def test_a_long_comment_is_cut_and_says_so(comment):
    body = comment.body_of(MARKER, "x" * 100_000)
    assert len(body) <= 65_000
    assert body.endswith("*The rest is in the job's summary.*")


def test_a_comment_that_a_gate_wrote_has_its_marker_once(comment):
    assert marker("ship") == MARKER
    assert comment.body_of(MARKER, f"{MARKER}\n\n### Gate `ship`\n") == f"{MARKER}\n\n### Gate `ship`"


def test_the_token_goes_to_no_other_host(comment):
    with pytest.raises(comment.NotSaid, match="goes on at another host"):
        comment.GitHub("http://127.0.0.1:1", TOKEN)._ask("GET", "http://elsewhere.test/")
    with pytest.raises(ValueError, match="is not a web address"):
        comment.GitHub("file:///etc/passwd", TOKEN)


@pytest.mark.servers
def test_a_deployed_gate_tells_its_verdict_by_its_state_and_its_files_by_artifacts(runner, nightjar_env, monkeypatch):
    from prefect import flow
    from prefect.artifacts import create_markdown_artifact
    from prefect.runtime import flow_run
    from prefect.settings import PREFECT_API_URL

    from tasks.shared import errors

    @flow
    def gate(error: str) -> None:
        for key, shown in artifacts_of(FILES, "ship").items():
            create_markdown_artifact(shown, key=key)
        create_markdown_artifact("# Of a check", key="checks-spans")
        (runner.folder / "run_id").write_text(flow_run.id)
        if error:
            raise getattr(errors, error)("it is so")

    known = {
        "": ("pass", 0),
        "GateFailed": ("fail", 1),
        "StoreError": ("error", 1),
        "Inconclusive": ("inconclusive", 2),
    }
    ended = {error: gate(error, return_state=True) for error in known}
    told = {error: script("gate").outcome_of_state(state.name, state.message or "") for error, state in ended.items()}
    assert {error: (it.verdict, it.exit_code) for error, it in told.items()} == known

    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    assert runner.run(deployment="gate/gate", candidate="x", comment="false", **{"confirm-cost": "true"}) == 2
    assert runner.summary.strip() == "# Of the gate"
    folder = runner.folder / "nightjar-gate"
    assert json.loads((folder / "verdict.json").read_text()) == {"verdict": "inconclusive"}
    assert (folder / "junit.xml").read_text().splitlines() == ["<?xml version='1.0'?>", "<testsuite/>"]
    asked = json.loads((runner.folder / "asked.json").read_text())
    assert asked[:3] == ["deployment", "run", "gate/gate"]
    assert json.loads(asked[4]) == {"name": "ship", "candidate": "x", "yes": True}
    assert asked[5:] == ["--watch", "--watch-timeout", "3600"]

    @flow
    def experiment() -> None:
        create_markdown_artifact("# Of an experiment", key="comparison-ship")
        (runner.folder / "run_id").write_text(flow_run.id)

    @flow
    def undecided() -> None:
        (runner.folder / "run_id").write_text(flow_run.id)
        raise errors.Inconclusive("nothing to compare")

    undecided(return_state=True)
    assert runner.run(deployment="gate/gate", comment="false") == 1, "no verdict is an error here as on the runner"
    assert not (folder / "verdict.json").exists()

    experiment()
    assert runner.run(deployment="experiment/experiment", comment="false") == 1, "no pass without a verdict"
    assert runner.outputs["gate"] == {"verdict": "error", "exit-code": "1"}
