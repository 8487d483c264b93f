"""The version that holds a stage, by the registry and by the history alike."""

from __future__ import annotations

from mlflow import MlflowClient

from credit.errors import RegistryError
from registry.history import list_tenures, read_history
from registry.stage import Stage
from registry.stages import RegisteredModel, find_holder


def find_recorded_holder(client: MlflowClient, name: str, stage: Stage) -> RegisteredModel:
    """Return the version that holds the stage, as it was when it was put there.

    Raises:
        RegistryError: If none or more than one does, stage and alias disagree, the history says
            another, or threshold or model were changed since.
        FingerprintMismatch: If the version carries no bundle.
    """
    model = find_holder(client, name, stage)
    records = read_history(client, name)
    tenures = [item for item in list_tenures(records) if item.stage is stage and not item.until]
    recorded = tenures[-1].record.transition if tenures else None
    if recorded is None or recorded.version != model.version:
        raise RegistryError(
            f"Version {model.version} of {name} is {stage}, but by the history "
            f"{f'version {recorded.version}' if recorded else 'none'} is: it was moved past the "
            f"gate, or a promotion was cut short. `credit promote {model.version} --to {stage}` "
            "judges it."
        )
    if recorded.bundle_digest != model.bundle.compute_digest():
        raise RegistryError(
            f"Threshold, costs or other tags of version {model.version} of {name} are not those "
            f"that were promoted to {stage} (record {recorded.number}). Restore them, or promote "
            "another version."
        )
    return model
