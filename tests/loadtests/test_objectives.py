from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from loadtests.measurement import Measurement
from loadtests.objectives import BOUNDS, judge, parse_objective, tabulate

MEASURED: dict[str, Any] = {
    "seconds": 30.0,
    "requests": 6_000,
    "p50_ms": 20.0,
    "p95_ms": 60.0,
    "p99_ms": 90.0,
    "failure_share": 0.0,
    "requests_per_second": 200.0,
    "rows_per_second": 200.0,
    "p99_growth": 1.5,
}


def judge_one(name: str, limit: float, measured: float) -> bool:
    (verdict,) = judge({name: limit}, Measurement(**MEASURED | {name: measured}))
    return verdict.kept


def test_every_objective_is_a_figure_that_is_measured() -> None:
    assert set(BOUNDS) < {field.name for field in fields(Measurement)}


@pytest.mark.parametrize("name", ["p50_ms", "p95_ms", "p99_ms", "failure_share", "p99_growth"])
def test_latencies_failures_and_growth_may_reach_their_limit_and_not_exceed_it(name: str) -> None:
    assert judge_one(name, 2, 1.9)
    assert judge_one(name, 2, 2)
    assert not judge_one(name, 2, 2.1)


@pytest.mark.parametrize("name", ["requests_per_second", "rows_per_second"])
def test_throughput_must_reach_its_limit(name: str) -> None:
    assert judge_one(name, 100, 100)
    assert not judge_one(name, 100, 99.9)


@pytest.mark.parametrize("name", BOUNDS)
def test_what_could_not_be_measured_keeps_no_objective(name: str) -> None:
    assert not judge_one(name, 0, float("nan"))
    assert not judge_one(name, 1e9, float("nan"))


def test_the_table_has_a_line_for_each_objective_and_says_which_was_missed() -> None:
    table = tabulate(judge({"p99_ms": 80, "requests_per_second": 100}, Measurement(**MEASURED)))

    _, p99, rate = [line.split() for line in table.splitlines()]
    assert p99 == ["p99_ms", "at", "most", "80", "90", "MISSED"]
    assert rate == ["requests_per_second", "at", "least", "100", "200", "kept"]


def test_an_objective_of_the_command_line_has_a_name_and_a_limit() -> None:
    assert parse_objective("p99_ms=100") == ("p99_ms", 100)
    assert parse_objective("failure_share=0.01") == ("failure_share", 0.01)


@pytest.mark.parametrize("text", ["p98_ms=100", "p99_ms", "p99_ms=", "p99_ms=-1", "p99_ms=nan"])
def test_an_objective_that_is_none_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"objective|limit"):
        parse_objective(text)
