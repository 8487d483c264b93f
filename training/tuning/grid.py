"""The search of small models: every setting of a grid, by scikit-learn, on the same folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from credit.cost import choose_threshold
from training.fitting import assign_folds
from training.tuning.families import GridFamily
from training.tuning.problem import Problem
from training.tuning.space import Value

STEP = "model"


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting of the grid.

    Attributes:
        parameters: The setting.
        log_loss: Mean over the folds.
        auc: Mean over the folds.
        fit_s: Mean seconds of a fit.
    """

    parameters: Mapping[str, Value]
    log_loss: float
    auc: float
    fit_s: float


@dataclass(frozen=True, slots=True)
class FinishedGrid:
    """What a search of a grid has found.

    Attributes:
        cells: Every setting, the best first.
        log_loss: The best setting's, out of fold.
        auc: The best setting's, out of fold.
        cost: The best setting's cost per applicant at its cheapest threshold.
    """

    cells: tuple[Cell, ...]
    log_loss: float
    auc: float
    cost: float


def search_grid(problem: Problem, family: GridFamily, seed: int) -> FinishedGrid:
    """Return every setting's figures; medians and scales are learned inside the folds.

    Raises:
        TrainingImpossible: If there are too few clients of a class.
    """
    folds = PredefinedSplit(assign_folds(problem.defaulted, seed))
    pipeline = make_pipeline(family)
    search = GridSearchCV(
        pipeline,
        {f"{STEP}__{name}": list(choice.values) for name, choice in family.grid.items()},
        scoring={"log_loss": "neg_log_loss", "auc": "roc_auc"},
        refit=False,
        cv=folds,
        error_score="raise",
    )
    search.fit(problem.features, problem.defaulted)
    cells = _list_cells(family, search.cv_results_)
    pipeline.set_params(**{f"{STEP}__{name}": cells[0].parameters[name] for name in family.grid})
    predicted = cross_val_predict(
        pipeline, problem.features, problem.defaulted, cv=folds, method="predict_proba"
    )
    pd = np.asarray(predicted[:, 1], np.float64)
    return FinishedGrid(
        cells,
        float(log_loss(problem.defaulted, pd)),
        float(roc_auc_score(problem.defaulted, pd)),
        choose_threshold(problem.defaulted, pd, problem.costs).cost_per_applicant,
    )


def make_pipeline(family: GridFamily) -> Pipeline:
    """Return the estimator behind the steps that fill in medians and, if it needs it, scale."""
    steps: list[tuple[str, Any]] = [
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True))
    ]
    if family.scale:
        steps.append(("scale", StandardScaler()))
    return Pipeline([*steps, (STEP, family.make(**family.fixed))])


def _list_cells(family: GridFamily, results: Mapping[str, Any]) -> tuple[Cell, ...]:
    cells = [
        Cell(
            {**family.fixed, **{name: setting[f"{STEP}__{name}"] for name in family.grid}},
            -float(loss),
            float(auc),
            float(fit_s),
        )
        for setting, loss, auc, fit_s in zip(
            results["params"],
            results["mean_test_log_loss"],
            results["mean_test_auc"],
            results["mean_fit_time"],
            strict=True,
        )
    ]
    return tuple(sorted(cells, key=lambda cell: cell.log_loss))
