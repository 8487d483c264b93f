from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES
from serving.model_columns import read_model_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def save(path: Path, names: Sequence[str] | None, columns: int) -> Path:
    generator = np.random.default_rng(5)
    features = generator.normal(size=(50, columns))
    matrix = xgboost.DMatrix(
        features, features[:, 0] > 0, feature_names=None if names is None else list(names)
    )
    xgboost.train({"objective": "binary:logistic", "nthread": 1}, matrix, 2).save_model(path)
    return path


@pytest.mark.parametrize("names", [FEATURE_NAMES, FEATURE_NAMES[3:300:11], FEATURE_NAMES[:1]])
def test_the_names_are_those_that_xgboost_wrote(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert read_model_columns(save(tmp_path / "model.ubj", names, len(names))) == names


def test_a_model_without_names_takes_all_features(tmp_path: Path) -> None:
    model = save(tmp_path / "model.ubj", None, len(FEATURE_NAMES))

    assert read_model_columns(model) == FEATURE_NAMES


@pytest.mark.parametrize("names", [("AMT_CREDIT", "unheard_of"), FEATURE_NAMES[1::-1]])
def test_columns_that_are_not_the_catalog_s_are_refused(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    with pytest.raises(FingerprintMismatch, match="does not tell 2 features of this code"):
        read_model_columns(save(tmp_path / "model.ubj", names, 2))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes(b"{}")

    with pytest.raises(FingerprintMismatch):
        read_model_columns(tmp_path / "model.ubj")
