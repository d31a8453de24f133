"""A shell command that answers: the example's input as JSON on stdin, the answer on stdout."""

import asyncio
import os
import signal
from contextlib import suppress

import orjson

from tasks.shared.errors import ServiceUnavailable
from tasks.shared.gateways.applications.said import WORDS_AT_MOST, Said, said_in


class Command:
    """One command line. After the timeout it ends, with everything that it started."""

    def __init__(self, line: str, timeout_seconds: float) -> None:
        self.line, self.timeout_seconds = line, timeout_seconds

    async def ask(self, question: dict[str, object]) -> Said:
        """One try. An exit code other than 0 is a ServiceUnavailable, with the end of stderr."""
        process = await asyncio.create_subprocess_shell(
            self.line,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self.timeout_seconds):
                out, complaints = await process.communicate(orjson.dumps(question))
        except TimeoutError as error:
            raise ServiceUnavailable(f"no answer within {self.timeout_seconds:g} s.") from error
        finally:
            await _end(process)
        if process.returncode:
            last = " ".join(complaints.decode(errors="replace").split())[-WORDS_AT_MOST:]
            raise ServiceUnavailable(f"it ended with exit code {process.returncode}: {last}")
        return said_in(out.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the process and its children, which share its session, and wait for it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
