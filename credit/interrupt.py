"""How a command ends when it is told to: once, with time to clean up behind itself."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CLEANUP_SECONDS = 30
"""For so long after the first signal others are ignored, or they would cut the cleaning short."""

# Ctrl-C, `kill`, and a closed terminal; Windows does not have the last.
ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Ending:
    """Raises KeyboardInterrupt when a signal asks for the end, and remembers which one did.

    Libraries turn a KeyboardInterrupt into errors of their own, so whoever catches an error asks
    here whether it is one.

    Attributes:
        signal: The first signal that came; None until then.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._arrived_s = 0.0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a command that a signal ended: 130 after Ctrl-C."""
        return 128 + (self.signal or 0)

    def listen(self) -> None:
        """Take over the signals, except those that were ignored, as under `nohup`."""
        for number in ENDING_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._end)

    def stop_listening(self) -> None:
        """Ignore the signals from here on: all is done, and nothing is left to be interrupted."""
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self.signal is not None and now_s - self._arrived_s < CLEANUP_SECONDS:
            return
        self.signal, self._arrived_s = number, now_s
        raise KeyboardInterrupt


@contextmanager
def postpone_ending() -> Iterator[None]:
    """Hold ending signals back until the block is done; for what must not be done by halves.

    In another thread it does nothing, since signals arrive in the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number, handler in handlers.items():
        if callable(handler):
            signal.signal(number, lambda number, _frame: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
