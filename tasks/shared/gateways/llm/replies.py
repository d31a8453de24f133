"""What an attempt at a model came to, in terms of what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasks.shared.gateways.llm.usage import Usage


@dataclass(frozen=True)
class Reply:
    """What one attempt came to.

    answered: an object that is JSON, or the text that was asked for; unparseable: an answer that is neither. Both cost
    what `usage` says.
    busy: too many requests; failed: the provider's fault. Neither costs, both are worth another try.
    lost: no answer in time or a broken connection; it may cost, nobody knows what. Worth another try.
    refused: it will not be answered (a key, a model, a prompt too long). It costs nothing.
    """

    kind: Literal["answered", "unparseable", "busy", "failed", "lost", "refused"]
    answer: Mapping[str, Any] | None = None
    usage: Usage | None = None
    retry_after_seconds: float | None = None
    trouble: str = ""
    text: str | None = None
