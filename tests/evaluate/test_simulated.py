"""The demo's simulated model is asked for the local stack's Phoenix only."""

import pytest

from tasks.evaluate.simulated import stay_local
from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import LocalSettings, PhoenixSettings, Settings

MADE_UP, REAL = "simulated/gpt-4o-mini", "openai/gpt-4o-mini"
LOCAL = "http://127.0.0.1:6006"


def settings(url: str, local: str = LOCAL) -> Settings:
    return Settings(phoenix=PhoenixSettings(url=url), local=LocalSettings(phoenix_url=local))


@pytest.mark.parametrize("url", ["https://me:s3cret@phoenix.example.com", "http://127.0.0.1:7007", "http://localhost"])
def test_made_up_verdicts_are_not_for_another_phoenix(url):
    with pytest.raises(
        ConfigurationError, match=r"ask simulated/gpt-4o-mini, the demo's.*judges.enabled = \[\]"
    ) as refused:
        stay_local(settings(url), [REAL, MADE_UP, MADE_UP])
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "models"),
    [
        (settings("http://localhost:6006/"), [MADE_UP]),
        (settings("http://[::1]:6006"), [MADE_UP]),
        (settings("https://phoenix.example.com"), [REAL]),
        (settings("https://phoenix.example.com", local=""), [MADE_UP]),
    ],
)
def test_all_else_is_asked(given, models):
    assert stay_local(given, models) is None
