"""Logs a training run to MLflow and registers model and threshold as one version."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.environment_variables import MLFLOW_UV_AUTO_DETECT
from mlflow.models.signature import ModelSignature, infer_signature
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.errors import RegistryError
from credit.features.catalog import FEATURE_NAMES

EXPERIMENT = "credit-scoring"
RUN_NAME = "train"
MODEL_FOLDER = "model"
SERVING_REQUIREMENTS = [f"xgboost=={xgb.__version__}", f"numpy=={np.__version__}"]


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version in the model registry.

    Attributes:
        model_name: Registered model.
        version: Its number, as text: MLflow answers int on SQLite and text over REST.
        run_id: The run it comes from.
    """

    model_name: str
    version: str
    run_id: str


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training run found out.

    Attributes:
        booster: Fitted on all clients.
        bundle: Threshold and facts that travel with the version; its version is not known yet.
        parameters: What was set.
        metrics: What was measured.
        example: A typical row of features, of nobody in particular, shape (len(FEATURES),).
    """

    booster: xgb.Booster
    bundle: Bundle
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    example: NDArray[np.float32]


def publish(model: TrainedModel, tracking_uri: str, model_name: str) -> PublishedVersion:
    """Log the run, register its model as a new version with the bundle as tags, and return it.

    The tags are given when the version is created, so no version is ever without its threshold.

    Raises:
        RegistryError: If MLflow kept no signature.
    """
    _quiet_mlflow()
    mlflow.set_tracking_uri(tracking_uri)
    experiment_id = _require_experiment(tracking_uri)
    with mlflow.start_run(experiment_id=experiment_id, run_name=RUN_NAME) as run:
        mlflow.log_params(dict(model.parameters))
        mlflow.log_metrics(
            {name: value for name, value in model.metrics.items() if math.isfinite(value)}
        )
        example = pd.DataFrame([model.example], columns=list(FEATURE_NAMES))
        info = mlflow.xgboost.log_model(
            model.booster,
            name=MODEL_FOLDER,
            model_format="ubj",
            signature=_sign(model.booster, example),
            input_example=example,
            pip_requirements=SERVING_REQUIREMENTS,
        )
    if info.signature is None:
        raise RegistryError("MLflow kept no signature of the model; nothing was registered.")
    tags = model.bundle.to_metadata()
    version = mlflow.register_model(info.model_uri, model_name, tags=tags)
    return PublishedVersion(model_name, str(version.version), run.info.run_id)


def _quiet_mlflow() -> None:
    """Leave MLflow's errors in the log, and files of the working directory out of the model."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    os.environ[MLFLOW_UV_AUTO_DETECT.name] = "false"  # it would add the lock file it finds


def _sign(booster: xgb.Booster, example: pd.DataFrame) -> ModelSignature:
    predictions = booster.predict(xgb.DMatrix(example))
    return infer_signature(example, predictions)


def _require_experiment(tracking_uri: str) -> str:
    """Return our experiment's id; a local database keeps its artifacts beside itself."""
    if experiment := mlflow.get_experiment_by_name(EXPERIMENT):
        return str(experiment.experiment_id)
    return str(mlflow.create_experiment(EXPERIMENT, _locate_artifacts(tracking_uri)))


def _locate_artifacts(tracking_uri: str) -> str | None:
    """Return the folder beside an SQLite file; None lets a server decide."""
    if not tracking_uri.startswith("sqlite:///"):
        return None
    database = Path(urlsplit(tracking_uri).path.removeprefix("/"))
    return (database.resolve().parent / "mlartifacts").as_uri()
