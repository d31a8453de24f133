"""A lake of each test's own."""

from pathlib import Path

import pytest

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake in a folder."""
    return Lake.open(LakeSettings(root=str(tmp_path / "lake")))
