"""Knows whether the model's process can answer, so that nobody waits for one that cannot.

The socket of a runner that died still takes connections, since BentoML's main process holds it: a
caller would wait there until the time is over, and so would all who come after.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

import numpy as np
import psutil
from numpy.typing import NDArray

from serving.runner_call import Ask, Number, RunnerUnavailable

logger = logging.getLogger("credit.serving")

CHECK_SECONDS = 0.1

FindWorkers = Callable[[], Sequence[psutil.Process]]
Probe = Callable[[], Awaitable[bool]]


class RunnerWatch:
    """Lets calls of the model through while it answers, and fails them at once while it does not.

    Args:
        find_workers: The processes that hold the model; empty where they cannot be told.
        probe: Returns whether the model answers; takes a limited time.
    """

    def __init__(self, find_workers: FindWorkers, probe: Probe) -> None:
        self._find_workers = find_workers
        self._probe = probe
        self._workers: Sequence[psutil.Process] = ()
        self._calls: set[asyncio.Timeout] = set()
        self.available = False

    async def run(self) -> None:
        """Watch for as long as the task lives."""
        while True:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 -- without the watch nobody is answered again
                logger.error("The watch failed: %s", type(error).__name__)  # noqa: TRY400 -- no text
            await asyncio.sleep(CHECK_SECONDS)

    def guard(self, call: Ask[Number]) -> Ask[Number]:
        """Return the call, which fails as soon as it is known that nobody will answer.

        It raises `RunnerUnavailable` then.
        """

        async def guarded(features: NDArray[np.float32]) -> NDArray[Number]:
            if not self.available:
                raise _report_outage()
            try:
                # Without a time of its own; ended by the watch.
                async with asyncio.timeout(None) as end:
                    self._calls.add(end)
                    try:
                        return await call(features)
                    finally:
                        self._calls.discard(end)
            except TimeoutError:
                raise _report_outage() from None
            except RunnerUnavailable:
                self._give_up()
                raise

        return guarded

    async def _look(self) -> None:
        if not self.available:
            if await self._probe():
                self._workers = self._find_workers()
                self.available = True
                logger.info("The model answers.")
        elif self._workers and not any(map(is_alive, self._workers)):
            logger.warning("The model's process has ended.")
            self._give_up()

    def _give_up(self) -> None:
        self.available = False
        now = asyncio.get_running_loop().time()
        for call in self._calls:
            if not call.expired():
                call.reschedule(now)


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process has not ended, be it noticed by its parent or not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _report_outage() -> RunnerUnavailable:
    return RunnerUnavailable("The model does not answer now; send the request again.")
