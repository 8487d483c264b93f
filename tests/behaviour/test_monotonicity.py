"""What a credit analyst expects of any model: better signs never make an applicant riskier."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from credit.features.application import compute_application_features
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES, assemble_features
from credit.prediction import find_columns, predict_pd
from serving.booster import load_booster
from training.feature_matrix import build_matrix
from training.histories import build_histories
from training.tables import open_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.conftest import Trained
    from training.feature_matrix import FeatureMatrix

SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
DAYS_LATER = (10, 40)
ROUNDING = 1e-7
"""Of a PD in float32; the trees' sum itself never rises."""
WIDTH = len(HISTORY_FEATURE_NAMES)


def predict_mean(trained: Trained, features: NDArray[np.float32]) -> float:
    booster = load_booster(trained.model_file)
    return float(predict_pd(booster, features, find_columns(booster)).mean())


def set_column(matrix: FeatureMatrix, name: str, level: float) -> NDArray[np.float32]:
    """Return the features if everybody's column had that value and all else were as it is."""
    columns = {
        feature: matrix.features[:, number].astype(np.float64)
        for number, feature in enumerate(FEATURE_NAMES[:-WIDTH])
    }
    columns[name] = np.full(len(matrix.clients), level)
    return assemble_features(compute_application_features(columns), matrix.features[:, -WIDTH:])


def pay_later(tables: Path, days: int) -> None:
    """Put off every payment on an earlier loan by so many days."""
    path = tables / "installments_payments.parquet"
    rows = pq.read_table(path)
    position = rows.column_names.index("DAYS_ENTRY_PAYMENT")
    later = pc.add(rows["DAYS_ENTRY_PAYMENT"], pa.scalar(float(days)))
    pq.write_table(rows.set_column(position, "DAYS_ENTRY_PAYMENT", later), path)


def raise_scores(matrix: FeatureMatrix, scores: Sequence[str], rise: float) -> NDArray[np.float32]:
    """Return the features if these scores, where there are any, were better, at most 1."""
    better = {score: np.minimum(matrix.columns[score] + rise, 1.0) for score in scores}
    features = compute_application_features({**matrix.columns, **better})
    return assemble_features(features, matrix.features[:, -WIDTH:])


@pytest.mark.parametrize("rise", [0.01, 0.05, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("scores", [*((score,) for score in SCORES), SCORES], ids="+".join)
def test_a_better_external_score_raises_nobodys_pd(
    trained: Trained, matrix: FeatureMatrix, scores: tuple[str, ...], rise: float
) -> None:
    booster = load_booster(trained.model_file)
    columns = find_columns(booster)
    before = predict_pd(booster, raise_scores(matrix, scores, 0.0), columns)

    after = predict_pd(booster, raise_scores(matrix, scores, rise), columns)

    assert (after - before).max() <= ROUNDING
    assert (after < before).any()


@pytest.mark.parametrize("score", SCORES)
def test_a_better_external_score_alone_does_not_raise_the_mean_pd(
    trained: Trained, matrix: FeatureMatrix, score: str
) -> None:
    means = [predict_mean(trained, set_column(matrix, score, level)) for level in LEVELS]

    assert all(better <= worse for worse, better in pairwise(means))
    assert means[-1] < means[0]


def test_paying_later_does_not_lower_the_mean_pd(
    trained: Trained, many_clients: Path, matrix: FeatureMatrix, tmp_path: Path
) -> None:
    means = [predict_mean(trained, matrix.features)]
    for days in DAYS_LATER:
        tables_folder = Path(shutil.copytree(many_clients, tmp_path / f"{days} days later"))
        pay_later(tables_folder, days)
        with open_tables(tables_folder) as tables:
            later = build_matrix(tables, "application_train", build_histories(tables))
        means.append(predict_mean(trained, later.features))

    assert all(later >= sooner for sooner, later in pairwise(means))
    assert means[-1] > means[0]
