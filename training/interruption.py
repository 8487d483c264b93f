"""Makes Ctrl-C stop a DuckDB query at once.

DuckDB 2.0 looks for signals only between its tasks, and one task may last as long as a whole scan:
on big tables Ctrl-C would go unheard for many seconds. `interrupt()` is heard immediately, so a
thread that is woken by the signal calls it.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def interrupted_by_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C stop the connection's running query, while the context lasts.

    Outside of the main thread, and where an event loop already waits for signals, nothing changes.

    Raises:
        KeyboardInterrupt: If a query was interrupted.
    """
    try:
        with _watched_signals(connection):
            yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of a signal that it finds itself
            raise KeyboardInterrupt from error
        raise


@contextmanager
def _watched_signals(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    receiver, sender = socket.socketpair()
    with receiver, sender:
        sender.settimeout(0)
        previous = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        if previous != -1:
            signal.set_wakeup_fd(previous)
            yield
            return
        watcher = threading.Thread(target=_watch, args=(receiver, connection), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            sender.close()
            watcher.join()


def _watch(receiver: socket.socket, connection: duckdb.DuckDBPyConnection) -> None:
    while signals := receiver.recv(64):
        if signal.SIGINT in signals:
            connection.interrupt()
