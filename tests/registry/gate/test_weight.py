from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import xgboost as xgb

from registry.gate import weight
from registry.gate.evidence import EvidenceMissing
from registry.gate.limits import LIMITS, GateLimits
from registry.gate.report import Verdict
from registry.gate.weight import look_at_weight

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab


def add_probe(lab: GateLab, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Measure by a script of the test's own."""
    (lab.folder / "own_probe.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(lab.folder))
    monkeypatch.setattr(weight, "PROBE", "own_probe")


def repeat_trees(booster: xgb.Booster, times: int) -> xgb.Booster:
    """Return a booster with the same trees over and over again."""
    model = json.loads(booster.save_raw("json"))
    forest = model["learner"]["gradient_booster"]["model"]
    trees = forest["trees"] * times
    forest["trees"] = [{**tree, "id": number} for number, tree in enumerate(trees)]
    forest["tree_info"] = [0] * len(trees)
    forest["iteration_indptr"] = list(range(len(trees) + 1))
    forest["gbtree_model_param"]["num_trees"] = str(len(trees))
    return xgb.Booster(model_file=bytearray(json.dumps(model).encode()))


def test_the_trained_model_is_light_and_the_champions_figures_are_told(lab: GateLab) -> None:
    findings = look_at_weight(lab.case("1", "1"))

    assert [finding.verdict for finding in findings] == [Verdict.PASSED] * 3
    size, latency, memory = findings
    assert size.figures["size_mb"] == size.figures["champion_size_mb"] > 0
    assert 0 < latency.figures["single_ms"] <= latency.figures["batch_ms"]
    assert latency.figures["champion_batch_ms"] > 0
    assert "champion" in memory.figure


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        (replace(LIMITS, size_mb_max=1e-6), [True, False, False]),
        (replace(LIMITS, single_ms_max=1e-6), [False, True, False]),
        (replace(LIMITS, batch_ms_max=1e-6), [False, True, False]),
        (replace(LIMITS, memory_mb_max=-1.0), [False, False, True]),
    ],
)
def test_each_limit_stops_what_is_beyond_it(
    lab: GateLab, limits: GateLimits, failed: list[bool]
) -> None:
    findings = look_at_weight(lab.case("1", None, limits))

    assert [finding.verdict is Verdict.FAILED for finding in findings] == failed
    assert all(finding.detail for finding in findings if finding.verdict is Verdict.FAILED)


def test_a_larger_model_weighs_more(lab: GateLab) -> None:
    large = repeat_trees(lab.original.booster, 120)

    size, latency, memory = look_at_weight(lab.case(lab.add_version(booster=large), "1"))

    assert size.figures["size_mb"] > 2 * size.figures["champion_size_mb"]
    assert latency.figures["batch_ms"] > latency.figures["champion_batch_ms"]
    assert memory.figures["memory_mb"] > memory.figures["champion_memory_mb"]


def test_a_champion_that_cannot_be_loaded_sets_no_limit(lab: GateLab) -> None:
    champion = lab.add_version(tags={"model_sha256": "0" * 64})

    findings = look_at_weight(lab.case("1", champion))

    assert all(finding.verdict is Verdict.PASSED for finding in findings)
    assert "champion" not in findings[0].figure


def test_a_measurement_that_breaks_off_is_said(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight, "PROBE", "registry.gate.nothing")

    with pytest.raises(EvidenceMissing, match=r"cannot be measured: .*No module named.*try again"):
        look_at_weight(lab.case("1"))


def test_an_interpreter_that_cannot_be_started_is_said(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(lab.folder / "nothing"))

    with pytest.raises(EvidenceMissing, match=r"cannot be measured: FileNotFoundError"):
        look_at_weight(lab.case("1"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "JSONDecodeError"),
        ("A library greets you.", "JSONDecodeError"),
        ("{}", "KeyError"),
        ("3", "TypeError"),
    ],
)
def test_a_measurement_that_says_something_else_is_said(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch, said: str, reason: str
) -> None:
    add_probe(lab, monkeypatch, f"print({said!r})")

    with pytest.raises(EvidenceMissing, match=f"cannot be measured: {reason}"):
        look_at_weight(lab.case("1"))


def test_what_a_library_says_before_the_figures_is_passed_over(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {"single_ms": 1.0, "batch_ms": 2.0, "memory_mb": 3.0}
    add_probe(lab, monkeypatch, f"print('A library greets you.')\nprint({json.dumps(figures)!r})")

    _, latency, memory = look_at_weight(lab.case("1"))

    assert (latency.figures["single_ms"], latency.figures["batch_ms"]) == (1.0, 2.0)
    assert memory.figures["memory_mb"] == 3.0


def test_a_measurement_that_takes_too_long_is_ended(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight, "PROBE_SECONDS", 0.01)

    with pytest.raises(EvidenceMissing, match="still being measured"):
        look_at_weight(lab.case("1"))
