"""Verdicts of the demo's simulated model: they belong into the local stack's Phoenix, and nowhere else."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import Settings, without_password

SIMULATED = "simulated/"


def stay_local(settings: Settings, models: Iterable[str]) -> None:
    """Return when none of *models* (`provider/model`) is simulated, or Phoenix is the one that `make up` started.

    Raises:
        ConfigurationError: Made-up verdicts would be written to another Phoenix.
    """
    simulated = sorted({model for model in models if model.startswith(SIMULATED)})
    local, used = settings.local.phoenix_url, settings.phoenix.url
    if simulated and local and _place(local) != _place(used):
        raise ConfigurationError(
            f"judges ask {', '.join(simulated)}, the demo's simulated model, and Phoenix at {without_password(used)} "
            "is not the local stack's, where made-up verdicts belong. Set judges.model to a model of yours, or "
            "judges.enabled = []."
        )


def _place(url: str) -> tuple[str | None, int | None]:
    """Host and port of a URL; this machine has one name."""
    parts = urlsplit(url)
    return "127.0.0.1" if parts.hostname in {"localhost", "::1"} else parts.hostname, parts.port
