"""What each of the service's own features costs: the service without it, or with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.serving.arena import Arena, Questions
from benchmarks.serving.comparison import read_plan, tell_turn, write_turns
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.contestants.ours import HISTORY_STORE, serve_ours
from benchmarks.serving.rounds import Say, Turn, summarise, take_turns
from credit.errors import CreditError, ServiceFailed
from settings import Settings

AS_SERVED = "as served"
TOKEN_SECRET = "a secret of the benchmark, thirty-two bytes or more"  # noqa: S105 -- of a minute
VALIDATION_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class FeatureVariant:
    """The service, served otherwise.

    Attributes:
        name: What is different.
        environment: The settings that make it so, made from the arena.
        choose_questions: What it is asked.
        make_headers: What its requests get besides; called with the settings in the environment.
    """

    name: str
    environment: Callable[[Arena], Mapping[str, str]] = field(default=lambda _arena: {})
    choose_questions: Callable[[Arena], Questions] = field(default=lambda arena: arena.applicants)
    make_headers: Callable[[Mapping[str, str]], tuple[str, ...]] = field(default=lambda _set: ())


def issue_token(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the header of a token that `credit token` issues.

    Raises:
        ServiceFailed: If it issues none.
    """
    command = [sys.executable, "-m", "cli", "token", "--subject", "benchmark", "--scope", "score"]
    finished = subprocess.run(  # noqa: S603 -- our own command
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        raise ServiceFailed("`credit token` issued none.")
    return (f"Authorization: Bearer {finished.stdout.strip().splitlines()[-1]}",)


# To measure another feature, add how it is switched off, or on.
VARIANTS = (
    FeatureVariant(AS_SERVED),
    FeatureVariant("without decision log", lambda _arena: {"CREDIT_DECISION_LOG": "off"}),
    FeatureVariant("without pseudonyms", lambda _arena: {"CREDIT_LOG_PSEUDONYMS": "false"}),
    FeatureVariant("without reasons", lambda _arena: {"CREDIT_LOG_REASONS": "false"}),
    FeatureVariant(
        "without histories",
        lambda arena: {HISTORY_STORE: str(arena.empty_history_store)},
        lambda arena: arena.applicants_without_history,
    ),
    FeatureVariant(
        "with access tokens",
        lambda _arena: {"CREDIT_TOKEN_SECRET": TOKEN_SECRET},
        make_headers=issue_token,
    ),
)


def run_feature_costs(arena: Arena, options: Namespace, out: Path, say: Say) -> int:
    """Measure, print and write; return 1 if a request failed."""
    names = options.only.split(",") if options.only else [item.name for item in VARIANTS]
    contestants: list[Contestant] = []
    turns: list[Turn] = []
    for variant in VARIANTS:
        if variant.name in {AS_SERVED, *names}:
            try:
                contestants.append(_make_contestant(arena, variant))
            except CreditError as error:
                turns.append(Turn(variant.name, "", error=str(error)))
    plan = read_plan(options)
    for turn in take_turns(arena, contestants, plan, say):
        turns.append(turn)
        tell_turn(turn, say)
    write_turns(turns, out / "features.json")
    text = _render(turns, plan.concurrencies, time_validation(arena))
    (out / "features.md").write_text(text)
    print(text)
    return int(any(turn.measurement.failed for turn in turns if turn.measurement))


def _make_contestant(arena: Arena, variant: FeatureVariant) -> Contestant:
    environment = variant.environment(arena)
    unknown = sorted(set(environment) - list_variables())
    if unknown:
        raise ServiceFailed(f"This version has no setting {', '.join(unknown)}.")
    headers = variant.make_headers(environment)
    served = Variant("", environment=environment, headers=headers)
    return Contestant(variant.name, variant.name, serve_ours, variant.choose_questions, (served,))


def list_variables() -> set[str]:
    """Return the environment variables that are settings; any other would be ignored."""
    return {
        str(item.validation_alias or f"CREDIT_{name.upper()}")
        for name, item in Settings.model_fields.items()
    }


def time_validation(arena: Arena) -> float:
    """Return the microseconds that decoding and checking a request take, in this process."""
    from serving.applicant import check_applicant
    from serving.request import parse_body

    bodies = arena.applicants.bodies.read_bytes().splitlines()
    taken_us: list[float] = []
    for _ in range(VALIDATION_ROUNDS):
        started_s = time.perf_counter()
        for body in bodies:
            check_applicant(parse_body(body).rows[0], ("body", "data"))
        taken_us.append(1e6 * (time.perf_counter() - started_s) / len(bodies))
    return median(taken_us)


def _render(turns: Sequence[Turn], concurrencies: Sequence[int], validation_us: float) -> str:
    lines = [
        "| served | concurrent | requests/s | p50 ms | p99 ms | CPU µs | its cost | failed |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name in dict.fromkeys(turn.contestant for turn in turns):
        lines += [_render_row(turns, name, level) for level in concurrencies]
        lines += [
            f"| {name} | | {turn.error} | | | | | |"
            for turn in turns
            if turn.contestant == name and turn.error
        ]
    lines = [line for line in lines if line]
    busiest = summarise(turns, AS_SERVED, max(concurrencies))
    if busiest is not None:
        share = validation_us / (1_000 * busiest.cpu_s)
        lines.append(
            f"\nDecoding and checking a request takes {validation_us:.0f} µs, {share:.0%} of what "
            f"a request costs at {max(concurrencies)} concurrent."
        )
    return "\n".join(lines) + "\n"


def _render_row(turns: Sequence[Turn], name: str, concurrency: int) -> str:
    seen, as_served = (summarise(turns, who, concurrency) for who in (name, AS_SERVED))
    if seen is None:
        return ""
    cost = ""
    if as_served is not None and name != AS_SERVED:
        less = 1_000 * (as_served.cpu_s - seen.cpu_s)
        cost = f"{less if name.startswith('without') else -less:,.0f}"
    return (
        f"| {name} | {concurrency} | {seen.rate:,.1f} | {seen.p50_ms:,.2f} | {seen.p99_ms:,.2f} | "
        f"{1_000 * seen.cpu_s:,.0f} | {cost} | {seen.failed:,} |"
    )
