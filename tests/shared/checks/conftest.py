"""A lake of the test's own."""

from pathlib import Path

import pytest

from tasks.shared.settings import LakeSettings
from tasks.shared.store.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(LakeSettings(root=str(tmp_path / "lake")))
