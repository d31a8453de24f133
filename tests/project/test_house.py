"""The project's own rules, checked on its own files."""

import ast
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

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
