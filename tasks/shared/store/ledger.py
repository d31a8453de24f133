"""The ledger of the judges: money reserved before a call, settled after it, and the answers that were paid for.

One SQLite file that all runs share. A reservation is on disk before its call and stays until somebody settles it, so
a killed run has spent what was in flight, and two runs at once cannot overspend together. Money is in whole
picodollars (1e-12 USD): at prices per million tokens every cost is exact.
"""

import datetime as dt
import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from pathlib import Path

from tasks.shared.errors import ConfigurationError, StoreError
from tasks.shared.settings import BudgetSettings, LakeSettings

PICODOLLARS = 10**12
WAIT_SECONDS = 60.0
MOST_PARAMETERS = 500

TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL,
    day TEXT NOT NULL,
    project TEXT NOT NULL,
    judge TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_digest TEXT NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'lost')),
    reserved INTEGER NOT NULL,
    cost INTEGER,
    scopes TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS totals (scope TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    judge TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (judge, model, prompt_digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paces (
    judge TEXT NOT NULL,
    model TEXT NOT NULL,
    calls REAL NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (judge, model)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Wall:
    """A budget: what may be spent in `scope` (`day:2026-11-20`), in picodollars."""

    scope: str
    limit: int

    @property
    def no_room(self) -> str:
        """Why a call that it has no room for is not made."""
        return f"budget {self.scope} of {usd(self.limit)} USD has no room for this call"


@dataclass(frozen=True)
class Call:
    """A call as the ledger knows it.

    `judge` is `name@version`, or what else is asked for (experiment); `purpose` is judgment, canary, anchor or writing.
    """

    run: str
    day: str
    project: str
    judge: str
    model: str
    prompt_digest: str
    purpose: str = "judgment"


@dataclass(frozen=True)
class Spending:
    """Of a scope, in USD: settled to the cent, and what may have been spent on calls whose end nobody saw."""

    settled_usd: Decimal
    unsettled_usd: Decimal
    calls: int
    unsettled_calls: int


class Ledger:
    """One open ledger. Cheap calls, some 50 microseconds each, that block; close it after use."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at *path*, which is made when missing."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite does not wait for the lock that making the file takes.
            with path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._database = _connected(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f'ledger "{path}" cannot be opened ({error}). Check the folder or set NIGHTJAR_BUDGET__LEDGER.'
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def reserve(self, call: Call, amount: int, walls: Sequence[Wall]) -> int | Wall:
        """Reserve *amount* picodollars for *call* and return its number; or the first wall that it would break."""
        with self.transaction() as database:
            for wall in walls:
                if self.total(wall.scope) + amount > wall.limit:
                    return wall
            scopes = [wall.scope for wall in walls]
            self._add(scopes, amount)
            cursor = database.execute(
                "INSERT INTO calls (run, day, project, judge, model, prompt_digest, purpose, state, reserved, scopes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)",
                (
                    *(call.run, call.day, call.project, call.judge, call.model, call.prompt_digest, call.purpose),
                    *(amount, "\n".join(scopes)),
                ),
            )
            return int(cursor.lastrowid or 0)

    def settle(self, number: int, cost: int, answer: str | None = None) -> None:
        """Put the true *cost* in place of what was reserved; *answer* is kept for whoever asks the same again."""
        with self.transaction() as database:
            call = self._open_call(number)
            self._add(call.scopes, cost - call.reserved)
            database.execute("UPDATE calls SET state = 'settled', cost = ? WHERE id = ?", (cost, number))
            if answer is not None:
                database.execute(
                    "INSERT OR REPLACE INTO answers SELECT judge, model, prompt_digest, ? FROM calls WHERE id = ?",
                    (answer, number),
                )

    def release(self, number: int) -> None:
        """Nothing was spent: the provider turned the call away."""
        with self.transaction() as database:
            call = self._open_call(number)
            self._add(call.scopes, -call.reserved)
            database.execute("DELETE FROM calls WHERE id = ?", (number,))

    def lose(self, number: int) -> None:
        """Nobody saw the call's end: it counts as spent in full."""
        self._database.execute("UPDATE calls SET state = 'lost' WHERE id = ? AND state = 'open'", (number,))

    def reserved(self, number: int) -> int:
        """What is reserved for an open call, picodollars."""
        return self._open_call(number).reserved

    def answers(self, judge: str, model: str, prompt_digests: Sequence[str]) -> dict[str, str]:
        """The answers paid for earlier, by prompt digest."""
        found: dict[str, str] = {}
        for start in range(0, len(prompt_digests), MOST_PARAMETERS):
            some = prompt_digests[start : start + MOST_PARAMETERS]
            places = ", ".join("?" * len(some))
            where = f"judge = ? AND model = ? AND prompt_digest IN ({places})"
            query = f"SELECT prompt_digest, answer FROM answers WHERE {where}"
            found.update(self._database.execute(query, (judge, model, *some)).fetchall())
        return found

    def took(self, judge: str, model: str, calls: int, seconds: float) -> None:
        """Note that *calls* took *seconds* together, waits included; what was noted before counts half from now on."""
        self._database.execute(
            "INSERT INTO paces VALUES (?, ?, ?, ?) ON CONFLICT (judge, model) DO UPDATE"
            " SET calls = calls / 2 + excluded.calls, seconds = seconds / 2 + excluded.seconds",
            (judge, model, calls, seconds),
        )

    def seconds_per_call(self, judge: str, model: str) -> float | None:
        """As the judge's latest calls took, or else all judges' calls of the model; None where nobody knows."""
        for where, values in (("judge = ? AND model = ?", (judge, model)), ("model = ?", (model,))):
            query = f"SELECT sum(seconds) / sum(calls) FROM paces WHERE {where}"
            (found,) = self._database.execute(query, values).fetchone()
            if found is not None:
                return float(found)
        return None

    def total(self, scope: str) -> int:
        """Spent and reserved in *scope*, picodollars."""
        row = self._database.execute("SELECT amount FROM totals WHERE scope = ?", (scope,)).fetchone()
        return int(row[0]) if row else 0

    def spending(self, **where: str) -> Spending:
        """What the calls with these columns (`run="..."`, `day="2026-11-20"`, `judge=...`) came to."""
        condition = " AND ".join(f"{column} = ?" for column in where) or "true"
        row = self._database.execute(
            "SELECT coalesce(sum(cost), 0), coalesce(sum(CASE WHEN state <> 'settled' THEN reserved END), 0), count(*),"
            f" count(CASE WHEN state <> 'settled' THEN 1 END) FROM calls WHERE {condition}",
            tuple(where.values()),
        ).fetchone()
        return Spending(usd(row[0]), usd(row[1]), row[2], row[3])

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing, and nobody else writes meanwhile. A block inside another is part of it."""
        if self._database.in_transaction:
            yield self._database
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise StoreError(
                f"the ledger cannot be written: {error}. Is its disk full, or its folder shared?"
            ) from error
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _add(self, scopes: Sequence[str], amount: int) -> None:
        self._database.executemany(
            "INSERT INTO totals VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET amount = amount + excluded.amount",
            [(scope, amount) for scope in scopes],
        )

    def _open_call(self, number: int) -> "_OpenCall":
        row = self._database.execute("SELECT reserved, scopes, state FROM calls WHERE id = ?", (number,)).fetchone()
        if row is None or row[2] != "open":
            raise StoreError(f"call {number} is not open in the ledger; it was settled or released before.")
        return _OpenCall(row[0], row[1].split("\n"))


def _connected(path: Path) -> sqlite3.Connection:
    """Manual transactions; the file survives a killed process without an fsync per call."""
    database = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(TABLES)
    return database


@dataclass(frozen=True)
class _OpenCall:
    reserved: int
    scopes: Sequence[str]


def today() -> str:
    """The UTC day on which money is spent."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"


def usd(picodollars: int) -> Decimal:
    """Picodollars as exact USD."""
    return Decimal(picodollars) / PICODOLLARS


def picodollars(amount_usd: float | Decimal) -> int:
    """USD, as written, in picodollars; a fraction is rounded up."""
    return ceil(Decimal(str(amount_usd)) * PICODOLLARS)


@contextmanager
def open_ledger(budget: BudgetSettings, lake: LakeSettings) -> Iterator[Ledger]:
    """The ledger that the settings name. Raises ConfigurationError for a lake on S3 without one."""
    if budget.ledger:
        path = Path(budget.ledger).expanduser()
    elif lake.root.startswith("s3://"):
        raise ConfigurationError(
            "judges need a ledger that survives the run, and a lake on S3 has no folder for it. "
            "Set NIGHTJAR_BUDGET__LEDGER to a file on a disk that all workers share."
        )
    else:
        path = lake.local_root / ".ledger" / "judges.sqlite"
    ledger = Ledger(path)
    try:
        yield ledger
    finally:
        ledger.close()


def walls(budget: BudgetSettings, run: str, day: str, project: str, judge: str) -> list[Wall]:
    """The budgets that a call of *judge* (its name) on *project* has to stay within."""
    limits = {
        f"run:{run}": budget.per_run_usd,
        f"day:{day}": budget.per_day_usd,
        f"judge:{judge}:{day}": budget.per_judge_usd.get(judge, budget.per_judge_usd.get("*")),
        f"project:{project}:{day}": budget.per_project_usd.get(project, budget.per_project_usd.get("*")),
    }
    return [Wall(scope, picodollars(limit)) for scope, limit in limits.items() if limit is not None]
