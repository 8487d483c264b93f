"""Computes the histories that come with requests beside the event loop, one request at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from serving.coalescer import QueueFull
from serving.history_block import HistoryBlock

if TYPE_CHECKING:
    from serving.raw_histories import RawHistories

MOST_WAITING = 16
"""Requests that may wait; the largest take some tenths of a second each."""

logger = logging.getLogger("credit.serving")


def _prepare_histories() -> RawHistories:
    """Return what computes features, imported here: only this thread needs DuckDB."""
    from serving.raw_histories import RawHistories

    return RawHistories()


class HistoryComputation:
    """Hands histories to a thread of their own, in the order they came.

    Args:
        prepare: Makes what computes their features; called in that thread, at once.
    """

    def __init__(self, prepare: Callable[[], RawHistories] = _prepare_histories) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="histories")
        self._histories = self._thread.submit(prepare)
        self._histories.add_done_callback(_tell_failure)
        self._waiting = 0

    def is_ready(self) -> bool:
        """Return whether histories can be computed: not before, nor if, preparing failed."""
        return self._histories.done() and self._histories.exception() is None

    async def compute(self, blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
        """Return the history features of a request's applicants, shape (n, history features).

        Raises:
            QueueFull: If too many requests with histories wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise QueueFull(
                f"{self._waiting} requests with histories are waiting; send it again in a second."
            )
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._compute, blocks)
        finally:
            self._waiting -= 1

    def _compute(self, blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
        return self._histories.result().compute(blocks)


def _tell_failure(prepared: Future[RawHistories]) -> None:
    if error := prepared.exception():
        logger.error("Histories that come along cannot be computed: %s", type(error).__name__)
