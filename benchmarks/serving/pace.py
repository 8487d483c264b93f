"""When the next question is asked: at the last answer, or when it is due."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter

from benchmarks.serving.connection import Connection
from benchmarks.serving.pool import Pool

TICK_S = 0.001


class ClosedLoop:
    """Every connection asks as soon as it is answered: as many in flight as there are connections.

    A slow answer puts the next question off, so that a pause of the server is felt by few.
    """

    def __init__(self) -> None:
        self._is_over = False

    def take_idle(self, pool: Pool, connection: Connection) -> None:
        """Ask."""
        if not self._is_over:
            pool.ask(connection)

    def needs_another(self, pool: Pool) -> bool:  # noqa: ARG002 -- the other pace needs it
        """Return True: a connection that is gone is one in flight too few."""
        return not self._is_over

    async def run(self, pool: Pool, until_s: float) -> None:  # noqa: ARG002 -- the same
        """Wait; the answers drive it."""
        await asyncio.sleep(until_s - perf_counter())
        self._is_over = True


class FixedRate:
    """Questions come evenly at a rate, whether the earlier ones are answered or not.

    Latency counts from when a question was due: one that had to wait for a connection has waited.
    Timers are no finer than a millisecond, so what is due in the next one is asked at its start,
    and counts from then.

    Args:
        rate: Questions a second.
        most: Connections at most.
    """

    def __init__(self, rate: float, most: int) -> None:
        self._rate = rate
        self._most = most
        self._idle: list[Connection] = []
        self._waiting: deque[float] = deque()

    def take_idle(self, pool: Pool, connection: Connection) -> None:
        """Ask what is overdue, or keep the connection for later."""
        if self._waiting:
            pool.ask(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    def needs_another(self, pool: Pool) -> bool:
        """Return whether a question waits that another connection could ask."""
        return bool(self._waiting) and pool.size < self._most

    async def run(self, pool: Pool, until_s: float) -> None:
        """Ask at the rate until the time comes; what is due by then is asked."""
        started_s = perf_counter()
        asked = 0
        last = round((until_s - started_s) * self._rate)
        while asked < last:
            now_s = perf_counter()
            due = min(last, int((now_s + TICK_S - started_s) * self._rate) + 1)
            while asked < due:
                self._ask(pool, min(now_s, started_s + asked / self._rate))
                asked += 1
            self._drop_overdue(pool, now_s)
            next_s = started_s + asked / self._rate
            await asyncio.sleep(max(TICK_S, next_s - TICK_S - perf_counter()))
        await asyncio.sleep(max(0.0, until_s - perf_counter()))

    def drop_waiting(self, pool: Pool) -> None:
        """Count what was never asked as failed."""
        self._drop_overdue(pool, float("inf"))

    def _ask(self, pool: Pool, due_s: float) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                pool.ask(connection, due_s)
                return
        self._waiting.append(due_s)
        if pool.size < self._most:
            pool.open_another()

    def _drop_overdue(self, pool: Pool, now_s: float) -> None:
        while self._waiting and self._waiting[0] < now_s - pool.timeout_s:
            due_s = self._waiting.popleft()
            pool.tally.add(due_s, perf_counter(), "never sent")
