"""One call in flight; whatever arrives meanwhile travels together in the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from credit.errors import CreditError

Row = TypeVar("Row")
Answer = TypeVar("Answer")
BatchCall = Callable[[Sequence[Row]], Awaitable[Sequence[Answer]]]
AfterCall = Callable[[Sequence[Row], Sequence[Answer]], Awaitable[None]]


class QueueFull(CreditError):
    """More rows are waiting than the service will answer in time; come back later."""

    http_status = 503


@dataclass(frozen=True, slots=True)
class _Job(Generic[Row, Answer]):
    rows: Sequence[Row]
    answers: asyncio.Future[Sequence[Answer]]


class Coalescer(Generic[Row, Answer]):
    """Gathers the rows of concurrent callers into batches, first come, first served.

    Waiting costs nothing that would not be spent anyway: a caller who finds no call in flight
    leaves at once and alone, and the busier the service, the larger its batches. A caller who is
    cancelled while waiting is dropped. Belongs to one event loop.

    Args:
        call: Answers a batch: one answer a row, in order.
        max_batch_rows: A batch takes no further caller beyond this; one caller's rows are never
            split, so a caller with more rows travels alone.
        max_waiting_rows: Rows that may wait; callers beyond it get `QueueFull`.
        outages: Errors of `call` that are nobody's rows' fault. Other errors make each caller of
            the batch be called for alone, so that a poisonous row fails only its own caller.
        after: What is done with a batch and its answers before they are handed out, while the next
            batch is called for already. Its errors are everybody's in the batch.
    """

    def __init__(
        self,
        call: BatchCall[Row, Answer],
        *,
        max_batch_rows: int,
        max_waiting_rows: int,
        outages: tuple[type[Exception], ...] = (),
        after: AfterCall[Row, Answer] | None = None,
    ) -> None:
        self._call = call
        self._max_batch_rows = max_batch_rows
        self._max_waiting_rows = max_waiting_rows
        self._outages = outages
        self._after = after
        self._finishing: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Job[Row, Answer]] = deque()
        self._waiting_rows = 0
        self._draining: asyncio.Task[None] | None = None

    @property
    def waiting_rows(self) -> int:
        """Rows that are not in a call yet, those of vanished callers included."""
        return self._waiting_rows

    async def submit(self, rows: Sequence[Row]) -> Sequence[Answer]:
        """Return one answer a row, in the order of the rows.

        Raises:
            QueueFull: If these rows would not fit into the queue.
            Exception: Whatever the call raised for these rows.
        """
        if not rows:
            return ()
        if self._waiting_rows + len(rows) > self._max_waiting_rows:
            raise QueueFull(
                f"{self._waiting_rows} rows are waiting and {len(rows)} more would exceed "
                f"{self._max_waiting_rows}; send them again in a second."
            )
        loop = asyncio.get_running_loop()
        job: _Job[Row, Answer] = _Job(rows, loop.create_future())
        self._waiting.append(job)
        self._waiting_rows += len(rows)
        if self._draining is None:
            # An empty context: the calls belong to all callers, not to the first one's request.
            self._draining = loop.create_task(self._drain(), context=Context())
        return await job.answers

    async def close(self) -> None:
        """Stop calling; everyone who still waits is cancelled."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait([self._draining])
        if self._finishing:
            await asyncio.wait(self._finishing)

    async def _drain(self) -> None:
        batch: list[_Job[Row, Answer]] = []
        try:
            while batch := self._take_batch():
                await self._answer(batch)
        finally:
            # Nobody waits for ever, even if this task is cancelled in the middle of a call.
            for job in (*batch, *self._waiting):
                job.answers.cancel()
            self._waiting.clear()
            self._waiting_rows = 0
            self._draining = None

    def _take_batch(self) -> list[_Job[Row, Answer]]:
        """Return the next callers whose rows fit together, without those who vanished."""
        batch: list[_Job[Row, Answer]] = []
        batch_rows = 0
        while self._waiting:
            job = self._waiting[0]
            vanished = job.answers.done()
            if not vanished and batch and batch_rows + len(job.rows) > self._max_batch_rows:
                break
            self._waiting.popleft()
            self._waiting_rows -= len(job.rows)
            if not vanished:
                batch.append(job)
                batch_rows += len(job.rows)
        return batch

    async def _answer(self, batch: list[_Job[Row, Answer]]) -> Exception | None:
        """Answer everyone in the batch; return the outage that prevented it, if one did."""
        rows = [row for job in batch for row in job.rows]
        try:
            answers = await self._call_for(rows)
        except self._outages as outage:
            _fail(batch, outage)
            return outage
        except Exception as error:  # noqa: BLE001 -- handed to the caller, who raises it
            if len(batch) > 1:
                return await self._answer_one_by_one(batch)
            _fail(batch, error)
        else:
            self._begin_to_finish(batch, rows, answers)
        return None

    def _begin_to_finish(
        self, batch: list[_Job[Row, Answer]], rows: list[Row], answers: Sequence[Answer]
    ) -> None:
        if self._after is None:
            _hand_out(batch, answers)
            return
        finishing = self._finish(batch, self._after(rows, answers), answers)
        task = asyncio.get_running_loop().create_task(finishing)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finish(
        self, batch: list[_Job[Row, Answer]], after: Awaitable[None], answers: Sequence[Answer]
    ) -> None:
        try:
            await after
        except Exception as error:  # noqa: BLE001 -- handed to the callers, who raise it
            _fail(batch, error)
        else:
            _hand_out(batch, answers)
        finally:
            for job in batch:
                job.answers.cancel()  # what is done already stays as it is

    async def _answer_one_by_one(self, batch: list[_Job[Row, Answer]]) -> Exception | None:
        outage: Exception | None = None
        for job in batch:
            if outage is not None:
                _fail([job], outage)
            elif not job.answers.done():
                outage = await self._answer([job])
        return outage

    async def _call_for(self, rows: list[Row]) -> Sequence[Answer]:
        answers = await self._call(rows)
        if len(answers) != len(rows):
            raise RuntimeError(f"{len(rows)} rows got {len(answers)} answers.")
        return answers


def _hand_out(batch: list[_Job[Row, Answer]], answers: Sequence[Answer]) -> None:
    start = 0
    for job in batch:
        end = start + len(job.rows)
        if not job.answers.done():
            job.answers.set_result(answers[start:end])
        start = end


def _fail(batch: list[_Job[Row, Answer]], error: Exception) -> None:
    for job in batch:
        if not job.answers.done():
            job.answers.set_exception(error)
