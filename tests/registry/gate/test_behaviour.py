from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb

from credit.contract import Column
from credit.contract.encoding import encode_column
from registry.gate import applicants
from registry.gate.behaviour import (
    RaisedScores,
    look_at_batch,
    look_at_monotony,
    look_at_parity,
    look_at_range,
    look_at_sentinels,
    raise_scores,
)
from registry.gate.evidence import EvidenceMissing
from registry.gate.finding import Look
from registry.gate.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit.contract.column import Table
    from tests.registry.gate.conftest import GateLab

LOOKS = (look_at_parity, look_at_range, look_at_batch, look_at_sentinels, look_at_monotony)


def get_scores(lab: GateLab) -> np.ndarray:
    """Return the mean of the reference applicants' external scores."""
    cells = lab.original.applicants.cells
    scores = [np.array(cells[f"EXT_SOURCE_{number}"], np.float64) for number in (1, 2, 3)]
    filled = [np.where(np.isnan(each), np.nanmean(each), each) for each in scores]
    return np.asarray(np.mean(filled, axis=0))


@pytest.mark.parametrize("look", LOOKS)
def test_the_trained_model_behaves(lab: GateLab, look: Look) -> None:
    finding = look(lab.case("1"))

    assert not isinstance(finding, tuple)
    assert finding.verdict is Verdict.PASSED


@pytest.mark.parametrize("look", LOOKS)
def test_behaviour_is_not_judged_through_other_feature_code(lab: GateLab, look: Look) -> None:
    case = lab.case(lab.add_version(tags={"fingerprint": "0" * 16}))

    with pytest.raises(EvidenceMissing, match="other feature code than this"):
        look(case)


def test_a_pd_that_differs_in_its_last_bit_is_no_parity(lab: GateLab) -> None:
    pd = lab.original.applicants.pd_served.copy()
    pd[3] = np.nextafter(pd[3], 1)

    finding = look_at_parity(lab.case(lab.add_version(files=lab.change_applicants(pd_served=pd))))

    assert finding.verdict is Verdict.FAILED
    assert 0 < finding.figures["largest_difference"] < 1e-15
    assert finding.figures["flipped"] == 0


def test_another_model_than_the_trained_one_flips_decisions(lab: GateLab) -> None:
    other = lab.fit(get_scores(lab) > np.median(get_scores(lab)))

    finding = look_at_parity(lab.case(lab.add_version(booster=other)))

    assert finding.verdict is Verdict.FAILED
    assert finding.figures["flipped"] > 0


def test_the_raw_cells_and_not_only_the_features_are_read(lab: GateLab) -> None:
    amounts = np.array(lab.original.applicants.cells["AMT_CREDIT"], np.float64) * 3

    changed = lab.change_applicants(AMT_CREDIT=amounts)

    assert look_at_parity(lab.case(lab.add_version(files=changed))).verdict is Verdict.FAILED


def test_a_model_that_gives_no_probabilities_is_out_of_range(lab: GateLab) -> None:
    target = np.where(get_scores(lab) > 0.5, -3.0, 3.0)
    linear = lab.fit(target, objective="reg:squarederror")

    finding = look_at_range(lab.case(lab.add_version(booster=linear)))

    assert finding.verdict is Verdict.FAILED
    assert "no probability" in finding.detail


def test_a_model_that_says_the_same_of_everybody_fails(lab: GateLab) -> None:
    constant = lab.fit(get_scores(lab) > 0.5, gamma=1e9)

    finding = look_at_range(lab.case(lab.add_version(booster=constant)))

    assert finding.verdict is Verdict.FAILED
    assert "the same of everybody" in finding.detail


def test_a_model_that_looks_at_the_company_fails(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def predict(_booster: xgb.Booster, features: np.ndarray, _columns: object) -> np.ndarray:
        return np.arange(len(features), dtype=np.float64) / len(features)

    monkeypatch.setattr(applicants, "predict_pd", predict)

    finding = look_at_batch(lab.case("1"))

    assert finding.verdict is Verdict.FAILED
    assert finding.figures["differing"] > 1000


def test_a_sentinel_that_is_read_as_a_number_fails(
    lab: GateLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode_literally(table: Table, cells: Mapping[str, list[object]]) -> dict[str, np.ndarray]:
        return {
            column.name: np.array(cells[column.name], np.float64)
            if column.sentinel == 365243
            else encode_column(column, cells.get(column.name, [None] * len(cells["AMT_CREDIT"])))
            for column in table.columns
        }

    monkeypatch.setattr(applicants, "encode_columns", encode_literally)

    finding = look_at_sentinels(lab.case("1"))

    assert finding.verdict is Verdict.FAILED
    assert "DAYS_EMPLOYED" in finding.detail


def test_the_sentinels_of_the_contract_are_all_tried(lab: GateLab) -> None:
    declared: list[Column] = [
        column for column in applicants.APPLICATION.columns if column.sentinel is not None
    ]

    assert look_at_sentinels(lab.case("1")).figures["columns"] == len(declared) > 3


def test_a_model_that_has_the_score_the_wrong_way_round_fails(lab: GateLab) -> None:
    scores = get_scores(lab)
    reversed_score = lab.fit(scores > np.median(scores))

    finding = look_at_monotony(lab.case(lab.add_version(booster=reversed_score)))

    assert finding.verdict is Verdict.FAILED
    assert finding.figures["rising_share"] > 0.5
    assert finding.figures["mean_change"] > 0


def test_a_model_that_breaks_the_sign_here_and_there_fails(lab: GateLab) -> None:
    generator = np.random.default_rng(0)
    scores = get_scores(lab)
    blurred = scores + generator.normal(scale=scores.std(), size=len(scores))
    free = lab.fit(blurred < np.median(blurred), rounds=30)

    finding = look_at_monotony(lab.case(lab.add_version(booster=free)))

    assert finding.verdict is Verdict.FAILED
    assert 0 < finding.figures["rising_share"] < 0.5
    assert finding.figures["mean_change"] < 0


def test_the_share_is_of_raises_that_move_the_pd_and_rounding_is_no_move() -> None:
    raised = RaisedScores(np.array([0.0, 0.0, 1e-9, -0.1, -0.2, 0.3]))

    assert raised.measure_share(1e-6) == pytest.approx(1 / 3)
    assert RaisedScores(np.zeros(4)).measure_share(1e-6) == 0


def test_only_scores_that_are_there_are_raised_and_none_beyond_its_range(lab: GateLab) -> None:
    cells = lab.original.applicants.cells
    best = {name: np.full(len(cells[name]), 1.0) for name in ("EXT_SOURCE_1", "EXT_SOURCE_2")}
    none = np.full(len(cells["EXT_SOURCE_3"]), np.nan)
    changed = lab.change_applicants(**best, EXT_SOURCE_3=none)
    case = lab.case(lab.add_version(files=changed))

    with pytest.raises(EvidenceMissing, match="can be raised"):
        raise_scores(case.challenger)
