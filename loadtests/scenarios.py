"""The scenarios: what is asked, by how many, for how long, and what the run must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from loadtests.inquiries import Kind, Mix
from loadtests.objectives import BOUNDS, Objectives

DEFAULT = "single"


class Load(StrEnum):
    """How much is asked while a run lasts."""

    STEADY = "steady"
    SPIKE = "an eighth, for a fifth of the time all, an eighth again"
    SHARE_OF_SATURATION = "open loop at 70 % of what a closed loop reached in the 20 s before"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load test.

    Attributes:
        meaning: What it asks for.
        mix: Kinds of requests.
        objectives: What it must show, on a small machine that runs service and load test alike.
        users: Clients, where the command line says nothing else.
        seconds: Duration, likewise.
        load: How much is asked while it lasts.
        batch_rows: Applicants in a batch.
        edge_share: Which share of the time is its start, and which its end, for `p99_growth`.
    """

    meaning: str
    mix: Mix
    objectives: Objectives
    users: int = 64
    seconds: int = 30
    load: Load = Load.STEADY
    batch_rows: int = 500
    edge_share: float = 0.1


def _limit(
    p50_ms: float, p95_ms: float, p99_ms: float, requests_per_second: float, **others: float
) -> Objectives:
    latencies = {"p50_ms": p50_ms, "p95_ms": p95_ms, "p99_ms": p99_ms}
    return {
        **latencies,
        "failure_share": 0.0,
        "requests_per_second": requests_per_second,
        **others,
    }


SCENARIOS: Mapping[str, Scenario] = {
    "single": Scenario(
        "decisions on one applicant each", {Kind.SINGLE: 1}, _limit(150, 250, 400, 200)
    ),
    "batch": Scenario(
        "decisions on 500 applicants each",
        {Kind.BATCH: 1},
        _limit(800, 1_500, 2_500, 4, rows_per_second=2_000),
        users=4,
    ),
    "mixed": Scenario(
        "68 % single, 15 % explanations, 10 % on other terms, 3 % invalid, 2 % with their history, "
        "2 % batches of 50",
        {
            Kind.SINGLE: 68,
            Kind.EXPLAIN: 15,
            Kind.HISTORY: 2,
            Kind.MINIMAL: 10,
            Kind.INVALID: 3,
            Kind.BATCH: 2,
        },
        _limit(400, 1_000, 2_000, 50),
        users=16,  # so many requests with histories may wait in the service
        batch_rows=50,
    ),
    "minimal": Scenario(
        "stored applications with another duration; a revolving loan must be refused",
        {Kind.MINIMAL: 1},
        _limit(200, 400, 600, 100),
    ),
    "explain": Scenario(
        "decisions with contributions, which must add up, and reasons",
        {Kind.EXPLAIN: 1},
        _limit(300, 500, 800, 100),
    ),
    "invalid": Scenario(
        "fourteen mistakes, each refused as it must be (422, 413, 404), a bad row of a list alone",
        {Kind.INVALID: 1},
        _limit(150, 300, 500, 150),
    ),
    "spike": Scenario(
        "decisions on one applicant each",
        {Kind.SINGLE: 1},
        _limit(150, 400, 800, 100, p99_growth=3),
        users=128,
        load=Load.SPIKE,
        edge_share=0.3,
    ),
    "soak": Scenario(
        "decisions on one applicant each",
        {Kind.SINGLE: 1},
        _limit(150, 400, 1_000, 100, p99_growth=2),
        seconds=620,
        load=Load.SHARE_OF_SATURATION,
    ),
}


def tabulate_scenarios() -> str:
    """Return all scenarios as a table in Markdown."""
    lines = ["| scenario | asks for | load | objectives |", "|---|---|---|---|"]
    for name, scenario in SCENARIOS.items():
        load = f"{scenario.users} users, {scenario.seconds} s, {scenario.load}"
        limits = ", ".join(
            f"`{objective}` {'≤' if BOUNDS[objective] == 'at most' else '≥'} {limit:,g}"
            for objective, limit in scenario.objectives.items()
        )
        lines.append(f"| `{name}` | {scenario.meaning} | {load} | {limits} |")
    return "\n".join(lines)
