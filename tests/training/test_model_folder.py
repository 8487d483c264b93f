from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from packaging.requirements import Requirement

import credit
from credit.bundle import BUNDLE_FILE, MODEL_FILE, Bundle, compute_fingerprint, hash_sources

if TYPE_CHECKING:
    from tests.conftest import Trained

KERNEL = Path(credit.__file__).parent


@pytest.fixture
def folder(trained: Trained) -> Path:
    """What MLflow keeps of the version."""
    return trained.model_folder


@pytest.fixture
def uri(trained: Trained) -> str:
    mlflow.set_tracking_uri(trained.order.tracking_uri)
    return f"models:/{trained.order.model_name}/{trained.result.published.version}"


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_booster_bundle_and_sources_and_nothing_pickled(folder: Path) -> None:
    sources = {f"code/credit/{path.relative_to(KERNEL)}" for path in KERNEL.rglob("*.py")}

    # MLflow writes these where a model is loaded from, which another test may have done.
    by_loading = ("__pycache__", "registered_model_meta")
    found = {name for name in list_files(folder) if not any(part in name for part in by_loading)}

    assert found == sources | {
        "MLmodel",
        "artifacts/bundle.json",
        "artifacts/model.ubj",
        "conda.yaml",
        "input_example.json",
        "pyfunc_model.py",
        "python_env.yaml",
        "requirements.txt",
        "serving_input_example.json",
    }


def test_the_bundle_beside_the_booster_is_the_versions_tags(trained: Trained, folder: Path) -> None:
    client = MlflowClient(trained.order.tracking_uri)
    (registered,) = client.search_model_versions(f"name='{trained.order.model_name}'")

    beside = json.loads((folder / BUNDLE_FILE).read_text())

    assert beside == registered.tags
    assert Bundle.from_metadata(beside).threshold == trained.result.evaluation.choice.threshold


def test_the_bundle_and_the_card_name_the_boosters_own_checksum(
    trained: Trained, folder: Path
) -> None:
    digest = hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()

    (card,) = trained.database.parent.glob("mlartifacts/**/model_card.html")
    assert json.loads((folder / BUNDLE_FILE).read_text())["model_sha256"] == digest
    assert digest in card.read_text()


def test_the_sources_have_the_fingerprint_of_the_bundle(folder: Path) -> None:
    shipped = hash_sources(folder / "code" / "credit")

    assert shipped == compute_fingerprint()
    assert shipped == json.loads((folder / BUNDLE_FILE).read_text())["fingerprint"]


def test_nothing_tells_where_the_code_lay_when_the_model_was_made(folder: Path) -> None:
    texts = [path.read_text() for path in folder.iterdir() if path.is_file()]

    assert [text for text in texts if str(KERNEL.parent) in text or "credit-model-" in text] == []


def test_the_signature_names_every_feature_of_the_booster_in_order(
    trained: Trained, uri: str
) -> None:
    info = mlflow.models.get_model_info(uri)

    assert info.signature is not None
    assert info.signature.inputs.input_names() == trained.load_booster().feature_names
    assert {column.type.name for column in info.signature.inputs.inputs} == {"float"}


def test_the_input_example_is_a_row_that_the_model_answers(folder: Path, uri: str) -> None:
    example = json.loads((folder / "input_example.json").read_text())

    model = mlflow.pyfunc.load_model(uri)

    assert example["columns"] == model.metadata.signature.inputs.input_names()
    assert len(model.predict(model.input_example)) == 1


def test_mlflows_own_flavor_reads_the_same_booster(trained: Trained, uri: str) -> None:
    booster = mlflow.xgboost.load_model(uri)

    np.testing.assert_array_equal(booster.save_raw("ubj"), trained.load_booster().save_raw("ubj"))


def test_the_requirements_are_what_is_installed_here(folder: Path) -> None:
    lines = (folder / "requirements.txt").read_text().splitlines()

    needed = [item for item in map(Requirement, lines) if not item.marker or item.marker.evaluate()]

    assert len(needed) == 6
    assert [f"{item.name}=={version(item.name)}" for item in needed] == [
        f"{item.name}{item.specifier}" for item in needed
    ]
