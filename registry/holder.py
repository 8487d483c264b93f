"""The version that holds a stage, by the registry and by the history alike."""

from __future__ import annotations

from collections.abc import Sequence

from mlflow import MlflowClient

from credit.errors import FingerprintMismatch, RegistryError
from registry.history import Record, read_history
from registry.stage import Stage
from registry.stages import RegisteredModel, find_holder
from registry.tenure import find_tenure


def find_recorded_holder(client: MlflowClient, name: str, stage: Stage) -> RegisteredModel:
    """Return the version that holds the stage, as it was when it was put there.

    Raises:
        RegistryError: If none or more than one does, stage and alias disagree, the history says
            another, or threshold or model were changed since.
        FingerprintMismatch: If the version carries no bundle.
    """
    return _find_recorded(client, name, stage, read_history(client, name))


def find_standing(
    client: MlflowClient, name: str, stage: Stage, records: Sequence[Record]
) -> RegisteredModel | None:
    """Return the version that holds the stage by registry and history; None if they differ.

    Args:
        client: Of the registry.
        name: Registered model.
        stage: Which stage.
        records: The history, read already.
    """
    try:
        return _find_recorded(client, name, stage, records)
    except (RegistryError, FingerprintMismatch):
        return None


def _find_recorded(
    client: MlflowClient, name: str, stage: Stage, records: Sequence[Record]
) -> RegisteredModel:
    model = find_holder(client, name, stage)
    tenure = find_tenure(records, stage)
    if tenure is None or tenure.version != model.version:
        raise RegistryError(
            f"Version {model.version} of {name} is {stage}, but by the history "
            f"{f'version {tenure.version}' if tenure else 'none'} is: it was moved past the "
            f"gate, or a promotion was cut short. `credit promote {model.version} --to {stage}` "
            "judges it."
        )
    require_as_recorded(model, records)
    return model


def require_as_recorded(model: RegisteredModel, records: Sequence[Record]) -> None:
    """Return if the version's facts are still those it was last moved with.

    Raises:
        RegistryError: If threshold, prices, fingerprint or the like were changed since, or it never
            was moved.
    """
    moves = [item.transition for item in records if item.ended_at is not None]
    own = [moved for moved in moves if moved.version == model.version]
    if not own:
        raise RegistryError(
            f"Version {model.version} of {model.name} was never promoted. `credit promote` judges "
            "and records it."
        )
    if own[-1].bundle_digest != model.bundle.compute_digest():
        raise RegistryError(
            f"Threshold, costs or other tags of version {model.version} of {model.name} are not "
            f"those that were promoted (record {own[-1].number}). Restore them, or promote another "
            "version."
        )
