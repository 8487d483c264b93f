"""What the service must show beside the others, and whether it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.serving.measuring import Measurement

Find = Callable[[str, int], Measurement | None]

OURS = "ours"
LEAST_RATES = (
    ("pandas", 64, 30.0),
    ("mlflow", 64, 40.0),
    ("expert", 64, 1.2),
    ("ceiling", 64, 0.5),
)
MOST_P99_MS = 100.0
MOST_P99_TO_PANDAS_P50 = 0.1
MOST_P50_TO_EXPERT = 3.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something the service must show.

    Attributes:
        claim: What, with its limit.
        found: The figure; None if it was not measured.
        passed: Whether it keeps the limit; None if it was not measured.
    """

    claim: str
    found: float | None = None
    passed: bool | None = None


def judge(find: Find) -> list[Verdict]:
    """Return the verdicts on medians, found by contestant and concurrency.

    A contestant with failures is not beaten: its figures do not count, and neither do ours.
    """
    verdicts = [
        at_least(
            f"requests/s at {concurrency} concurrent, times those of {other}",
            _divide(find, other, concurrency, lambda seen: seen.rate),
            limit,
        )
        for other, concurrency, limit in LEAST_RATES
    ]
    at_64 = _find_sound(find, OURS, 64)
    verdicts.append(
        at_most("p99 at 64 concurrent, ms", at_64.p99_ms if at_64 else None, MOST_P99_MS)
    )
    pandas = _find_sound(find, "pandas", 64)
    tail = at_64.p99_ms / pandas.p50_ms if at_64 and pandas else None
    claim = "p99 at 64 concurrent, of the p50 of pandas"
    verdicts.append(at_most(claim, tail, MOST_P99_TO_PANDAS_P50))
    alone = _divide(find, "expert", 1, lambda seen: seen.p50_ms)
    claim = "p50 at 1 concurrent, times that of expert"
    verdicts.append(at_most(claim, alone, MOST_P50_TO_EXPERT))
    return verdicts


def _find_sound(find: Find, contestant: str, concurrency: int) -> Measurement | None:
    seen = find(contestant, concurrency)
    return seen if seen is not None and not seen.failed and seen.rate else None


def _divide(
    find: Find, other: str, concurrency: int, figure: Callable[[Measurement], float]
) -> float | None:
    """Return our figure divided by the other's; None if one is not there, or had failures."""
    ours, theirs = (_find_sound(find, name, concurrency) for name in (OURS, other))
    return figure(ours) / figure(theirs) if ours and theirs else None


def at_least(claim: str, found: float | None, limit: float) -> Verdict:
    """Return whether a figure is no less than a limit."""
    return Verdict(f"{claim}: at least {limit:g}", found, None if found is None else found >= limit)


def at_most(claim: str, found: float | None, limit: float) -> Verdict:
    """Return whether a figure is no more than a limit."""
    return Verdict(f"{claim}: at most {limit:g}", found, None if found is None else found <= limit)
