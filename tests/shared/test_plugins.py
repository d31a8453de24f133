"""Collecting plugins: the file is the plugin."""

import importlib
import sys

import pytest
from prefect.states import Failed

from tasks.shared.errors import ConfigurationError, ServiceRefused, ServiceUnavailable
from tasks.shared.plugins import collect
from tasks.shared.records import Score
from tasks.shared.retries import worth_retrying


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `plugs` in which the test writes modules."""
    (tmp_path / "plugs").mkdir()
    (tmp_path / "plugs" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "plugs"
    for name in [name for name in sys.modules if name.split(".")[0] == "plugs"]:
        del sys.modules[name]


def test_each_module_gives_its_one_item_under_its_own_name(package):
    for name in ("beta", "alpha"):
        (package / f"{name}.py").write_text("from tasks.shared.records import Score\nITEM = Score(1.0)\n")
    assert collect(importlib.import_module("plugs"), Score) == {"alpha": Score(1.0), "beta": Score(1.0)}


@pytest.mark.parametrize("source", ["", "from tasks.shared.records import Score\nA = Score(1.0)\nB = Score(2.0)\n"])
def test_a_module_with_none_or_two_items_is_refused(package, source):
    (package / "odd.py").write_text(source)
    with pytest.raises(ConfigurationError, match=r"plugs\.odd declares [02] items of Score"):
        collect(importlib.import_module("plugs"), Score)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ServiceUnavailable("Phoenix is down"), True),
        (OSError("disk hiccup"), True),
        (ServiceRefused("401"), False),
        (ConfigurationError("typo"), False),
    ],
)
async def test_only_what_may_pass_is_retried(error, again):
    assert await worth_retrying(None, None, Failed(data=error)) is again
