from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import pytest

from credit.errors import TrainingImpossible
from training.fitting import FOLDS, assign_folds
from training.tuning.families import (
    DECISION_TREE,
    FAMILIES,
    LOGISTIC_REGRESSION,
    GridFamily,
)
from training.tuning.grid import make_pipeline, search_grid
from training.tuning.problem import Problem
from training.tuning.report import describe_grid
from training.tuning.space import Choice

GRIDS = [family for family in FAMILIES.values() if isinstance(family, GridFamily)]
FEW = 200


@pytest.fixture
def few(problem: Problem) -> Problem:
    return replace(problem, features=problem.features[:FEW], defaulted=problem.defaulted[:FEW])


@pytest.mark.parametrize("family", GRIDS, ids=lambda family: family.name)
def test_every_setting_of_the_grid_is_judged_and_the_best_is_first(
    family: GridFamily, problem: Problem
) -> None:
    found = search_grid(problem, family, seed=0)

    assert len(found.cells) == prod(len(choice.values) for choice in family.grid.values())
    losses = [cell.log_loss for cell in found.cells]
    assert losses == sorted(losses)
    assert found.log_loss == pytest.approx(losses[0])
    assert set(found.cells[0].parameters) == {*family.grid, *family.fixed}
    assert found.auc > 0.5
    assert 0 < found.cost <= 10 * problem.defaulted.mean()


def test_medians_and_scales_are_not_learned_of_clients_left_out(few: Problem) -> None:
    one = replace(LOGISTIC_REGRESSION, grid={"C": Choice((0.01,))})
    pipeline = make_pipeline(one).set_params(model__C=0.01)
    folds = assign_folds(few.defaulted, 0)
    losses = []
    for fold in range(FOLDS):
        rest, left_out = folds != fold, folds == fold
        pipeline.fit(few.features[rest], few.defaulted[rest])
        pd = pipeline.predict_proba(few.features[left_out])[:, 1]
        losses.append(-np.log(np.where(few.defaulted[left_out], pd, 1 - pd)).mean())

    assert search_grid(few, one, seed=0).cells[0].log_loss == pytest.approx(np.mean(losses))


def test_the_same_grid_gives_the_same_figures(few: Problem) -> None:
    first, second = (search_grid(few, DECISION_TREE, seed=0) for _ in range(2))

    assert (first.log_loss, first.auc, first.cost) == (second.log_loss, second.auc, second.cost)


def test_what_a_grid_found_is_told(few: Problem) -> None:
    found = search_grid(few, DECISION_TREE, seed=0)

    section = describe_grid(found)

    assert f"max_depth {found.cells[0].parameters['max_depth']}" in section.text
    assert len(section.tables["trials"]) == len(found.cells)
    assert section.metrics["tuned_auc"] == found.auc


def test_too_few_of_an_outcome_cannot_be_tuned_on(few: Problem) -> None:
    with pytest.raises(TrainingImpossible, match="at least 20 of each"):
        search_grid(replace(few, defaulted=np.arange(FEW) < 3), DECISION_TREE, seed=0)
