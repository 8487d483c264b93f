"""The decision log on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from credit.errors import LogUnavailable
from serving.decision_log import DecisionLog, to_microseconds
from tests.servers import start_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891_011, UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with start_postgres() as url:
        yield url.replace("postgresql+psycopg2", "postgresql")  # as whoever sets it writes it


@pytest.fixture
def url(server: str) -> str:
    """A database of the test's own."""
    place = sa.make_url(server.replace("postgresql", "postgresql+psycopg2", 1))
    engine = sa.create_engine(place, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = f"log_{connection.exec_driver_sql('SELECT txid_current()').scalar_one()}"
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def make_row(**changes: object) -> dict[str, Any]:
    texts = (
        *("request_id", "route", "client", "key_id", "inputs", "history_source", "decision"),
        *("features_sha256", "model_version", "bundle_digest", "fingerprint"),
        *("coverage", "data_quality"),
    )
    row: dict[str, Any] = dict.fromkeys(texts, "x")
    row |= {"time_us": to_microseconds(MOMENT), "position": 0, "latency_us": 1, "reasons": None}
    row |= {"probability": 0.1 + 0.2, "threshold": 0.5, "refer_to_person": False}
    return row | {"history": b"\x00\xff"} | changes


def test_decisions_come_back_to_the_last_bit_and_go_when_they_must(url: str) -> None:
    log = DecisionLog.open(url)
    log.write(
        [make_row(request_id=f"r{number}", client=f"c{number % 3}") for number in range(1_200)]
    )

    (found,) = log.find("r7")
    assert {name: found[name] for name in make_row()} == make_row(request_id="r7", client="c1")
    assert bytes(found["history"]) == b"\x00\xff"
    assert [row["request_id"] for row in log.tail(2)] == ["r1199", "r1198"]
    assert len(list(log.read(since=MOMENT))) == 1_200
    assert list(log.read(until=MOMENT)) == []
    assert log.erase(["c1"]) == 400
    assert log.remove_before(datetime.now(UTC)) == 800
    assert log.tail(1) == []
    log.close()


def test_replicas_that_start_at_once_share_one_table(url: str) -> None:
    with ThreadPoolExecutor(8) as replicas:
        logs = list(replicas.map(DecisionLog.open, [url] * 8))

    for number, log in enumerate(logs):
        log.write([make_row(request_id=f"r{number}")])

    assert len(list(logs[0].read())) == 8
    for log in logs:
        log.close()


def test_a_rehearsal_leaves_nothing(url: str) -> None:
    log = DecisionLog.open(url)

    log.rehearse([make_row()])

    assert list(log.read()) == []
    log.close()


def test_a_connection_that_was_ended_is_told_and_made_anew(url: str) -> None:
    log = DecisionLog.open(url)
    log.write([make_row()])
    other = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    with other.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.dispose()

    with pytest.raises(LogUnavailable, match="takes nothing"):
        log.write([make_row(request_id="lost")])
    log.write([make_row(request_id="after")])

    assert [row["request_id"] for row in log.read()] == ["x", "after"]
    log.close()


def test_a_table_that_is_locked_is_told_within_seconds(url: str) -> None:
    log = DecisionLog.open(url)
    other = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    with other.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")

        with pytest.raises(LogUnavailable, match=r"timeout|canceling"):
            log.write([make_row()])
    other.dispose()
    log.close()
