from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.metrics import roc_auc_score

from training.auc_difference import AucDifference
from training.fitting import FitSettings
from training.tuning.confirmation import (
    Confirmed,
    choose_confirmed,
    confirm,
    round_numbers,
)
from training.tuning.families import BoostedFamily
from training.tuning.judging import judge
from training.tuning.problem import Problem

QUICK = FitSettings(rounds_max=4, threads=1)
GOOD = {"rate": 0.25, "slope": 1.0}
LIKE_THE_INCUMBENT = {"rate": 0.4, "slope": 1.0}
BAD = {"rate": 0.8, "slope": 1.0}
REVERSED = {"rate": 0.25, "slope": -0.05}


def judge_again(
    problem: Problem, family: BoostedFamily, *settings: dict[str, float]
) -> tuple[Confirmed, ...]:
    def track(_work: str, _done: int, _of: int) -> None:
        pass

    return confirm(problem, family, [family.start, *settings], QUICK, (1, 2), track)


def test_a_setting_that_is_better_on_fresh_folds_is_chosen(
    problem: Problem, family: BoostedFamily
) -> None:
    confirmed = judge_again(problem, family, BAD, GOOD)

    chosen = choose_confirmed(confirmed)

    assert chosen.parameters == GOOD
    assert chosen.loss_gain.high < 0
    assert (
        chosen.loss_gain.low
        < chosen.loss_gain.value
        == pytest.approx(chosen.log_loss - confirmed[0].log_loss)
    )


@pytest.mark.parametrize("worse", [BAD, LIKE_THE_INCUMBENT], ids=["worse", "equal"])
def test_the_incumbent_stays_if_nothing_is_better(
    problem: Problem, family: BoostedFamily, worse: dict[str, float]
) -> None:
    confirmed = judge_again(problem, family, worse)

    assert choose_confirmed(confirmed) is confirmed[0]


def test_what_loses_less_but_surely_ranks_worse_is_not_chosen(
    problem: Problem, family: BoostedFamily
) -> None:
    poorly_levelled = replace(family, start={"rate": 0.8, "slope": 1.0})

    confirmed = judge_again(problem, poorly_levelled, REVERSED)

    assert confirmed[1].loss_gain.high < 0
    assert all(gain.high < 0 for gain in confirmed[1].auc_gains)
    assert choose_confirmed(confirmed) is confirmed[0]


def test_the_incumbent_differs_from_itself_by_nothing(
    problem: Problem, family: BoostedFamily
) -> None:
    incumbent = judge_again(problem, family)[0]

    assert (incumbent.loss_gain.low, incumbent.loss_gain.high) == (0, 0)
    assert incumbent.auc_gains == (AucDifference(0, 0, 0),) * 2


def test_figures_are_means_over_the_folds_of_other_seeds(
    problem: Problem, boosted: BoostedFamily
) -> None:
    incumbent = judge_again(problem, boosted)[0]

    judged = [judge(problem, boosted, boosted.start, replace(QUICK, seed=seed)) for seed in (1, 2)]

    aucs = [roc_auc_score(problem.defaulted, each.pd) for each in judged]
    assert aucs[0] != aucs[1]
    assert incumbent.auc == pytest.approx(sum(aucs) / 2)
    assert incumbent.log_loss == pytest.approx(sum(each.log_loss for each in judged) / 2)
    assert incumbent.cost == pytest.approx(sum(each.cost for each in judged) / 2)


def test_what_is_kept_has_three_figures() -> None:
    rounded = round_numbers({"eta": 0.054321, "reg_lambda": 123.4, "max_depth": 4, "max_bin": 1024})

    assert rounded == {"eta": 0.0543, "reg_lambda": 123.0, "max_depth": 4, "max_bin": 1024}
    assert isinstance(rounded["max_depth"], int)
