"""SQLite's journal: what was committed, and does not stand in the database's own file yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from serving.decision_table import WAIT_SECONDS

RESTART_WAIT_MS = 50
EMPTYING_SECONDS = 10
RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of an engine's database.

    Attributes:
        engine: Its database.
        file: The database's own file.
    """

    engine: sa.Engine
    file: Path

    def count_bytes(self) -> int:
        """Return how large it is; 0 before the first write."""
        try:
            return self.file.with_name(f"{self.file.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def move(self) -> None:
        """Move what it holds into the database as far as nobody has to wait for it."""
        with self.engine.connect() as connection:
            _checkpoint(connection, "PASSIVE")

    def begin_anew(self) -> None:
        """Have the next write begin it anew, unless others who read keep it for longer."""
        with self.engine.connect() as connection, _wait_shortly(connection):
            _checkpoint(connection, "RESTART")

    def empty(self) -> bool:
        """Return whether nothing is left in it; those who read or write are waited for."""
        end = time.monotonic() + EMPTYING_SECONDS
        with self.engine.connect() as connection:
            # While another process moves it SQLite itself does not wait.
            while not (emptied := _checkpoint(connection, "TRUNCATE")) and time.monotonic() < end:
                time.sleep(RETRY_SECONDS)
        return emptied


def _checkpoint(connection: sa.Connection, mode: str) -> bool:
    """Return whether all was done: SQLite raises nothing if somebody stood in the way."""
    busy, *_ = connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").one()
    return not busy


@contextmanager
def _wait_shortly(connection: sa.Connection) -> Iterator[None]:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {RESTART_WAIT_MS}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {1_000 * WAIT_SECONDS}")
