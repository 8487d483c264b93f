"""Moves what SQLite's journal has gathered into the database, beside the writing.

Left to itself SQLite does so in the middle of some unlucky transaction, with everybody waiting for
the disk: 40 to 60 ms where the others take 1 (ADR 0031).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from credit.errors import LogUnavailable

PAUSE_SECONDS = 0.5

logger = logging.getLogger("credit.serving")


class Checkpointing:
    """Calls for a checkpoint again and again, in a thread of its own, until it is stopped.

    Args:
        checkpoint: Makes one; must not disturb who writes.
    """

    def __init__(self, checkpoint: Callable[[], None]) -> None:
        self._checkpoint = checkpoint
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when the last checkpoint is done."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            try:
                self._checkpoint()
            except LogUnavailable as error:
                logger.warning("%s", error)
