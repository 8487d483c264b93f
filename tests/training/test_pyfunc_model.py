from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel
from mlflow.types import DataType

from credit.bundle import BUNDLE_FILE, MODEL_FILE
from credit.decision import Decision
from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES
from credit.prediction import find_columns, predict_pd
from serving.answers import Answer
from serving.booster import load_booster

if TYPE_CHECKING:
    from tests.conftest import Trained
    from training.feature_matrix import FeatureMatrix

TYPES = {
    "float64": DataType.double,
    "int64": DataType.long,
    "str": DataType.string,
    "bool": DataType.boolean,
}
ASK_WHERE_THE_KERNEL_LIES = """
import sys, mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
import credit.bundle
print(len(model.predict(model.input_example)), credit.bundle.__file__)
"""


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    """A copy of what MLflow keeps of the version; a test may change it."""
    without = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(trained.model_folder, tmp_path / "model", ignore=without)


@pytest.fixture
def model(folder: Path) -> PyFuncModel:
    return load(folder)


@pytest.fixture(scope="module")
def rows(matrix: FeatureMatrix) -> pd.DataFrame:
    """The model's features of all demo clients, those of no use to it among them."""
    return pd.DataFrame(matrix.features, columns=list(FEATURE_NAMES))


def change_bundle(folder: Path, **changes: str) -> None:
    path = folder / BUNDLE_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def load(folder: Path) -> PyFuncModel:
    model: PyFuncModel = mlflow.pyfunc.load_model(str(folder))
    return model


def answer(model: PyFuncModel, rows: pd.DataFrame) -> pd.DataFrame:
    answers = model.predict(rows)
    assert isinstance(answers, pd.DataFrame)
    return answers


def test_probabilities_are_the_services_to_the_last_bit(
    model: PyFuncModel, rows: pd.DataFrame, trained: Trained, matrix: FeatureMatrix
) -> None:
    booster = load_booster(trained.model_file)

    answered = answer(model, rows)["probability"].to_numpy()

    assert answered.dtype == np.float64
    np.testing.assert_array_equal(
        answered, predict_pd(booster, matrix.features, find_columns(booster))
    )
    assert len(np.unique(answered)) > 100


def test_whoever_is_at_or_above_the_threshold_is_refused(
    folder: Path, model: PyFuncModel, rows: pd.DataFrame
) -> None:
    threshold = float(answer(model, rows.head(51))["probability"].median())
    change_bundle(folder, threshold=repr(threshold))

    answers = answer(load(folder), rows)

    refused = answers["probability"] >= threshold
    assert set(answers["threshold"]) == {threshold}
    assert (answers["probability"] == threshold).any()
    assert answers["prediction"].tolist() == refused.astype(int).tolist()
    assert answers["decision"].tolist() == [
        str(Decision.REFUSED if one else Decision.APPROVED) for one in refused
    ]


def test_a_refer_zone_marks_applicants_for_a_person(folder: Path, rows: pd.DataFrame) -> None:
    change_bundle(folder, refer_from="0.05", refer_to="0.1")

    answers = answer(load(folder), rows)

    assert answers["refer_to_person"].any()
    assert answers["refer_to_person"].equals(answers["probability"].between(0.05, 0.1))


def test_nobody_is_referred_without_a_zone(model: PyFuncModel, rows: pd.DataFrame) -> None:
    assert not answer(model, rows)["refer_to_person"].any()


def test_answers_have_the_services_fields_and_keep_the_signature(
    model: PyFuncModel, rows: pd.DataFrame
) -> None:
    answers = answer(model, rows.head(3))

    of_a_request = {"SK_ID_CURR", "request_id", "model_version", "coverage", "data_quality"}
    assert set(answers.columns) == set(Answer.model_fields) - of_a_request
    assert [(column.name, column.type) for column in model.metadata.signature.outputs] == [
        (name, TYPES[str(kind)]) for name, kind in answers.dtypes.items()
    ]


def test_columns_are_found_by_name(model: PyFuncModel, rows: pd.DataFrame) -> None:
    turned_round = rows[rows.columns[::-1]].assign(SK_ID_CURR=100_002)

    pd.testing.assert_frame_equal(answer(model, turned_round), answer(model, rows))


def test_a_missing_feature_is_named(model: PyFuncModel, rows: pd.DataFrame) -> None:
    with pytest.raises(MlflowException, match=r"missing inputs \['EXT_SOURCE_2'\]"):
        answer(model, rows.drop(columns="EXT_SOURCE_2"))


def test_what_is_not_known_may_be_missing(model: PyFuncModel, rows: pd.DataFrame) -> None:
    answers = answer(model, rows.head(2) * np.float32(np.nan))

    assert answers["probability"].between(0, 1, inclusive="neither").all()


def test_an_infinite_feature_is_refused(model: PyFuncModel, rows: pd.DataFrame) -> None:
    rows = rows.head(3).copy()
    rows.loc[1, "EXT_SOURCE_2"] = np.inf

    with pytest.raises(MlflowException, match="Row 1 has an infinite EXT_SOURCE_2"):
        answer(model, rows)


def replace_booster(folder: Path) -> None:
    path = folder / MODEL_FILE
    booster = load_booster(path)
    booster[:1].save_model(path)


def replace_fingerprint(folder: Path) -> None:
    change_bundle(folder, fingerprint="0" * 16)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replace_booster, "is not the model of version"),
        (replace_fingerprint, "was fitted with fingerprint 0000000000000000"),
    ],
)
def test_another_booster_and_other_code_are_refused(
    folder: Path, change: Callable[[Path], None], told: str
) -> None:
    change(folder)

    with pytest.raises(FingerprintMismatch, match=told):
        load(folder)


def test_it_runs_on_the_sources_it_brings(folder: Path, tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", ASK_WHERE_THE_KERNEL_LIES, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert finished.stdout.split() == ["1", str(folder / "code" / "credit" / "bundle.py")]
