"""A Python function that answers, called where it cannot hold up anything else."""

import asyncio
import importlib
import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tasks.shared.errors import ConfigurationError, NightjarError, ServiceUnavailable
from tasks.shared.gateways.applications.said import Said, in_short, said


class Function:
    """A function of the example's input and of *parameters* by name.

    A plain one runs in a thread of its own, which is left to itself after the timeout: a thread cannot be ended, and it
    keeps no run from ending. A coroutine function runs in Nightjar's own event loop and must not block it.
    """

    def __init__(self, address: str, parameters: Mapping[str, Any], timeout_seconds: float) -> None:
        """Find `module:function`. Raises ConfigurationError when there is none."""
        self.function, self.parameters, self.timeout_seconds = found(address), dict(parameters), timeout_seconds

    async def ask(self, question: dict[str, object]) -> Said:
        """One try. Whatever the function raises is a ServiceUnavailable."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return said(await self._called(question))
        except TimeoutError as error:
            raise ServiceUnavailable(f"no answer within {self.timeout_seconds:g} s.") from error
        except NightjarError:
            raise
        except Exception as error:
            raise ServiceUnavailable(in_short(error)) from error

    async def _called(self, question: dict[str, object]) -> Any:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(question, **self.parameters)
        return await in_a_thread(lambda: self.function(question, **self.parameters))


def found(address: str) -> Callable[..., Any]:
    """The function at `module:function`. Raises ConfigurationError when there is none."""
    module, _, name = address.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"callable {address!r} is not there: {error}. Write callable:<module>:<function>, and check that the "
            "module can be imported where Nightjar runs."
        ) from error
    if not callable(function):
        raise ConfigurationError(f"callable {address!r} is a {type(function).__name__}, no function.")
    return function  # type: ignore[no-any-return]


async def in_a_thread(call: Callable[[], Any]) -> Any:
    """What *call* returns, from a daemon thread: unlike those of a pool, it is not waited for when the process ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def tell(result: Any, error: BaseException | None) -> None:
        if future.done():  # given up
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result: Any = None
        error: BaseException | None = None
        try:
            result = call()
        except Exception as raised:  # noqa: BLE001 - handed over to whoever waits
            error = raised
        except BaseException as raised:  # noqa: BLE001 - sys.exit() in somebody's function ends that function only
            error = RuntimeError(f"{type(raised).__name__}: {raised}")
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=work, daemon=True, name="nightjar-callable").start()
    return await future
