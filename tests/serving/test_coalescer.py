from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.coalescer import Coalescer, QueueFull

if TYPE_CHECKING:
    from collections.abc import Sequence


class PoisonedRow(Exception):
    """Some row of the batch cannot be answered."""


class Outage(Exception):
    """No row can be answered now."""


@dataclass
class Doubler:
    """Answers every row with its double, and remembers the batches it saw."""

    poisonous: frozenset[int] = frozenset()
    ticks: int = 1
    outage: bool = False
    batches: list[list[int]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def __call__(self, rows: Sequence[int]) -> list[int]:
        self.batches.append(list(rows))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            for _ in range(self.ticks):
                await asyncio.sleep(0)
            if self.outage:
                raise Outage
            if self.poisonous.intersection(rows):
                raise PoisonedRow
            return [2 * row for row in rows]
        finally:
            self.in_flight -= 1


def coalesce(
    doubler: Doubler, *, max_batch_rows: int = 64, max_waiting_rows: int = 10_000
) -> Coalescer[int, int]:
    return Coalescer(
        doubler,
        max_batch_rows=max_batch_rows,
        max_waiting_rows=max_waiting_rows,
        outages=(Outage,),
    )


async def tick(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Caller:
    rows: tuple[int, ...]
    arrives_after_ticks: int
    vanishes_after_ticks: int | None


@st.composite
def crowds(draw: st.DrawFn) -> list[Caller]:
    """Callers with distinct rows, arriving at different times, some of whom vanish."""
    sizes = draw(st.lists(st.integers(0, 5), min_size=1, max_size=20))
    first_rows = [sum(sizes[:position]) for position in range(len(sizes))]
    return [
        Caller(
            rows=tuple(range(first, first + size)),
            arrives_after_ticks=draw(st.integers(0, 8)),
            vanishes_after_ticks=draw(st.none() | st.integers(0, 8)),
        )
        for first, size in zip(first_rows, sizes, strict=True)
    ]


async def call(coalescer: Coalescer[int, int], caller: Caller) -> Sequence[int]:
    await tick(caller.arrives_after_ticks)
    return await coalescer.submit(caller.rows)


async def vanish(task: asyncio.Task[Sequence[int]], caller: Caller) -> None:
    if caller.vanishes_after_ticks is not None:
        await tick(caller.arrives_after_ticks + caller.vanishes_after_ticks)
        task.cancel()


async def serve(
    coalescer: Coalescer[int, int], crowd: list[Caller]
) -> list[Sequence[int] | BaseException]:
    tasks = [asyncio.create_task(call(coalescer, caller)) for caller in crowd]
    leaving = [vanish(task, caller) for task, caller in zip(tasks, crowd, strict=True)]
    answers = await asyncio.gather(*tasks, *leaving, return_exceptions=True)
    return [answer for answer in answers[: len(crowd)] if answer is not None]


@given(
    crowd=crowds(),
    poisonous=st.frozensets(st.integers(0, 100), max_size=5),
    max_batch_rows=st.integers(1, 12),
    ticks=st.integers(0, 4),
)
def test_everyone_gets_exactly_their_own_answers(
    crowd: list[Caller], poisonous: frozenset[int], max_batch_rows: int, ticks: int
) -> None:
    doubler = Doubler(poisonous, ticks)
    coalescer = coalesce(doubler, max_batch_rows=max_batch_rows)

    answers = asyncio.run(serve(coalescer, crowd))

    for caller, answer in zip(crowd, answers, strict=True):
        if isinstance(answer, asyncio.CancelledError):
            assert caller.vanishes_after_ticks is not None
        elif poisonous.intersection(caller.rows):
            assert isinstance(answer, PoisonedRow)
        else:
            assert list(answer) == [2 * row for row in caller.rows]  # type: ignore[arg-type]
    assert coalescer.waiting_rows == 0


@given(crowd=crowds(), max_batch_rows=st.integers(1, 12), ticks=st.integers(0, 4))
def test_one_call_is_in_flight_and_no_batch_is_too_large(
    crowd: list[Caller], max_batch_rows: int, ticks: int
) -> None:
    doubler = Doubler(ticks=ticks)

    asyncio.run(serve(coalesce(doubler, max_batch_rows=max_batch_rows), crowd))

    alone = {caller.rows for caller in crowd}
    assert doubler.most_in_flight <= 1
    assert all(len(batch) <= max_batch_rows or tuple(batch) in alone for batch in doubler.batches)


@given(crowd=crowds(), max_batch_rows=st.integers(1, 12))
def test_rows_are_called_once_and_in_the_order_of_their_arrival(
    crowd: list[Caller], max_batch_rows: int
) -> None:
    patient = [Caller(caller.rows, caller.arrives_after_ticks, None) for caller in crowd]
    doubler = Doubler(ticks=2)

    asyncio.run(serve(coalesce(doubler, max_batch_rows=max_batch_rows), patient))

    by_arrival = sorted(patient, key=lambda caller: caller.arrives_after_ticks)
    called = [row for batch in doubler.batches for row in batch]
    assert called == [row for caller in by_arrival for row in caller.rows]


def test_what_arrives_during_a_call_travels_in_the_next_one() -> None:
    doubler = Doubler(ticks=3)
    crowd = [Caller((number,), arrives, None) for number, arrives in enumerate((0, 2, 2, 3))]

    asyncio.run(serve(coalesce(doubler), crowd))

    assert doubler.batches == [[0], [1, 2, 3]]


def test_a_poisonous_row_fails_only_its_own_caller() -> None:
    doubler = Doubler(poisonous=frozenset({3}))
    crowd = [Caller(rows, 0, None) for rows in ((1, 2), (3, 4), (5,))]

    answers = asyncio.run(serve(coalesce(doubler), crowd))

    assert answers[0] == [2, 4]
    assert isinstance(answers[1], PoisonedRow)
    assert answers[2] == [10]


def test_an_outage_fails_the_whole_batch_without_calling_again() -> None:
    doubler = Doubler(outage=True)
    crowd = [Caller((number,), 0, None) for number in range(5)]

    answers = asyncio.run(serve(coalesce(doubler), crowd))

    assert all(isinstance(answer, Outage) for answer in answers)
    assert doubler.batches == [[0, 1, 2, 3, 4]]


def test_an_outage_while_callers_are_answered_one_by_one_is_not_called_into_again() -> None:
    batches: list[list[int]] = []

    async def fail_more_and_more(rows: Sequence[int]) -> list[int]:
        batches.append(list(rows))
        await asyncio.sleep(0)
        if len(batches) == 1:
            raise PoisonedRow
        if len(batches) == 3:
            raise Outage
        return [2 * row for row in rows]

    coalescer = Coalescer(
        fail_more_and_more, max_batch_rows=8, max_waiting_rows=8, outages=(Outage,)
    )
    crowd = [Caller((number,), 0, None) for number in range(4)]

    answers = asyncio.run(serve(coalescer, crowd))

    assert batches == [[0, 1, 2, 3], [0], [1]]
    assert answers[0] == [0]
    assert all(isinstance(answer, Outage) for answer in answers[1:])


def test_a_full_queue_refuses_and_accepts_again_later() -> None:
    async def overload() -> tuple[list[Sequence[int] | BaseException], Sequence[int]]:
        coalescer = coalesce(Doubler(ticks=3), max_waiting_rows=2)
        crowd = [Caller((number,), arrives, None) for number, arrives in enumerate((0, 2, 2, 2))]
        return await serve(coalescer, crowd), await coalescer.submit([7])

    answers, later = asyncio.run(overload())

    assert answers[:3] == [[0], [2], [4]]
    assert isinstance(answers[3], QueueFull)
    assert later == [14]


def test_a_caller_who_vanished_while_waiting_is_not_called_for() -> None:
    doubler = Doubler(ticks=5)
    crowd = [Caller((0,), 0, None), Caller((1,), 2, 1), Caller((2,), 2, None)]

    answers = asyncio.run(serve(coalesce(doubler), crowd))

    assert doubler.batches == [[0], [2]]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert answers[2] == [4]


def test_a_caller_who_vanishes_during_the_call_does_not_disturb_the_others() -> None:
    doubler = Doubler(ticks=5)
    crowd = [Caller((0,), 0, 3), Caller((1,), 0, None)]

    answers = asyncio.run(serve(coalesce(doubler), crowd))

    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1] == [2]


def test_a_call_that_loses_answers_fails_instead_of_shifting_them() -> None:
    async def forget_the_last(rows: Sequence[int]) -> list[int]:
        await asyncio.sleep(0)
        return [2 * row for row in rows[:-1]]

    async def submit() -> None:
        coalescer = Coalescer(forget_the_last, max_batch_rows=8, max_waiting_rows=8)
        await coalescer.submit([1, 2])

    with pytest.raises(RuntimeError, match="2 rows got 1 answers"):
        asyncio.run(submit())


def test_no_rows_get_no_answers_and_no_call() -> None:
    doubler = Doubler()

    assert asyncio.run(coalesce(doubler).submit([])) == ()
    assert doubler.batches == []


def test_closing_cancels_whoever_waits_and_leaves_a_usable_coalescer() -> None:
    async def close_and_reopen() -> tuple[list[Sequence[int] | BaseException], Sequence[int]]:
        coalescer = coalesce(Doubler(ticks=5))
        tasks = [asyncio.create_task(coalescer.submit([number])) for number in range(3)]
        await tick(2)
        await coalescer.close()
        return await asyncio.gather(*tasks, return_exceptions=True), await coalescer.submit([9])

    answers, later = asyncio.run(close_and_reopen())

    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
    assert later == [18]


def test_calls_do_not_run_in_the_first_callers_context() -> None:
    from contextvars import ContextVar

    request_id: ContextVar[str] = ContextVar("request_id", default="none")
    seen: list[str] = []

    async def look(rows: Sequence[int]) -> Sequence[int]:
        seen.append(request_id.get())
        return rows

    async def submit() -> None:
        request_id.set("first")
        await Coalescer(look, max_batch_rows=8, max_waiting_rows=8).submit([1])

    asyncio.run(submit())

    assert seen == ["none"]
