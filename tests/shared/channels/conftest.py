"""What tests of kinds leave out: the checks of `deliveries`, which have tests of their own and take long."""

import pytest


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries are recorded without Great Expectations."""
    monkeypatch.setattr("tasks.shared.channels.deliveries.gate", lambda *_args, **_options: None)
