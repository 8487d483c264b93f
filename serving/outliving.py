"""Keeps the runner until nobody is left who could ask it.

When a service is told to end, BentoML tells all its processes at once: a request that had been
accepted a moment before would find no model.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import FrameType

import psutil

CHECK_SECONDS = 0.05


def outlive(is_asked: Callable[[], bool], limit_seconds: float) -> None:
    """Put SIGTERM off until nobody asks any more; call it in the main thread, once all is set up.

    Args:
        is_asked: Whether somebody may still come.
        limit_seconds: After so long the process ends all the same.
    """
    end = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
    over = threading.Event()

    def wait(number: int) -> None:
        limit = time.monotonic() + limit_seconds
        try:
            while is_asked() and time.monotonic() < limit:
                time.sleep(CHECK_SECONDS)
        finally:  # nobody tells it a second time
            over.set()
            _tell_main_thread(number)

    def begin(number: int, _frame: FrameType | None) -> None:
        if over.is_set():
            signal.signal(number, end)
            _tell_main_thread(number)
            return
        threading.Thread(target=wait, args=(number,), name="outliving", daemon=True).start()

    signal.signal(signal.SIGTERM, begin)


def _tell_main_thread(number: int) -> None:
    # Only there are handlers replaced and run; a signal to the process may wake another thread.
    main = threading.main_thread().ident
    assert main is not None  # noqa: S101 -- it has been started
    signal.pthread_kill(main, number)


def find_other_workers(service: str) -> list[psutil.Process]:
    """Return the living workers of other services that the same main process started.

    Args:
        service: The name of this worker's service, which stands in its command line.
    """
    return [
        worker
        for worker, command in _list_workers()
        if "--service-name" in command and service not in command
    ]


def find_workers(service: str) -> list[psutil.Process]:
    """Return the living workers of a service that the same main process started."""
    return [
        worker
        for worker, command in _list_workers()
        if "--service-name" in command and service in command
    ]


def _list_workers() -> Iterator[tuple[psutil.Process, Sequence[str]]]:
    try:
        workers = psutil.Process(os.getppid()).children()
    except psutil.Error:  # the main process has ended: nobody comes any more
        return
    for worker in workers:
        with suppress(psutil.Error):
            yield worker, worker.cmdline()  # empty for one that has ended
