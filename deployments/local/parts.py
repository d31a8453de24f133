"""The parts of the local stack: how each is started, small and quiet, and where it says that it is well."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from deployments.local.postgres import Postgres

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".nightjar"
VENVS = FOLDER / "venvs"
POOL = "nightjar"
TRUTH = Path("provider") / "truth.json"
# Where `make up` puts things when the port is free: each server's own default.
PREFERRED_PORTS = {
    "phoenix": 6006,
    "phoenix_grpc": 4317,
    "mlflow": 5000,
    "prefect": 4200,
    "worker": 8791,
    "provider": 8787,
}
SERVERS = ("phoenix", "mlflow", "prefect")
EVERYTHING = (*SERVERS, "provider", "worker")
QUIET = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "PHOENIX_TELEMETRY_ENABLED": "false"}


@dataclass(frozen=True)
class Part:
    """A process of the stack. It is ready when `health_url` answers with a status below 500."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    health_url: str
    folder: Path = REPOSITORY


def parts(folder: Path, ports: Mapping[str, int], postgres: Postgres) -> dict[str, Part]:
    """Every part by name, writing to *folder*, listening on *ports* of 127.0.0.1."""
    return {
        "phoenix": _phoenix(folder, ports, postgres.database("phoenix")),
        # Without a driver SQLAlchemy would take psycopg, which is not in MLflow's lock.
        "mlflow": _mlflow(folder, ports, postgres.database("mlflow", "psycopg2")),
        "prefect": _prefect(folder, ports, postgres.database("prefect", "asyncpg")),
        "provider": _provider(folder, ports),
        "worker": worker(folder, ports),
    }


def _phoenix(folder: Path, ports: Mapping[str, int], database_url: str) -> Part:
    environment = {
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(ports["phoenix"]),
        "PHOENIX_GRPC_PORT": str(ports["phoenix_grpc"]),
        "PHOENIX_SQL_DATABASE_URL": database_url,
        "PHOENIX_WORKING_DIR": str(folder / "phoenix"),
        # Web fonts, telemetry, a model's downloads: nothing leaves the machine.
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
        "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
        "PHOENIX_ALLOWED_SANDBOX_PROVIDERS": "NONE",
        "PHOENIX_ENABLE_MCP_SERVER": "false",
    }
    command = (*_script("phoenix"), "serve")
    return Part(command, _environment(environment), f"{_url(ports['phoenix'])}/readyz", folder)


def _mlflow(folder: Path, ports: Mapping[str, int], database_url: str) -> Part:
    # One worker and no job execution: 2 processes and 0.55 GB instead of 15 and 2.3 GB.
    command = (
        *(*_script("mlflow"), "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(ports["mlflow"])),
        *("--artifacts-destination", str(folder / "mlflow")),
    )
    # The URL may hold a password, which a command line would show to everyone on the machine.
    own = {"MLFLOW_BACKEND_STORE_URI": database_url, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment = _environment(own)
    return Part(command, environment, f"{_url(ports['mlflow'])}/health", folder)


def _prefect(folder: Path, ports: Mapping[str, int], database_url: str) -> Part:
    command = (
        *(*_script("prefect"), "server", "start"),
        *("--host", "127.0.0.1", "--port", str(ports["prefect"])),
    )
    environment = {
        "PREFECT_HOME": str(folder / "prefect"),
        # The option alone leaves the UI asking port 4200.
        "PREFECT_SERVER_API_PORT": str(ports["prefect"]),
        "PREFECT_API_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    return Part(command, _environment(environment), f"{_url(ports['prefect'])}/api/health", folder)


def _provider(folder: Path, ports: Mapping[str, int]) -> Part:
    command = (
        *(sys.executable, "-m", "deployments.simulator", "provider", "--port", str(ports["provider"])),
        *("--folder", str(folder / "provider")),
        # What the demo wrote of its traffic: by it the simulated judge tells right from wrong.
        *(("--truth", str(folder / TRUTH)) if (folder / TRUTH).exists() else ()),
    )
    return Part(command, _environment({}), f"{_url(ports['provider'])}/v1/models")


def worker(folder: Path, ports: Mapping[str, int]) -> Part:
    """A process worker of the Prefect server at `ports["prefect"]`, with its health at `ports["worker"]`."""
    command = (
        *(sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"),
        *("--name", "nightjar-local", "--with-healthcheck"),
    )
    environment = {
        "PREFECT_API_URL": f"{_url(ports['prefect'])}/api",
        "PREFECT_API_SSL_CERT_FILE": str(one_certificate(folder)),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_WEBSERVER_HOST": "127.0.0.1",
        "PREFECT_WORKER_WEBSERVER_PORT": str(ports["worker"]),
    }
    return Part(command, _environment(environment), f"{_url(ports['worker'])}/health")


def one_certificate(folder: Path) -> Path:
    """A file with one authority's certificate, for clients of a server that speaks plain HTTP.

    Prefect's client reads the certificates at every opening, some thirty times a day of traffic; all 140 of them take
    25 ms.
    """
    file = folder / "one-authority.pem"
    first, end, _ = certifi.contents().partition("-----END CERTIFICATE-----\n")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(first + end, encoding="ascii")
    return file


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would configure a server behind our back, and with telemetry off."""
    foreign = (
        "PREFECT_",
        "PHOENIX_",
        "MLFLOW_",
        "PYTHONDONTWRITEBYTECODE",
    )  # servers start twice as fast from bytecode
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return {**inherited, "PYTHONUNBUFFERED": "1", **QUIET, **own}


def _script(name: str) -> tuple[str, str]:
    """The command of a server in its own environment. A long path's script starts by way of a shell; this does not."""
    folder = VENVS / name / "bin"
    return str(folder / "python"), str(folder / name)


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
