from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.errors import LogUnavailable
from serving import decision_log, decision_table, journal
from serving.decision_log import DecisionLog
from serving.decision_table import WAIT_SECONDS
from serving.journal import Journal

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891_011, UTC)
MakeRow = Callable[..., dict[str, Any]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/deep/decisions.db"


@pytest.fixture
def make_row() -> MakeRow:
    def make(**changes: object) -> dict[str, Any]:
        return {
            "time_us": 1_000_000,
            "request_id": "r1",
            "position": 0,
            "route": "/predict",
            "client": "c1",
            "key_id": "01234567",
            "inputs": '{"AMT_CREDIT":1.5}',
            "history_source": "none",
            "history": None,
            "features_sha256": "5e" * 32,
            "probability": 0.1 + 0.2,
            "threshold": 0.5,
            "decision": "APPROVED",
            "refer_to_person": False,
            "reasons": None,
            "model_version": "3",
            "bundle_digest": "6f" * 32,
            "fingerprint": "0123456789abcdef",
            "latency_us": 1_234,
            "coverage": "{}",
            "data_quality": "{}",
            **changes,
        }

    return make


@contextmanager
def hold_open(log: DecisionLog) -> Iterator[None]:
    """Read from the log as another process would that takes its time."""
    assert log.file is not None
    reader = sqlite3.connect(log.file[0])
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM decisions").fetchone()
        yield
    finally:
        reader.close()


def at(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def test_a_decision_comes_back_as_it_was_written_to_the_last_bit(
    url: str, make_row: MakeRow
) -> None:
    row = make_row(history=b"\x00\xff\x80", time_us=at(MOMENT))
    log = DecisionLog.open(url)

    log.write([row])

    (found,) = log.find("r1")
    assert {name: found[name] for name in row} == row


def test_the_last_decisions_come_first(url: str, make_row: MakeRow) -> None:
    log = DecisionLog.open(url)
    log.write([make_row(request_id=f"r{number}") for number in range(5)])

    assert [row["request_id"] for row in log.tail(2)] == ["r4", "r3"]


def test_what_another_process_wrote_is_read(url: str, make_row: MakeRow) -> None:
    DecisionLog.open(url).write([make_row()])

    assert [row["request_id"] for row in DecisionLog.open(url, make=False).read()] == ["r1"]


def test_a_batch_is_written_whole_or_not_at_all(url: str, make_row: MakeRow) -> None:
    log = DecisionLog.open(url)

    with pytest.raises(LogUnavailable):
        log.write([make_row(), make_row(decision=None)])

    assert list(log.read()) == []


def test_a_stretch_of_time_has_its_first_moment_and_not_its_last(
    url: str, make_row: MakeRow
) -> None:
    log = DecisionLog.open(url)
    moments = [MOMENT + timedelta(microseconds=step) for step in (-1, 0, 1, 2)]
    log.write([make_row(time_us=at(moment), request_id=str(moment)) for moment in moments])

    found = log.read(since=MOMENT, until=MOMENT + timedelta(microseconds=2))

    assert [row["request_id"] for row in found] == [str(moment) for moment in moments[1:3]]


def test_a_person_is_erased_by_every_name_and_nothing_of_them_is_left_in_the_files(
    url: str, make_row: MakeRow, tmp_path: Path
) -> None:
    log = DecisionLog.open(url)
    inputs = '{"AMT_CREDIT":987654321.25}'
    log.write([make_row(client=name, inputs=inputs) for name in ("old", "new", "new")])
    log.write([make_row(client="other")])
    files = tmp_path / "deep"
    assert any(b"987654321.25" in path.read_bytes() for path in files.iterdir())

    assert log.erase(["old", "new"]) == 3

    assert [row["client"] for row in log.read()] == ["other"]
    log.close()
    assert not any(b"987654321.25" in path.read_bytes() for path in files.iterdir())


def test_who_reads_on_and_on_keeps_no_decision_waiting(
    url: str, make_row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_log, "MOST_JOURNAL_BYTES", 0)
    log = DecisionLog.open(url)
    log.write([make_row()] * (decision_log.ROWS_AT_ONCE + 1))
    reading = log.read()
    next(reading)

    with hold_open(log):
        started = time.monotonic()
        log.write([make_row(request_id="meanwhile")])

    assert time.monotonic() - started < WAIT_SECONDS / 2
    assert [row["request_id"] for row in reading][-1] == "meanwhile"


def test_who_keeps_what_was_erased_in_the_journal_is_told_of(
    url: str, make_row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_table, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(journal, "EMPTYING_SECONDS", 0)
    log = DecisionLog.open(url)
    log.write([make_row()])

    with hold_open(log), pytest.raises(LogUnavailable, match="do the same again"):
        log.erase(["c1"])

    assert log.erase(["c1"]) == 0


def test_nobody_else_may_read_the_files(url: str, make_row: MakeRow, tmp_path: Path) -> None:
    DecisionLog.open(url).write([make_row()])

    rights = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "deep").iterdir()}
    assert rights == {"decisions.db": 0, "decisions.db-wal": 0, "decisions.db-shm": 0}


@pytest.mark.parametrize("nowhere", ["sqlite://", "sqlite:///:memory:"])
def test_a_log_in_memory_is_refused(nowhere: str) -> None:
    with pytest.raises(LogUnavailable, match="gone with the service"):
        DecisionLog.open(nowhere)


def test_many_old_decisions_are_removed_to_the_last(url: str, make_row: MakeRow) -> None:
    log = DecisionLog.open(url)
    log.write([make_row()] * (2 * decision_log.ROWS_AT_ONCE))
    log.write([make_row(time_us=at(MOMENT))])

    assert log.remove_before(MOMENT) == 2 * decision_log.ROWS_AT_ONCE
    assert [row["time_us"] for row in log.read()] == [at(MOMENT)]


def test_decisions_before_a_moment_are_removed(url: str, make_row: MakeRow) -> None:
    log = DecisionLog.open(url)
    log.write([make_row(time_us=at(MOMENT) + step) for step in (-1, 0)])

    assert log.remove_before(MOMENT) == 1
    assert [row["time_us"] for row in log.read()] == [at(MOMENT)]


@pytest.mark.parametrize("take_away", [Path.unlink, lambda path: path.rename(path.parent / "x")])
def test_a_file_that_was_taken_away_takes_nothing_silently(
    url: str, make_row: MakeRow, tmp_path: Path, take_away: Callable[[Path], object]
) -> None:
    log = DecisionLog.open(url)
    log.write([make_row()])

    take_away(tmp_path / "deep" / "decisions.db")

    with pytest.raises(LogUnavailable, match="removed or replaced"):
        log.write([make_row()])


def test_a_full_disk_is_told_and_what_was_there_stays(url: str, make_row: MakeRow) -> None:
    log = DecisionLog.open(url)
    log.write([make_row()])
    with log.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(LogUnavailable, match="full"):
            _write_by(connection.connection.driver_connection, log, make_row)

    assert len(list(DecisionLog.open(url).read())) == 1


def _write_by(connection: Any, log: DecisionLog, make_row: MakeRow) -> None:  # noqa: ANN401
    """Write by a connection of a known limit: limits are each connection's own."""
    pool = log.engine.pool
    log.engine.pool = type(pool)(lambda: connection)
    log.write([make_row(inputs="x" * 100_000)])


def test_a_lock_that_is_held_too_long_is_told(
    url: str, make_row: MakeRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.decision_table.WAIT_SECONDS", 0.1)
    log = DecisionLog.open(url)
    with sqlite3.connect(tmp_path / "deep" / "decisions.db") as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LogUnavailable, match="locked"):
            log.write([make_row()])
    other.close()


def test_another_versions_table_is_left_alone(url: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    with sqlite3.connect(tmp_path / "deep" / "decisions.db") as other:
        other.execute("CREATE TABLE decisions (id INTEGER, moon TEXT)")
    other.close()

    with pytest.raises(LogUnavailable, match=r"has besides moon.*new database"):
        DecisionLog.open(url)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("mysql://root:hunter2@127.0.0.1/x", "SQLite or PostgreSQL"),
        ("not a database hunter2", "cannot be opened"),
        ("sqlite:////proc/decisions.db", "cannot be opened"),
        ("postgresql://credit:hunter2@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_had_is_told_without_its_password(wrong: str, told: str) -> None:
    with pytest.raises(LogUnavailable, match=told) as raised:
        DecisionLog.open(wrong)

    assert "hunter2" not in str(raised.value)
    assert "CREDIT_DECISION_LOG" in str(raised.value)


def test_a_log_that_is_only_read_is_not_made(url: str, tmp_path: Path) -> None:
    with pytest.raises(LogUnavailable, match="is not there"):
        DecisionLog.open(url, make=False)

    assert list(tmp_path.iterdir()) == []


def test_what_was_committed_survives_a_kill(url: str) -> None:
    writer = f"""
import os, signal
from serving.decision_log import DecisionLog
from serving.journal import Journal
from serving.decision_table import DECISIONS
row = {{column.name: "x" for column in DECISIONS.columns if column.name != "id"}}
numbers = ("time_us", "position", "probability", "threshold", "latency_us")
row |= dict.fromkeys(numbers, 1) | {{"history": b"x", "refer_to_person": True}}
log = DecisionLog.open({url!r})
for number in range(50):
    log.write([row | {{"request_id": f"r{{number}}"}}])
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", writer], cwd=root, check=False)

    assert killed.returncode == -9
    assert len(list(DecisionLog.open(url, make=False).read())) == 50


def test_all_are_read_though_many_were_written_in_one_moment_and_some_out_of_turn(
    url: str, make_row: MakeRow
) -> None:
    log = DecisionLog.open(url)
    many = decision_log.ROWS_AT_ONCE + 1
    times = [2_000_000] * many + [1_000_000] * many + [3_000_000]
    log.write([make_row(time_us=time_us) for time_us in times])

    read = list(log.read())

    assert [row["time_us"] for row in read] == sorted(times)
    assert len({row["id"] for row in read}) == len(times)


def test_a_full_journal_begins_anew_once_and_not_in_every_transaction(
    url: str, make_row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.decision_log.MOST_JOURNAL_BYTES", 2_000_000)
    monkeypatch.setattr("serving.decision_table.KEPT_JOURNAL_BYTES", 500_000)
    log = DecisionLog.open(url)
    begun: list[int] = []
    begin_anew = Journal.begin_anew

    def count(journal: Journal) -> None:
        begun.append(journal.count_bytes())
        begin_anew(journal)

    monkeypatch.setattr(Journal, "begin_anew", count)
    rows = [make_row(inputs="x" * 10_000)] * 10

    for _ in range(60):
        log.write(rows)

    assert 2 <= len(begun) <= 8
    assert max(begun) < 3_000_000
