"""One PostgreSQL, a database for each server."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.local import processes
from deployments.local.postgres import NAMES, Postgres, embedded, external
from tasks.shared.errors import ConfigurationError, ServiceUnavailable


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path: the socket lies in the data folder."""
    with tempfile.TemporaryDirectory(prefix="nj-pg-") as path:
        yield Path(path) / "pg"


@pytest.fixture(scope="module")
def postgres(folder: Path) -> Iterator[Postgres]:
    server = embedded(folder)
    yield server
    processes.stop(processes.started(server.pid), signal.SIGINT)


def test_every_server_has_its_database_and_prefects_extension_can_be_made(postgres: Postgres) -> None:
    assert set(NAMES) <= set(postgres.ask("select datname from pg_database").split())
    assert "pg_trgm" in postgres.ask("select name from pg_available_extensions").split()


def test_it_listens_on_no_tcp_port(postgres: Postgres) -> None:
    assert not postgres.ask("show listen_addresses")


def test_starting_twice_finds_the_running_one(postgres: Postgres, folder: Path) -> None:
    assert embedded(folder).pid == postgres.pid


def test_an_external_server_gets_the_databases_and_is_not_ours_to_stop(postgres: Postgres) -> None:
    postgres.ask("drop database phoenix")
    found = external(postgres.url)
    assert found.pid is None
    assert "phoenix" in found.ask("select datname from pg_database").split()


def test_a_pid_file_whose_id_another_program_has_does_not_stop_the_next_start() -> None:
    with tempfile.TemporaryDirectory(prefix="nj-pg-") as path:
        first = embedded(Path(path) / "pg")
        pid_file = Path(path) / "pg" / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        processes.stop(processes.started(first.pid), signal.SIGINT)
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
        second = embedded(Path(path) / "pg")
        assert second.pid != os.getpid()
        processes.stop(processes.started(second.pid), signal.SIGINT)


def test_a_folder_with_a_space_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="NIGHTJAR_LOCAL__POSTGRES_URL"):
        embedded(tmp_path / "a b")


def test_an_unreachable_server_is_named_with_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match=r"local\.postgres_url"):
        external(f"postgresql://postgres@/postgres?host={tmp_path}")


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("", "postgresql://u:p@db:5433/mlflow?sslmode=require"),
        ("psycopg2", "postgresql+psycopg2://u:p@db:5433/mlflow?sslmode=require"),
    ],
)
def test_a_database_url_keeps_everything_but_driver_and_name(driver: str, expected: str) -> None:
    assert Postgres("postgresql://u:p@db:5433/postgres?sslmode=require").database("mlflow", driver) == expected
