"""The project's own rules, checked on its own files."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from deployments.local.parts import SERVERS

ROOT = Path(__file__).parents[2]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
]
SOURCES = [path for path in TRACKED if path.suffix == ".py" and path.exists()]
PRODUCT = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in {"flows", "tasks"}]
REGISTRIES = re.compile("pypi" + r"\.org|python" + r"hosted|registry\." + r"npmjs|deb\." + r"debian")


@pytest.mark.parametrize("path", sorted((ROOT / "flows").glob("*.py")), ids=lambda path: path.name)
def test_no_flow_file_is_called_like_a_library(path):
    """A file entrypoint would put flows/ on sys.path and shadow the library."""
    if path.stem not in {"__init__", "__main__"}:
        spec = importlib.util.find_spec(path.stem)
        # A folder of tests without __init__.py is found as a namespace; it is no library.
        assert spec is None or spec.origin is None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_and_stays_small(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)) or path.name == "__init__.py"
    assert text.count("\n") <= 400


def test_no_file_names_a_registry_or_a_machine():
    for path in TRACKED:
        if path.suffix in {".png", ".ico"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert not REGISTRIES.search(text), path
        assert not re.search(r"(?<![\w.])/(work|farm|root)/\w", text), path


def test_only_settings_reads_the_environment():
    readers = [p for p in PRODUCT if re.search(r"os\.environ(\[|\.get|\)|\.items)|os\.getenv", p.read_text())]
    assert [p.name for p in readers] == ["settings.py"]


def test_every_flow_is_async_and_bears_the_name_of_its_file():
    """A sync flow waits a second for its heartbeat thread; the command line finds a flow by its file's name."""
    for path in sorted((ROOT / "flows").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            decorated = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                "flow" in ast.unparse(d).split("(")[0].split(".") for d in node.decorator_list
            )
            if decorated:
                assert isinstance(node, ast.AsyncFunctionDef), path
                assert node.name == path.stem


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = {name for line in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in line.split()}
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets - set(re.findall(r"^  make ([a-z-]+) ", helped, re.MULTILINE)) == set()


def test_every_dependency_has_a_lower_bound():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    groups += project["dependency-groups"].values()
    servers = [path.read_text().splitlines() for path in (ROOT / "deployments/local").glob("*.in")]
    lines = [line for group in (*groups, *servers) for line in group if isinstance(line, str)]
    named = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(named) > 40
    assert [line for line in named if not re.search(r"[>=]=|@ ", line)] == []


@pytest.mark.parametrize("lock", ["requirements.lock", *(f"deployments/local/{s}.lock" for s in SERVERS)])
def test_locks_have_hashes_and_name_no_index(lock):
    lines = (ROOT / lock).read_text().splitlines()
    assert [line for line in lines if re.match(r"\s*(--(extra-)?index-url|--find-links|-i |-f )", line)] == []
    pinned = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z0-9]", line)]
    assert len(pinned) > 30
    assert [lines[number] for number in pinned if not lines[number + 1].lstrip().startswith("--hash=sha256:")] == []
