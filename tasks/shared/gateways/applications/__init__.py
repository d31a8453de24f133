"""Applications that answer questions: a Python function, an HTTP endpoint, a shell command.

Each is asked with the input of an example (a JSON object), and answers with a text, or with a JSON object that has
`output` and may tell `model`, `prompt_tokens`, `completion_tokens` and `cost_usd`.
"""

from typing import Protocol

from tasks.shared.gateways.applications.command import Command
from tasks.shared.gateways.applications.endpoint import Endpoint
from tasks.shared.gateways.applications.function import Function
from tasks.shared.gateways.applications.said import Said, said


class Application(Protocol):
    """What answers."""

    async def ask(self, question: dict[str, object]) -> Said:
        """One try.

        Raises:
            ServiceUnavailable: It failed, or took too long; another try may help (`ServiceBusy` may say when).
            ServiceRefused: It said no, or something that is no answer.
        """


__all__ = ["Application", "Command", "Endpoint", "Function", "Said", "said"]
