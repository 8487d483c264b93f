"""What a model can learn from the demo tables with the features that training uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from credit.contract import HISTORY_TABLES
from credit.features.catalog import FEATURES
from demo import make_demo_tables
from demo.chunk import draw_risks
from demo.figures import Floats, load_figures
from training.feature_matrix import build_matrix
from training.histories import build_histories
from training.tables import open_tables

SEED = 5
FOLDS = 3
ROUNDS = 120
PARAMETERS = {
    "objective": "binary:logistic",
    "eta": 0.08,
    "max_depth": 4,
    "min_child_weight": 20,
    "colsample_bytree": 0.3,
    "subsample": 0.8,
    "reg_lambda": 20,
    "seed": 0,
    "nthread": 2,
}
TABLE_OF = np.array([feature.table for feature in FEATURES])


@dataclass(frozen=True)
class Population:
    """Labelled clients, n of them, with the probability they defaulted with."""

    features: NDArray[np.float32]
    defaulted: NDArray[np.bool_]
    pd: Floats

    def measure_auc(self, left_out: tuple[str, ...] = ()) -> float:
        """Return the out-of-fold AUC of a model without the features of some tables.

        It is averaged over all outcomes that the probabilities allow, which leaves out most of
        the noise of a single drawing of defaults.
        """
        features = self.features[:, ~np.isin(TABLE_OF, left_out)]
        scores = np.zeros(len(self.pd))
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        for learnt, judged in folds.split(features, self.defaulted):
            model = xgb.train(
                PARAMETERS, xgb.DMatrix(features[learnt], self.defaulted[learnt]), ROUNDS
            )
            scores[judged] = model.predict(xgb.DMatrix(features[judged]))
        ranked = self.pd[np.argsort(scores)]
        repaid_below = np.cumsum(1 - ranked) - (1 - ranked) / 2
        return float((ranked * repaid_below).sum() / (ranked.sum() * (1 - ranked).sum()))


@pytest.fixture(scope="module")
def populate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Population]:
    def make(clients: int) -> Population:
        folder: Path = tmp_path_factory.mktemp("model") / "tables"
        make_demo_tables(folder, clients=clients, seed=SEED, file_format="parquet")
        with open_tables(folder) as tables:
            matrix = build_matrix(tables, "application_train", build_histories(tables))
        assert matrix.defaulted is not None
        figures = load_figures()
        pd = np.concatenate(
            [
                (1 / (1 + np.exp(-(logit + figures.intercept))))[~drawn.tested]
                for drawn, logit in draw_risks(figures, SEED, clients)
            ]
        )
        return Population(matrix.features, matrix.defaulted, pd)

    return make


def test_a_model_tells_defaults_about_as_well_as_on_the_real_tables(
    populate: Callable[[int], Population],
) -> None:
    population = populate(10_000)

    with_histories = population.measure_auc()
    without = population.measure_auc(left_out=HISTORY_TABLES)

    assert 0.72 < with_histories < 0.80
    assert 0.68 < without < 0.73
    assert with_histories - without > 0.02


@pytest.mark.slow
def test_every_history_adds_to_the_model(populate: Callable[[int], Population]) -> None:
    population = populate(20_000)
    complete = population.measure_auc()

    gains = {
        table: complete - population.measure_auc(left_out=(table,)) for table in HISTORY_TABLES
    }

    assert {table: gain for table, gain in gains.items() if gain < 0.002} == {}
