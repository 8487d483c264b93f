from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.scenarios import DEFAULT, SCENARIOS, tabulate_scenarios

ROOT = Path(__file__).parents[2]
EXPECTED = {"single", "batch", "mixed", "minimal", "explain", "invalid", "spike", "soak"}
FIGURES = {"p50_ms", "p95_ms", "p99_ms", "failure_share", "requests_per_second"}


def test_the_documented_table_is_that_of_the_code() -> None:
    document = (ROOT / "docs" / "loadtests.md").read_text(encoding="utf-8")

    assert tabulate_scenarios() in document, (
        "docs/loadtests.md has another table than loadtests/scenarios.py: put there what "
        '`python -c "from loadtests.scenarios import *; print(tabulate_scenarios())"` prints.'
    )


def test_there_are_the_scenarios_that_were_promised() -> None:
    assert set(SCENARIOS) == EXPECTED
    assert DEFAULT == "single"


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_objectives_for_latency_failures_and_throughput(name: str) -> None:
    objectives = SCENARIOS[name].objectives

    assert set(objectives) >= FIGURES
    assert objectives["p50_ms"] <= objectives["p95_ms"] <= objectives["p99_ms"]


def test_soak_lasts_ten_minutes_and_may_at_most_double_its_first_minute_s_p99() -> None:
    soak = SCENARIOS["soak"]

    assert soak.seconds - 20 == 600
    assert soak.edge_share * 600 == 60
    assert soak.objectives["p99_growth"] == 2
