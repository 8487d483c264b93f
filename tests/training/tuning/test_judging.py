from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from credit.cost import CostMatrix, choose_threshold
from training.fitting import FitSettings, cross_validate
from training.tuning.families import XGBOOST, BoostedFamily
from training.tuning.judging import judge
from training.tuning.problem import Problem

QUICK = FitSettings(rounds_max=8, patience=3, threads=1)


def test_a_setting_is_judged_by_clients_its_models_have_not_seen(
    boosted: BoostedFamily, problem: Problem
) -> None:
    judged = judge(problem, boosted, boosted.start, QUICK)

    assert judged.log_loss == pytest.approx(log_loss(problem.defaulted, judged.pd))
    assert judged.auc == roc_auc_score(problem.defaulted, judged.pd) > 0.6
    choice = choose_threshold(problem.defaulted, judged.pd, CostMatrix())
    assert judged.cost == choice.cost_per_applicant
    assert 1 <= judged.rounds <= QUICK.rounds_max
    assert judged.cpu_s > 0


def test_clients_left_out_have_no_part_in_the_fit(boosted: BoostedFamily, problem: Problem) -> None:
    greedy = replace(QUICK, parameters=tuple(boosted.start.items()))
    before = cross_validate(problem.features, problem.defaulted, greedy, fit=boosted.fit)
    assert len(np.unique(before.pd)) > 20
    left_out = np.flatnonzero(before.folds == 2)
    mixed = np.random.default_rng(4).permutation(left_out)
    others = problem.features.copy()
    others[left_out] = problem.features[mixed]

    after = cross_validate(others, problem.defaulted, greedy, fit=boosted.fit)

    np.testing.assert_array_equal(after.pd[left_out], before.pd[mixed])
    assert after.rounds[2] == before.rounds[2]


def test_a_setting_of_xgboost_is_judged_as_training_would(problem: Problem) -> None:
    judged = judge(problem, XGBOOST, XGBOOST.start, QUICK)

    validation = cross_validate(problem.features, problem.defaulted, QUICK)

    np.testing.assert_array_equal(judged.pd, validation.pd)


def test_a_setting_of_xgboost_is_judged_with_the_directions_of_its_features(
    problem: Problem,
) -> None:
    scored = replace(problem, names=("EXT_SOURCE_1", *problem.names[1:]))
    eager = {**XGBOOST.start, "min_child_weight": 1, "colsample_bytree": 1, "reg_lambda": 1}

    judged = judge(scored, XGBOOST, eager, QUICK)

    settings = replace(QUICK.constrain(scored.names), parameters=tuple(eager.items()))
    served = cross_validate(scored.features, scored.defaulted, settings)
    np.testing.assert_array_equal(judged.pd, served.pd)
    assert judged.auc < judge(problem, XGBOOST, eager, QUICK).auc  # which may use that it rises


def test_each_fold_is_told_when_it_is_done(problem: Problem, family: BoostedFamily) -> None:
    told: list[tuple[int, float]] = []

    judged = judge(problem, family, family.start, QUICK, lambda *fold: told.append(fold))

    assert told == list(enumerate(judged.fold_losses))


def test_what_is_told_may_end_it(problem: Problem, family: BoostedFamily) -> None:
    told: list[int] = []

    def stop_at_the_second(fold: int, _loss: float) -> None:
        told.append(fold)
        if fold == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        judge(problem, family, family.start, QUICK, stop_at_the_second)

    assert told == [0, 1]
