"""The decision log: what was decided on whom, on what grounds, in SQLite or PostgreSQL.

A row is a decision on one applicant. It holds all that is needed to compute the decision again, bit
for bit: the inputs, the features of the history that was used, and which model decided. Clients are
pseudonyms (`credit.pseudonym`) unless the lender wants it otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import LogUnavailable
from serving.decision_table import (
    DECISIONS,
    METADATA,
    Durability,
    connect,
    describe_url,
    require_columns,
)
from serving.journal import Journal

ROWS_AT_ONCE = 500

MOST_JOURNAL_BYTES = 256 * 1024 * 1024
"""Beyond it a transaction waits a moment for the journal to begin anew: most of it is moved."""

_INSERT = DECISIONS.insert().values(
    {column.name: sa.bindparam(column.name) for column in DECISIONS.columns if column.name != "id"}
)

Decision = Mapping[str, Any]
"""A row of the log by column, as `DECISIONS` declares them."""


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """An open log.

    Attributes:
        engine: Its database.
        file: SQLite's file and which it was when the log was opened; None elsewhere.
    """

    engine: sa.Engine
    file: tuple[Path, int] | None

    @classmethod
    def open(cls, url: str, durability: Durability = "process", *, make: bool = True) -> Self:
        """Return the log.

        Args:
            url: SQLAlchemy's, of SQLite or PostgreSQL.
            durability: Of SQLite's commits: ``process`` survives the end of every process at any
                moment, ``power`` also the machine's, and waits for the disk. PostgreSQL's own
                setting is `synchronous_commit`.
            make: Make the database's file and table if they are not there.

        Raises:
            LogUnavailable: If it cannot be reached or written, holds another version's table, or
                is not there and shall not be made.
        """
        try:
            engine = connect(url, durability)
            _prepare_file(engine, make=make)
            if make:
                _make_table(engine)
            with engine.begin() as connection:
                require_columns(connection)
            return cls(engine, _identify_file(engine))
        except (SQLAlchemyError, OSError, ImportError) as error:
            raise LogUnavailable(
                f"The decision log {describe_url(url)} cannot be opened: {_quote(error)}. Set "
                "CREDIT_DECISION_LOG to a database that can be written, or mount a volume there."
            ) from None

    def write(self, decisions: Sequence[Decision]) -> None:
        """Commit decisions, all in one transaction.

        Raises:
            LogUnavailable: If the database is away, locked or full; then none is written.
        """
        with _as_log_unavailable("takes nothing"):
            self._require_same_file()
            with self.engine.begin() as connection:
                _insert(connection, decisions)
            if self._journal and self._journal.count_bytes() > MOST_JOURNAL_BYTES:
                self._journal.begin_anew()

    def checkpoint(self) -> None:
        """Move what SQLite's journal has gathered into the database; nobody waits for it.

        Raises:
            LogUnavailable: If the database cannot be written.
        """
        if self._journal and self._journal.count_bytes():
            with _as_log_unavailable("cannot be moved out of its journal"):
                self._journal.move()

    def rehearse(self, decisions: Sequence[Decision]) -> None:
        """Write decisions, and take them back before anybody can see them.

        Raises:
            LogUnavailable: If they could not have been committed.
        """
        with _as_log_unavailable("takes nothing"):
            self._require_same_file()
            with self.engine.connect() as connection:
                connection.execute(_INSERT, decisions)
                connection.rollback()

    def read(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Decision]:
        """Yield the decisions of a stretch of time, the oldest first.

        Args:
            since: From this moment on; None: from the first.
            until: Before this moment; None: to the last.

        Raises:
            LogUnavailable: If the log cannot be read.
        """
        time_us, row_id = DECISIONS.c.time_us, DECISIONS.c.id
        chosen = DECISIONS.select().order_by(time_us, row_id).limit(ROWS_AT_ONCE)
        if since is not None:
            chosen = chosen.where(time_us >= to_microseconds(since))
        if until is not None:
            chosen = chosen.where(time_us < to_microseconds(until))
        # A page at a time: one that reads on and on keeps the journal from ever beginning anew.
        page = self._fetch(chosen)
        while page:
            yield from page
            last = page[-1]["time_us"]
            later = sa.or_(time_us > last, row_id > page[-1]["id"])
            page = self._fetch(chosen.where(time_us >= last, later))

    def tail(self, count: int) -> list[Decision]:
        """Return the last decisions, the newest first.

        Raises:
            LogUnavailable: If the log cannot be read.
        """
        return self._fetch(DECISIONS.select().order_by(DECISIONS.c.id.desc()).limit(count))

    def find(self, request_id: str) -> list[Decision]:
        """Return the decisions of a request, in the order of its applicants; empty if unknown.

        Raises:
            LogUnavailable: If the log cannot be read.
        """
        chosen = DECISIONS.select().where(DECISIONS.c.request_id == request_id)
        return self._fetch(chosen.order_by(DECISIONS.c.id))

    def erase(self, names: Sequence[str]) -> int:
        """Remove all decisions on a client, and return how many there were.

        Args:
            names: Those the client may have in the log: the pseudonym by each key.

        Raises:
            LogUnavailable: If the log cannot be written; then none is removed. Or if others keep
                its journal, in which they stand still.
        """
        with _as_log_unavailable("gives nothing away"):
            removed = self._remove(DECISIONS.c.client.in_(names))
            self._empty_journal()
        return removed

    def remove_before(self, moment: datetime) -> int:
        """Remove the decisions before a moment, and return how many there were.

        Few at a time, so that a service which writes meanwhile does not wait for long.

        Raises:
            LogUnavailable: If the log cannot be written; some may be removed then. Or if others
                keep its journal, in which they stand still.
        """
        old = DECISIONS.c.time_us < to_microseconds(moment)
        few = sa.select(DECISIONS.c.id).where(old).limit(ROWS_AT_ONCE)
        removed, piece = 0, ROWS_AT_ONCE
        with _as_log_unavailable("gives nothing away"):
            while piece == ROWS_AT_ONCE:
                started = time.perf_counter()
                piece = self._remove(DECISIONS.c.id.in_(few))
                removed += piece
                self.checkpoint()
                time.sleep(time.perf_counter() - started)  # half of the time is the service's
            self._empty_journal()
        return removed

    def _remove(self, condition: sa.ColumnElement[bool]) -> int:
        with self.engine.begin() as connection:
            return connection.execute(DECISIONS.delete().where(condition)).rowcount

    def _empty_journal(self) -> None:
        """Empty SQLite's journal, in which what was removed stands until then."""
        if self._journal and not self._journal.empty():
            raise OSError(
                "what was removed stands in its journal still, which another process keeps; "
                "do the same again"
            )

    def _fetch(self, chosen: sa.Select[Any]) -> list[Decision]:
        with _as_log_unavailable("cannot be read"), self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(chosen).mappings()]

    @property
    def _journal(self) -> Journal | None:
        return None if self.file is None else Journal(self.engine, self.file[0])

    def _require_same_file(self) -> None:
        """Return if what is written can be found again.

        A file that was deleted or replaced under a running service still takes what is written.
        """
        if self.file is None:
            return
        path, number = self.file
        if not path.exists() or path.stat().st_ino != number:
            raise OSError(f"{path} was removed or replaced since the service started")

    def close(self) -> None:
        """Close its connections."""
        self.engine.dispose()


def to_microseconds(moment: datetime) -> int:
    """Return microseconds since 1970, UTC."""
    return round(moment.timestamp() * 1_000_000)


def _make_table(engine: sa.Engine) -> None:
    try:
        METADATA.create_all(engine)
    except SQLAlchemyError:
        # Of replicas that start at once only one makes it.
        if not sa.inspect(engine).has_table(DECISIONS.name):
            raise


def _insert(connection: sa.Connection, decisions: Sequence[Decision]) -> None:
    if not connection.dialect.positional:
        connection.execute(_INSERT, decisions)
        return
    # SQLAlchemy would bind each value of each row by its name, for a tenth of the service's time.
    statement, names = _spell_insert(connection.dialect)
    rows = [tuple([decision[name] for name in names]) for decision in decisions]
    connection.exec_driver_sql(statement, rows)


@cache
def _spell_insert(dialect: sa.Dialect) -> tuple[str, tuple[str, ...]]:
    """Return the statement as the driver takes it, and which column each place is."""
    compiled = _INSERT.compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


@contextmanager
def _as_log_unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise LogUnavailable(f"The decision log {what}: {_quote(error)}.") from None


def _quote(error: Exception) -> str:
    """Return what the database says, without the statement, whose values are an applicant's."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {str(cause).strip().splitlines()[0]}"


def _find_file(engine: sa.Engine) -> Path | None:
    if engine.dialect.name != "sqlite" or engine.url.database is None:
        return None
    return Path(engine.url.database).absolute()


def _prepare_file(engine: sa.Engine, *, make: bool) -> None:
    file = _find_file(engine)
    if file is None:
        return
    if make:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # the journal's files get the same rights
    elif not file.exists():
        raise FileNotFoundError(f"{file} is not there; a service that decides makes it")


def _identify_file(engine: sa.Engine) -> tuple[Path, int] | None:
    file = _find_file(engine)
    return None if file is None else (file, file.stat().st_ino)
