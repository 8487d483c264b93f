"""The connections to a target: what they are asked, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Protocol

from benchmarks.serving.connection import Connection, Target
from benchmarks.serving.judging import Judge
from benchmarks.serving.tally import Tally

RECONNECT_S = 0.02
SWEEP_S = 0.25


class Pace(Protocol):
    """Decides when the next question is asked."""

    def take_idle(self, pool: Pool, connection: Connection) -> None:
        """Make use of a connection that could be asked now."""

    def needs_another(self, pool: Pool) -> bool:
        """Return whether a connection that is gone must be replaced at once."""


class Pool:
    """Open connections; every question and its answer passes here.

    Args:
        target: Who is asked.
        bodies: What, one after the other and over again.
        judge: Looks at the answers.
        tally: Where they are remembered.
        pace: When they are asked.
        timeout_s: After which a question counts as failed.
    """

    def __init__(
        self,
        target: Target,
        bodies: Sequence[bytes],
        judge: Judge,
        tally: Tally,
        pace: Pace,
        timeout_s: float,
    ) -> None:
        self._target = target
        self._requests = [target.make_request(body) for body in bodies]
        self._judge = judge
        self.tally = tally
        self._pace = pace
        self.timeout_s = timeout_s
        self._turn = 0
        self._connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._is_closing = False

    @property
    def size(self) -> int:
        """Connections that are open, or about to be."""
        return len(self._connections) + len(self._opening)

    @property
    def in_flight(self) -> list[Connection]:
        """Connections with a question that is not answered."""
        return [item for item in self._connections if item.question is not None]

    async def open(self, count: int) -> None:
        """Open connections, and return when all are.

        Raises:
            OSError: If nobody listens.
        """
        host, port = self._target.address
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.create_connection(lambda: Connection(self), host, port) for _ in range(count))
        )

    def open_another(self) -> None:
        """Open one more connection, for as long as it takes."""
        task = asyncio.get_running_loop().create_task(self._insist())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def ask(self, connection: Connection, began_s: float | None = None) -> None:
        """Ask the next question."""
        question = self._turn
        self._turn = question + 1 if question + 1 < len(self._requests) else 0
        connection.ask(question, self._requests[question], began_s)

    async def sweep(self) -> None:
        """Give up, for ever, what has been in flight for too long."""
        while True:
            await asyncio.sleep(SWEEP_S)
            latest_s = perf_counter() - self.timeout_s
            for connection in self.in_flight:
                if connection.began_s < latest_s:
                    connection.give_up("timeout")

    async def close(self) -> None:
        """Close all connections; what is in flight counts as unanswered."""
        self._is_closing = True
        for task in self._opening:
            task.cancel()
        for connection in [*self._connections]:
            connection.give_up("unanswered at the end")
        await asyncio.sleep(0)

    def take_open(self, connection: Connection) -> None:
        """Make use of a connection that is open and idle."""
        self._connections.add(connection)
        self._pace.take_idle(self, connection)

    def take_answer(self, connection: Connection, status: int, body: bytes) -> None:
        """Remember the answer, and go on."""
        ended_s = perf_counter()
        question = connection.question
        if question is None:
            connection.give_up("answer without a question")
            return
        connection.question = None
        fault = self._judge.find_fault(status, body, question)
        self.tally.add(connection.began_s, ended_s, fault)
        if connection.is_usable:
            self._pace.take_idle(self, connection)

    def take_loss(self, connection: Connection) -> None:
        """Remember the question that stays unanswered, and replace the connection if need be."""
        self._connections.discard(connection)
        if connection.question is not None:
            connection.question = None
            self.tally.add(connection.began_s, perf_counter(), connection.loss)
        if not self._is_closing and self._pace.needs_another(self):
            self.open_another()

    async def _insist(self) -> None:
        while True:
            try:
                await self.open(1)
            except OSError:
                await asyncio.sleep(RECONNECT_S)
            else:
                return
