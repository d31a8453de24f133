"""The stack's memory survives commands, refuses what is not its own, and lets one command in at a time."""

from pathlib import Path

import pytest

from deployments.local.state import Started, State, only_command
from tasks.shared.errors import ConfigurationError


def test_a_saved_state_is_loaded_again(tmp_path: Path) -> None:
    state = State(tmp_path, {"phoenix": 6006}, {"phoenix": Started(12, 1.5, ["phoenix", "serve"])})
    state.save()
    assert State.load(tmp_path) == state


def test_a_folder_without_a_state_remembers_nothing(tmp_path: Path) -> None:
    assert State.load(tmp_path) == State(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"ports": {}}', '{"ports": {}, "started": {"a": {"pid": 1}}}'])
def test_a_foreign_state_file_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"state\.json"):
        State.load(tmp_path)


def test_a_second_command_is_told_to_wait(tmp_path: Path) -> None:
    with only_command(tmp_path), pytest.raises(ConfigurationError, match="another command"), only_command(tmp_path):
        pass
    with only_command(tmp_path):
        pass
