from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from serving.coalescer import QueueFull
from serving.history_computation import MOST_WAITING, HistoryComputation
from serving.raw_histories import RawHistories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from serving.history_block import HistoryBlock


class SlowHistories:
    """Computes as many zeros as there are histories, when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: set[str] = set()

    def compute(self, blocks: Sequence[HistoryBlock]) -> NDArray[np.float32]:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(10)
        return np.zeros((len(blocks), 1), np.float32)


def prepare(slow: SlowHistories) -> HistoryComputation:
    return HistoryComputation(lambda: cast("RawHistories", slow))


def test_requests_are_computed_one_by_one_beside_the_event_loop() -> None:
    slow = SlowHistories()

    async def ask() -> list[NDArray[np.float32]]:
        computation = prepare(slow)
        asked = [asyncio.create_task(computation.compute([{}] * count)) for count in (1, 2, 3)]
        await asyncio.sleep(0)  # the loop is free although nothing is computed yet
        slow.go.set()
        return await asyncio.gather(*asked)

    answers = asyncio.run(ask())

    assert [len(answer) for answer in answers] == [1, 2, 3]
    assert len(slow.threads) == 1
    assert threading.current_thread().name not in slow.threads


def test_too_many_waiting_requests_are_told_to_come_back_and_leave_their_places() -> None:
    slow = SlowHistories()

    async def ask() -> None:
        computation = prepare(slow)
        waiting = [asyncio.create_task(computation.compute([{}])) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull, match="16 requests with histories"):
            await computation.compute([{}])
        slow.go.set()
        await asyncio.gather(*waiting)
        assert len(await computation.compute([{}])) == 1

    asyncio.run(ask())
