"""What the local stack remembers between commands: the ports it gave out and the processes it started."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tasks.shared.errors import ConfigurationError


@dataclass(frozen=True)
class Started:
    """A process the stack started: its id, when it was created (seconds since the epoch) and its command line."""

    pid: int
    created: float
    command: list[str]


@dataclass
class State:
    """Ports by name and processes by part, kept in `state.json` of the stack's folder."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    started: dict[str, Started] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "State":
        """The state of *folder*; empty when nothing was ever started there."""
        try:
            found = json.loads((folder / "state.json").read_text(encoding="utf-8"))
            return cls(folder, found["ports"], {name: Started(**it) for name, it in found["started"].items()})
        except FileNotFoundError:
            return cls(folder)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{folder / 'state.json'} is not the local stack's ({error!r}). Stop what runs and delete it."
            ) from error

    def save(self) -> None:
        """Put the state in place in one step, so that a killed command leaves the old one."""
        text = json.dumps({"ports": self.ports, "started": {k: asdict(v) for k, v in self.started.items()}}, indent=1)
        temporary = self.folder / f"state.json.{os.getpid()}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.folder / "state.json")


@contextmanager
def only_command(folder: Path) -> Iterator[None]:
    """Hold *folder* for one command. Raises ConfigurationError while another one starts or stops the stack."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another command is starting or stopping the stack in {folder}. Wait for it to end, then try again."
            ) from None
        yield
