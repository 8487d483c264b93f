"""The table of the decision log, and the databases that hold it."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import LogUnavailable

Durability = Literal["process", "power"]

WAIT_SECONDS = 2
"""So long a writer waits for another one's lock, or for a server, before it gives up."""

METADATA = sa.MetaData()
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    ),  # SQLite counts by itself only in an INTEGER
    sa.Column("time_us", sa.BigInteger, nullable=False, index=True),
    sa.Column("request_id", sa.String(128), nullable=False, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("route", sa.String(32), nullable=False),
    sa.Column("client", sa.String(32), nullable=False, index=True),
    sa.Column("key_id", sa.String(8)),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("history_source", sa.String(8), nullable=False),
    sa.Column("history", sa.LargeBinary),
    sa.Column("features_sha256", sa.String(64), nullable=False),
    sa.Column("probability", sa.Double, nullable=False),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("decision", sa.String(8), nullable=False),
    sa.Column("refer_to_person", sa.Boolean, nullable=False),
    sa.Column("reasons", sa.Text),
    sa.Column("model_version", sa.String(32), nullable=False),
    sa.Column("bundle_digest", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("latency_us", sa.BigInteger, nullable=False),
    sa.Column("coverage", sa.Text, nullable=False),
    sa.Column("data_quality", sa.Text, nullable=False),
)


KEPT_JOURNAL_BYTES = 32 * 1024 * 1024

_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}
_WAIT_MS = 1_000 * WAIT_SECONDS


def connect(url: str, durability: Durability) -> sa.Engine:
    """Return the engine of a log's database; nothing is connected to yet.

    Raises:
        LogUnavailable: If the database is of another kind, or has no file.
        SQLAlchemyError: If the URL is none.
        ImportError: If the database's driver is not installed.
    """
    place = sa.make_url(url)
    match place.get_backend_name():
        case "sqlite":
            return _connect_sqlite(place, durability)
        case "postgresql":
            return _connect_postgresql(place)
        case other:
            raise LogUnavailable(
                f"The decision log is in SQLite or PostgreSQL, not in {other}: set "
                "CREDIT_DECISION_LOG to sqlite:///FILE or postgresql://USER@HOST/NAME."
            )


def describe_url(url: str) -> str:
    """Return the URL without a password."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "(no URL)"  # it might be anything, a password among it


def require_columns(connection: sa.Connection) -> None:
    """Return if the table is this version's.

    Raises:
        LogUnavailable: If it has other columns.
    """
    found = {column["name"] for column in sa.inspect(connection).get_columns(DECISIONS.name)}
    expected = set(DECISIONS.columns.keys())
    if found != expected:
        raise LogUnavailable(
            f"The decision log's table was made by another version of this project: it lacks "
            f"{_list_names(expected - found)} and has besides {_list_names(found - expected)}. "
            "Keep it as it is, and set CREDIT_DECISION_LOG to a new database."
        )


def _list_names(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _connect_sqlite(place: sa.URL, durability: Durability) -> sa.Engine:
    if place.database in {None, "", ":memory:"}:
        raise LogUnavailable(
            "The decision log would be in memory, and gone with the service: set "
            "CREDIT_DECISION_LOG to sqlite:///FILE, or to off."
        )
    # Whoever reads must not keep the writer waiting for a connection.
    engine = sa.create_engine(place, max_overflow=-1, connect_args={"timeout": WAIT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own
        # Rows are some 6 KB: on larger pages they take half the space and time.
        connection.execute("PRAGMA page_size = 16384")
        # In this journal readers and the writer do not wait for each other.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durability]}")
        # Checkpoints are made beside the writing, not in the middle of a transaction.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        # Begun anew, the journal gives back what is beyond this: its size tells what it holds.
        connection.execute(f"PRAGMA journal_size_limit = {KEPT_JOURNAL_BYTES}")
        # What is erased is overwritten, not only unlinked.
        connection.execute("PRAGMA secure_delete = ON")

    return engine


def _connect_postgresql(place: sa.URL) -> sa.Engine:
    return sa.create_engine(
        place.set(drivername="postgresql+psycopg2"),
        pool_timeout=WAIT_SECONDS,
        connect_args={
            "connect_timeout": WAIT_SECONDS,
            "tcp_user_timeout": _WAIT_MS,
            "options": f"-c statement_timeout={_WAIT_MS} -c lock_timeout={_WAIT_MS}",
        },
    )
