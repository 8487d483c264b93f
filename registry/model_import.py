"""The version that holds a stage, in the BentoML store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bentoml
import mlflow

from credit.bundle import BUNDLE_FILE, MODEL_FILE, STORED_MODEL_FILE, compute_fingerprint, hash_file
from credit.errors import BuildFailed
from credit.temporary_folder import open_temporary_folder
from registry.bento_store import (
    Kind,
    discard,
    discard_unfinished,
    get_model,
    make_latest,
    writing,
)
from registry.published_bundle import find_differences
from registry.stage import Stage
from registry.stages import RegisteredModel


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
    _require_registered_files(model)
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


def _require_registered_files(model: RegisteredModel) -> None:
    """Return if the model's file and the bundle beside it are what training registered.

    Raises:
        BuildFailed: If either cannot be read, or is not what the version's tags say.
    """
    with open_temporary_folder("credit-model-") as folder:
        _require_registered_booster(model, folder)
        _require_registered_bundle(model, folder)


def _require_registered_booster(model: RegisteredModel, folder: Path) -> None:
    try:
        found = hash_file(_fetch(model, MODEL_FILE, folder))
    except (mlflow.MlflowException, OSError) as error:
        raise _unreadable(model, MODEL_FILE, error) from None
    if found != model.bundle.model_sha256:
        raise BuildFailed(
            f"{_tell(model, MODEL_FILE)} is another one by now: expected SHA-256 "
            f"{model.bundle.model_sha256}, found {found}. Restore MLflow's artifacts, or promote "
            "another version."
        )


def _require_registered_bundle(model: RegisteredModel, folder: Path) -> None:
    try:
        differing = find_differences(model.bundle, _fetch(model, BUNDLE_FILE, folder))
    except (mlflow.MlflowException, OSError, ValueError) as error:
        raise _unreadable(model, BUNDLE_FILE, error) from None
    if differing:
        raise BuildFailed(
            f"{_tell(model, BUNDLE_FILE)} differs from its tags in {', '.join(differing)}: one of "
            "them was changed after training. Set the tag back to what the file says, or promote "
            "another version."
        )


def _fetch(model: RegisteredModel, name: str, folder: Path) -> Path:
    uri = f"models:/{model.name}/{model.version}/{name}"
    return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))


def _tell(model: RegisteredModel, name: str) -> str:
    return f"Version {model.version} of {model.name} is registered, but its file {name}"


def _unreadable(model: RegisteredModel, name: str, error: Exception) -> BuildFailed:
    reason = (str(error).strip().splitlines() or ["nothing more is known."])[-1].strip()
    return BuildFailed(
        f"{_tell(model, name)} cannot be read: {reason} Are MLflow's artifacts where they were?"
    )


def _is_whole(tag: str, metadata: Mapping[str, str]) -> bool:
    """Return whether the BentoML store has the model, with this checksum, threshold and costs."""
    stored = get_model(tag)
    if stored is None or stored.info.metadata != metadata:
        return False
    file = Path(stored.path_of(STORED_MODEL_FILE))
    return file.is_file() and hash_file(file) == metadata["model_sha256"]
