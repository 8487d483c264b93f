from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import duckdb
import pytest

from training.interruption import interrupted_by_ctrl_c

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder

ROOT = Path(__file__).parents[2]
ENDLESS = "SELECT sum(hash(range)) FROM range(1000000000000000)"
READER = f"""
import sys
from pathlib import Path
from training.tables import open_tables

with open_tables(Path(sys.argv[1]), threads=2) as tables:
    print("open", flush=True)
    tables.connection.execute("{ENDLESS}").fetchall()
"""


def test_ctrl_c_stops_an_endless_query_and_leaves_nothing_behind(
    folder: TableFolder, tmp_path: Path
) -> None:
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    folder.write_zipped("application_train")

    with subprocess.Popen(
        [sys.executable, "-c", READER, folder.path],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(unpacked)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        try:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "open\n"
            assert len(list(unpacked.iterdir())) == 1
            time.sleep(0.5)  # until the query runs
            reader.send_signal(signal.SIGINT)
            _, errors = reader.communicate(timeout=60)
        finally:
            reader.kill()

    assert reader.returncode == -signal.SIGINT
    assert "\nKeyboardInterrupt\n" in errors
    assert list(unpacked.iterdir()) == []


def test_an_interrupted_query_is_a_keyboard_interrupt() -> None:
    with duckdb.connect() as connection:

        def interrupt_until_heard() -> None:
            while running:
                connection.interrupt()
                time.sleep(0.01)

        running = True
        interrupter = Thread(target=interrupt_until_heard)
        interrupter.start()
        try:
            with pytest.raises(KeyboardInterrupt), interrupted_by_ctrl_c(connection):
                connection.execute(ENDLESS).fetchall()
        finally:
            running = False
            interrupter.join()


def test_the_connection_serves_again_after_an_interrupt() -> None:
    with duckdb.connect() as connection:
        with interrupted_by_ctrl_c(connection):
            connection.interrupt()
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_other_errors_pass_unchanged() -> None:
    with duckdb.connect() as connection:
        with pytest.raises(RuntimeError, match="another"), interrupted_by_ctrl_c(connection):
            raise RuntimeError("another")
        with pytest.raises(duckdb.ParserException), interrupted_by_ctrl_c(connection):
            connection.execute("SELEC 1")


def test_signals_are_watched_no_longer_than_the_context_lasts() -> None:
    with duckdb.connect() as connection, interrupted_by_ctrl_c(connection):
        pass

    previous = signal.set_wakeup_fd(-1)
    assert previous == -1


def test_an_event_loops_own_watch_is_left_alone() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        signal.set_wakeup_fd(writer)
        with duckdb.connect() as connection, interrupted_by_ctrl_c(connection):
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
        assert signal.set_wakeup_fd(-1) == writer
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)


def test_queries_run_in_other_threads_too() -> None:
    answers: list[object] = []

    def ask() -> None:
        with duckdb.connect() as connection, interrupted_by_ctrl_c(connection):
            answers.extend(connection.execute("SELECT 1").fetchall())

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [(1,)]
