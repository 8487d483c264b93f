from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost

from credit.errors import UnreadableTable
from serving.booster_file import read_feature_count

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("width", [1, 9, 10, 172, 1_001])
@pytest.mark.parametrize("rounds", [0, 2])
def test_counts_the_features_that_xgboost_counts(tmp_path: Path, width: int, rounds: int) -> None:
    features = np.random.default_rng(width).normal(size=(60, width))
    data = xgboost.DMatrix(features, label=features[:, 0] > 0)
    booster = xgboost.train({"objective": "binary:logistic"}, data, rounds)
    booster.save_model(tmp_path / "model.ubj")

    assert read_feature_count(tmp_path / "model.ubj") == booster.num_features() == width


def test_says_that_another_file_is_no_booster(tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes(b'{"learner": {"num_feature": "7"}}')

    with pytest.raises(UnreadableTable, match="no XGBoost model in UBJSON"):
        read_feature_count(tmp_path / "model.ubj")
