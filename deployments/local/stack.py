"""The whole local stack: PostgreSQL, Phoenix, MLflow, Prefect server and worker, and the simulated model provider."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.local import processes
from deployments.local.parts import EVERYTHING, FOLDER, PREFERRED_PORTS, SERVERS, Part, parts
from deployments.local.postgres import Postgres, embedded, external
from deployments.local.state import State
from tasks.shared.errors import ConfigurationError, ServiceUnavailable
from tasks.shared.settings import load_settings

READY_SECONDS = 180.0
POSTGRES = "postgresql"
Report = Callable[[str, str], None]


def _silent(_part: str, _state: str) -> None:
    """Nobody watches."""


@dataclass
class Stack:
    """The stack in one folder: what may run, what runs, and where."""

    state: State
    parts: dict[str, Part]
    report: Report = _silent

    def url(self, part: str) -> str:
        """Base URL of a part."""
        return f"http://127.0.0.1:{self.state.ports[part]}"

    @property
    def phoenix_url(self) -> str:
        """Base URL of Phoenix."""
        return self.url("phoenix")

    @property
    def mlflow_url(self) -> str:
        """Base URL of MLflow."""
        return self.url("mlflow")

    @property
    def prefect_api_url(self) -> str:
        """URL of Prefect's API."""
        return f"{self.url('prefect')}/api"

    def launch(self, names: Iterable[str]) -> list[str]:
        """Start those of *names* that do not run, without waiting for them; returns which."""
        launched = [name for name in names if not is_running(self.state, name)]
        for name in launched:
            part, log = self.parts[name], self.log(name)
            if name in self.state.started:
                processes.stop(self.state.started[name])  # what a dead parent left would hold the port
            self.state.started[name] = processes.start(part.command, part.environment, log, part.folder)
            self.state.save()
            self.report(name, "starting")
        return launched

    def wait(self, names: Iterable[str], seconds: float = READY_SECONDS) -> None:
        """Return when all *names* are ready. Raises ServiceUnavailable with the log's end when one died or is late."""
        waiting, deadline = set(names), time.monotonic() + seconds
        while waiting:
            for name in sorted(waiting):
                if is_ready(self.parts[name]):
                    self.report(name, "ready")
                    waiting.discard(name)
                elif not is_running(self.state, name):
                    raise ServiceUnavailable(self._why(name, "ended while it was starting"))
                elif time.monotonic() > deadline:
                    raise ServiceUnavailable(self._why(name, f"was not ready after {seconds:.0f} s"))
            time.sleep(0.25 if waiting else 0)

    def log(self, name: str) -> Path:
        """The file a part writes to."""
        return self.state.folder / "logs" / f"{name}.log"

    def _why(self, name: str, what: str) -> str:
        return f"{name} {what}. The end of {self.log(name)}:\n{processes.tail(self.log(name))}"


def is_running(state: State, name: str) -> bool:
    """Whether the process remembered under *name* still runs."""
    return name in state.started and processes.running(state.started[name]) is not None


def is_ready(part: Part) -> bool:
    """Whether the part answers."""
    try:
        # Plain HTTP: without `verify`, every question would first read 140 certificates.
        return httpx.get(part.health_url, timeout=2.0, trust_env=False, verify=False).status_code < 500
    except httpx.TransportError:
        return False


def open_stack(
    folder: Path, preferred: dict[str, int] | None = None, postgres_url: str | None = None, report: Report = _silent
) -> Stack:
    """Start PostgreSQL if need be, settle the ports and write `local.toml`; the other parts start by `launch`.

    Ports that were given out before are kept where they are free or the part runs; others come from *preferred*.
    """
    folder = folder.resolve()
    for name in (*SERVERS, "logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    state = State.load(folder)
    report(POSTGRES, "starting")
    postgres = _postgres(state, postgres_url)
    for name in PREFERRED_PORTS:
        if not is_running(state, name.removesuffix("_grpc")):
            state.ports[name] = processes.free_port(state.ports.get(name) or (preferred or {}).get(name))
    state.save()
    report(POSTGRES, "ready")
    stack = Stack(state, parts(folder, state.ports, postgres), report)
    (folder / "local.toml").write_text(_overlay(stack), encoding="utf-8")
    return stack


def open_own_stack(report: Report) -> Stack:
    """The project's own stack, on the ports people expect where they are free."""
    url = load_settings().local.postgres_url
    return open_stack(FOLDER, PREFERRED_PORTS, url.get_secret_value() if url else None, report)


def up(stack: Stack, names: Iterable[str] = EVERYTHING) -> list[str]:
    """Start what does not run of *names* and wait until all are ready; returns what was started."""
    names = list(names)
    launched = stack.launch(name for name in names if name != "worker")
    if "worker" in names:  # it needs the server's API from its first second
        stack.wait(["prefect"])
        launched += stack.launch(["worker"])
    stack.wait(names)
    return launched


def down(state: State, report: Report = _silent) -> list[str]:
    """Stop exactly what was started, PostgreSQL last; returns the names of what was still running."""
    stopped: list[str] = []
    for name in sorted(state.started, key=lambda name: (name == POSTGRES, name != "worker")):
        report(name, "stopping")
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions, writes a checkpoint and exits.
        if processes.stop(state.started[name], signal.SIGINT if name == POSTGRES else signal.SIGTERM):
            stopped.append(name)
        report(name, "stopped")
        del state.started[name]
        state.save()
    return stopped


@contextmanager
def running_stack(folder: Path, worker: bool = False) -> Iterator[Stack]:
    """A stack of one's own on free ports, in *folder*; stopped at the end. The provider is not part of it."""
    stack = open_stack(folder)
    try:
        up(stack, (*SERVERS, "worker") if worker else SERVERS)
        yield stack
    finally:
        down(stack.state)


def _postgres(state: State, url: str | None) -> Postgres:
    if url:
        return external(url)
    postgres = embedded(state.folder / "pg")
    if postgres.pid is None:
        raise ConfigurationError(f"PostgreSQL in {state.folder / 'pg'} has no process id. See its log there.")
    state.started[POSTGRES] = processes.started(postgres.pid)
    return postgres


def _overlay(stack: Stack) -> str:
    return (
        "# Written by `make up`: where the local stack listens. nightjar.toml and NIGHTJAR_* come first.\n"
        f'prefect_api_url = "{stack.prefect_api_url}"\n\n'
        f'[phoenix]\nurl = "{stack.phoenix_url}"\n\n'
        f'[local]\nphoenix_url = "{stack.phoenix_url}"\n\n'
        f'[mlflow]\ntracking_uri = "{stack.mlflow_url}"\n\n'
        "# The simulated model provider: no real model, no cost.\n"
        f'[judges.providers.simulated]\nkind = "openai"\nbase_url = "{stack.url("provider")}/v1"\n'
        'api_key = "simulated"\nin_flight = 20\n'
    )
