"""Contestants take turns, round after round, so that a noisy machine hits all alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.serving.measuring import Measurement, Pressure, measure
from credit.errors import CreditError

if TYPE_CHECKING:
    from benchmarks.serving.arena import Arena
    from benchmarks.serving.contestants.contestant import Contestant, Variant

Say = Callable[[str], None]

TRIAL = Pressure(concurrency=64, seconds=4, warmup_seconds=3)
MOST_WARMUP_SECONDS = 20.0
QUEUES_TO_WARM_UP = 1.2


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant at one concurrency in one round.

    Attributes:
        contestant: Its name.
        variant: The variant's; empty if there is but one.
        measurement: What was seen; None if it failed.
        error: Why it failed.
    """

    contestant: str
    variant: str
    measurement: Measurement | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rounds go.

    Attributes:
        rounds: How many.
        seconds: For how long each is measured, at each concurrency.
        warmup_seconds: For how long at least it is asked before that.
        concurrencies: Ascending.
    """

    rounds: int
    seconds: float
    warmup_seconds: float
    concurrencies: tuple[int, ...]


def prepare_contestants(
    arena: Arena, contestants: Sequence[Contestant], say: Say
) -> tuple[list[Contestant], list[Turn]]:
    """Return the contestants that can take part, and turns that tell why the others can't."""
    fit: list[Contestant] = []
    unfit: list[Turn] = []
    for contestant in contestants:
        try:
            if contestant.prepare is not None:
                contestant.prepare(arena)
            fit.append(replace(contestant, variants=(_choose_variant(arena, contestant, say),)))
        except CreditError as error:
            say(f"{contestant.title}: {error}")
            unfit.append(Turn(contestant.name, "", error=str(error)))
    return fit, unfit


def _choose_variant(arena: Arena, contestant: Contestant, say: Say) -> Variant:
    if len(contestant.variants) == 1:
        return contestant.variants[0]
    rates: list[float] = []
    for variant in contestant.variants:
        rate = 0.0
        try:
            with contestant.launch(arena, variant, _name_log(arena, contestant)) as running:
                seen = measure(running, contestant.choose_questions(arena), TRIAL)
            rate = 0.0 if seen.failed else seen.rate
            say(f"{contestant.title}, {variant.name}: {rate:,.0f} a second at 64")
        except CreditError as error:
            say(f"{contestant.title}, {variant.name}: {error}")
        rates.append(rate)
    return contestant.variants[rates.index(max(rates))]


def take_turns(
    arena: Arena, contestants: Sequence[Contestant], plan: Plan, say: Say
) -> Iterator[Turn]:
    """Yield every turn; one that fails does not end the others."""
    for number in range(plan.rounds):
        for contestant in contestants:
            say(f"Round {number + 1} of {plan.rounds}: {contestant.title}")
            yield from _take_turn(arena, contestant, plan)


def _take_turn(arena: Arena, contestant: Contestant, plan: Plan) -> Iterator[Turn]:
    variant = contestant.variants[0]
    questions = contestant.choose_questions(arena)
    try:
        with contestant.launch(arena, variant, _name_log(arena, contestant)) as running:
            rate = None
            for concurrency in plan.concurrencies:
                warmup_s = _find_warmup_s(plan, concurrency, rate)
                pressure = Pressure(concurrency, plan.seconds, warmup_s)
                seen = measure(running, questions, pressure, variant.headers)
                rate = seen.rate
                yield Turn(contestant.name, variant.name, seen)
    except CreditError as error:
        yield Turn(contestant.name, variant.name, error=str(error))


def _find_warmup_s(plan: Plan, concurrency: int, rate: float | None) -> float:
    """Return how long it takes until everyone who waits has waited as long as they will."""
    queue_s = QUEUES_TO_WARM_UP * concurrency / rate if rate else 0.0
    return max(plan.warmup_seconds, min(queue_s, MOST_WARMUP_SECONDS))


def _name_log(arena: Arena, contestant: Contestant) -> Path:
    return arena.folder / "logs" / f"{contestant.name}.log"


def summarise(turns: Sequence[Turn], contestant: str, concurrency: int) -> Measurement | None:
    """Return the medians of a contestant's rounds, with all their failures; None if it has none."""
    seen = [
        turn.measurement
        for turn in turns
        if turn.contestant == contestant
        and turn.measurement is not None
        and turn.measurement.concurrency == concurrency
    ]
    if not seen:
        return None
    failures: dict[str, int] = {}
    for item in seen:
        for fault, count in item.failures.items():
            failures[fault] = failures.get(fault, 0) + count
    return Measurement(
        concurrency,
        median(item.rate for item in seen),
        median(item.p50_ms for item in seen),
        median(item.p99_ms for item in seen),
        failures,
        median(item.cpu_s for item in seen),
        median(item.memory_mb for item in seen),
        median(item.generator_us for item in seen),
    )
