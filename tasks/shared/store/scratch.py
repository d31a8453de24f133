"""Running SQL that a model wrote on a DuckDB file, which it can only read."""

import threading
from pathlib import Path

import duckdb

from tasks.shared.errors import ConfigurationError

ROWS_AT_A_TIME = 1000
ROWS_READ_AT_MOST = 100_000
# No file, network or extension is in reach of the SQL, and it cannot change that; nor can it take the machine's memory.
LOCKED_UP: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "lock_configuration": True,
    "memory_limit": "1GiB",
}


def complaint_of_duckdb(file: str, sql: str, timeout_seconds: float) -> str | None:
    """What goes wrong when *sql* is run on the DuckDB *file*, None when nothing does.

    Raises:
        ConfigurationError: when there is no such database.
    """
    path = Path(file).expanduser()
    try:
        database = duckdb.connect(str(path), read_only=True, config=LOCKED_UP)
    except duckdb.Error as error:
        raise ConfigurationError(
            f"evaluators.sql_duckdb_file {file!r} cannot be opened: {error}. Name a DuckDB file that nobody writes to."
        ) from error
    watch = threading.Timer(timeout_seconds, database.interrupt)
    watch.start()
    try:
        read = 0
        cursor = database.execute(sql)
        while read < ROWS_READ_AT_MOST and (rows := cursor.fetchmany(ROWS_AT_A_TIME)):
            read += len(rows)
    except duckdb.InterruptException:
        return f"it takes longer than {timeout_seconds:g} s"
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    finally:
        watch.cancel()
        database.close()
    return None
