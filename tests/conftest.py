"""The real servers, started once per session on free ports, and settings that point at them."""

import atexit
import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as property_tests

RUNNING = "NIGHTJAR_TEST_SERVERS"

# How fast examples come says something of the machine, nothing of the code.
property_tests.register_profile("nightjar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
property_tests.load_profile("nightjar")

# The last act of the session: DuckDB's binding prints a page about leaked types after pytest's summary line otherwise.
atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


@dataclass(frozen=True)
class Servers:
    """Base URLs of the running servers."""

    phoenix_url: str
    mlflow_url: str
    prefect_api_url: str


@contextmanager
def started() -> Iterator[Servers]:
    """A stack of the session's own."""
    from deployments.local.stack import running_stack

    # Not below pytest's own folder: another session closes that one to PostgreSQL, which runs as another user.
    with (
        TemporaryDirectory(prefix="nightjar-stack-", ignore_cleanup_errors=True) as folder,
        running_stack(Path(folder)) as stack,
    ):
        yield Servers(stack.phoenix_url, stack.mlflow_url, stack.prefect_api_url)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """With `-n`, this process starts one stack before it starts those that run the tests, and they share it."""
    if getattr(session.config.option, "numprocesses", None) and RUNNING not in os.environ:
        stack = ExitStack()
        os.environ[RUNNING] = ",".join(astuple(stack.enter_context(started())))
        session.config.add_cleanup(stack.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole flows first: the longest files of the suite, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/flows/"))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Phoenix, MLflow and Prefect. `NIGHTJAR_TEST_SERVERS=phoenix,mlflow,prefect` reuses running ones."""
    if RUNNING in os.environ:
        yield Servers(*os.environ[RUNNING].split(","))
        return
    with started() as servers:
        yield servers


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """Base URL of a moto server, which speaks S3 and DynamoDB; the environment holds credentials for it."""
    from tests.aws import running_aws

    with running_aws() as url:
        yield url


@pytest.fixture
def project() -> str:
    """A Phoenix project name of this test's own."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def nightjar_env(servers: Servers, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point settings and Prefect at the servers, with a lake and a project of this test's own; gives the lake root."""
    from prefect.settings import (
        PREFECT_API_SSL_CERT_FILE,
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    from deployments.local.parts import one_certificate

    monkeypatch.setenv("NIGHTJAR_CONFIG", str(tmp_path / "nightjar.toml"))
    monkeypatch.setenv("NIGHTJAR_PROJECT", project)
    monkeypatch.setenv("NIGHTJAR_LAKE__ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", servers.phoenix_url)
    monkeypatch.setenv("NIGHTJAR_MLFLOW__TRACKING_URI", servers.mlflow_url)
    monkeypatch.setenv("PREFECT_API_URL", servers.prefect_api_url)
    monkeypatch.setenv("PREFECT_API_SSL_CERT_FILE", str(one_certificate(tmp_path)))
    here = {
        PREFECT_API_URL: servers.prefect_api_url,
        PREFECT_API_SSL_CERT_FILE: os.environ["PREFECT_API_SSL_CERT_FILE"],
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
    }
    with temporary_settings(here):
        yield tmp_path / "lake"
