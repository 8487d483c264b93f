"""Logs a training run to MLflow and registers model and threshold as one version."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import mlflow
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow import MlflowClient
from mlflow.data.numpy_dataset import from_numpy
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_UV_AUTO_DETECT,
)
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.errors import RegistryError
from credit.temporary_folder import open_temporary_folder
from training import model_folder
from training.tracking import locate_database, quiet_mlflow

EXPERIMENT = "credit-scoring"
RUN_NAME = "train"
MODEL_FOLDER = "model"


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version in the model registry.

    Attributes:
        model_name: Registered model.
        version: Its number, as text: MLflow answers int on SQLite and text over REST.
        run_id: The run it comes from.
        artifacts: URI of what the run keeps.
    """

    model_name: str
    version: str
    run_id: str
    artifacts: str


@dataclass(frozen=True, slots=True)
class TrainingDataset:
    """Where the clients came from, for MLflow's lineage.

    Attributes:
        name: Folder's or archive's name.
        source: What MLflow is told it came from.
        digest: Of the files, at most 36 characters.
        features: Shape (n, features).
        defaulted: Shape (n,).
    """

    name: str
    source: str
    digest: str
    features: NDArray[np.float32]
    defaulted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training run found out.

    Attributes:
        booster: Fitted on all clients.
        bundle: Threshold and facts that travel with the version; its version is not known yet.
        parameters: What was set.
        metrics: What was measured.
        example: A typical row of features, of nobody in particular, shape (features,).
        files: What to keep with the run, by path inside its artifacts.
        tags: Of the run.
        note: What the run's page and the version's open with, Markdown.
        dataset: What it was fitted on.
    """

    booster: xgb.Booster
    bundle: Bundle
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    example: NDArray[np.float32]
    files: Mapping[str, bytes] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    dataset: TrainingDataset | None = None


def publish(model: TrainedModel, tracking_uri: str, model_name: str) -> PublishedVersion:
    """Log the run, register its model as a new version with the bundle as tags, and return it.

    The tags are given when the version is created, so no version is ever without its threshold.

    Raises:
        RegistryError: If MLflow kept no signature.
    """
    quiet_mlflow()
    os.environ[MLFLOW_UV_AUTO_DETECT.name] = "false"  # it would add the lock file it finds
    os.environ[MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.name] = "false"
    mlflow.set_tracking_uri(tracking_uri)
    experiment_id = require_experiment(tracking_uri)
    with mlflow.start_run(experiment_id=experiment_id, run_name=RUN_NAME) as run:
        mlflow.log_params(dict(model.parameters))
        mlflow.log_metrics(
            {name: value for name, value in model.metrics.items() if math.isfinite(value)}
        )
        mlflow.set_tags({MLFLOW_RUN_NOTE: model.note, **model.tags})
        if model.dataset:
            _log_dataset(model.dataset)
        _log_files(model.files)
        example = pd.DataFrame([model.example], columns=list(model.booster.feature_names or ()))
        info = Model.log(
            artifact_path=None,
            name=MODEL_FOLDER,
            flavor=model_folder,
            booster=model.booster,
            bundle=model.bundle,
            example=example,
        )
    if info.signature is None:
        raise RegistryError("MLflow kept no signature of the model; nothing was registered.")
    # The client's calls, not `mlflow.register_model`, which goes on, and prints, after the version
    # is there: an interrupt then would leave a version that this run knows nothing of.
    client = MlflowClient(tracking_uri)
    _require_registered_model(client, model_name)
    version = client.create_model_version(
        model_name,
        info.model_uri,
        run.info.run_id,
        tags=model.bundle.to_metadata(),
        description=model.note,
        await_creation_for=0,
        model_id=info.model_id,
    )
    return PublishedVersion(
        model_name, str(version.version), run.info.run_id, str(run.info.artifact_uri)
    )


def _log_dataset(dataset: TrainingDataset) -> None:
    with warnings.catch_warnings():
        # MLflow knows two ways to a local folder, which are the same.
        warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted")
        known = from_numpy(
            dataset.features,
            source=dataset.source,
            targets=dataset.defaulted,
            name=dataset.name,
            digest=dataset.digest,
        )
    mlflow.log_input(known, context="training")


def _log_files(files: Mapping[str, bytes]) -> None:
    with open_temporary_folder("credit-run-") as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        mlflow.log_artifacts(str(folder))


def _require_registered_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def require_experiment(tracking_uri: str) -> str:
    """Return our experiment's id; a local database keeps its artifacts beside itself."""
    if experiment := mlflow.get_experiment_by_name(EXPERIMENT):
        return str(experiment.experiment_id)
    return str(mlflow.create_experiment(EXPERIMENT, _locate_artifacts(tracking_uri)))


def _locate_artifacts(tracking_uri: str) -> str | None:
    """Return the folder beside an SQLite file; None lets a server decide."""
    database = locate_database(tracking_uri)
    return (database.parent / "mlartifacts").as_uri() if database else None
