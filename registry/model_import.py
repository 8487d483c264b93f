"""The version that holds a stage, in the BentoML store."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import bentoml
import mlflow

from credit.bundle import MODEL_FILE, compute_fingerprint, hash_file
from credit.errors import BuildFailed
from registry.bento_store import (
    Kind,
    discard,
    discard_unfinished,
    get_model,
    make_latest,
    writing,
)
from registry.stage import Stage
from registry.stages import RegisteredModel

MODEL_FOLDER = "mlflow_model"


def import_model(model: RegisteredModel, tracking_uri: str, stage: Stage = Stage.STAGING) -> str:
    """Copy a registered version into the BentoML store, and return its tag there.

    The tag is `NAME:mlflow-v<version>`; threshold, costs, fingerprint and the SHA-256 of the model
    file are its metadata. A whole copy with the same metadata that is there already is kept; any
    other is replaced, and a Bento that was built for that one then refuses to serve. The copy
    becomes the latest, which is what a plain `bentoml serve` takes.

    Raises:
        FingerprintMismatch: If the version was fitted with other feature code than this.
        BuildFailed: If the registry's files cannot be had, or are not those that were registered.
    """
    model.bundle.require_fingerprint(compute_fingerprint())
    discard_unfinished()
    tag = f"{model.name}:mlflow-v{model.version}"
    mlflow.set_tracking_uri(tracking_uri)
    _require_registered_file(model)
    metadata = model.bundle.to_metadata()
    if _is_whole(tag, metadata):
        make_latest(Kind.MODEL, tag)
        return tag
    with writing(Kind.MODEL, tag):
        discard(Kind.MODEL, tag)
        bentoml.mlflow.import_model(
            tag,
            f"models:/{model.name}/{model.version}",
            signatures={"predict": {"batchable": True, "batch_dim": 0}},
            labels={"stage": stage.value, "model_version": model.version},
            metadata=metadata,
        )
        if not _is_whole(tag, metadata):
            raise BuildFailed(f"The copy of {tag} differs from the registered file; try again.")
    return tag


def _require_registered_file(model: RegisteredModel) -> None:
    """Return if the artifact is the file that training registered.

    Raises:
        BuildFailed: If it cannot be read, or was changed since.
    """
    uri = f"models:/{model.name}/{model.version}/{MODEL_FILE}"
    told = f"Version {model.version} of {model.name} is registered, but its file {MODEL_FILE}"
    try:
        with tempfile.TemporaryDirectory(prefix="credit-model-") as folder:
            found = hash_file(Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)))
    except (mlflow.MlflowException, OSError) as error:
        reason = (str(error).strip().splitlines() or ["nothing more is known."])[-1].strip()
        raise BuildFailed(
            f"{told} cannot be read: {reason} Are MLflow's artifacts where they were?"
        ) from None
    if found != model.bundle.model_sha256:
        raise BuildFailed(
            f"{told} is another one by now: expected SHA-256 {model.bundle.model_sha256}, found "
            f"{found}. Restore MLflow's artifacts, or promote another version."
        )


def _is_whole(tag: str, metadata: Mapping[str, str]) -> bool:
    """Return whether the BentoML store has the model, with this checksum, threshold and costs."""
    stored = get_model(tag)
    if stored is None or stored.info.metadata != metadata:
        return False
    file = Path(stored.path_of(f"{MODEL_FOLDER}/{MODEL_FILE}"))
    return file.is_file() and hash_file(file) == metadata["model_sha256"]
