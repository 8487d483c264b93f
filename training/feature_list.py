"""The file between `credit select` and `credit train`: which features, and why those."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit.bundle import compute_fingerprint
from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES
from training.replacing import replacing
from training.selection import JudgedFeature, NullImportanceSettings
from training.selection_cost import SetFigures

FILE_NAME = "selected_features.json"


class FeatureList(BaseModel):
    """The features a model is to be fitted on.

    Attributes:
        method: How they were chosen.
        settings: With what settings, its seed among them.
        fingerprint: Contract and feature code they were computed with.
        clients: How many they were chosen on.
        names: The features, in the catalog's order.
        judged: What every candidate was worth.
        figures: What the set is worth, beside all features and another method's choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    settings: NullImportanceSettings
    fingerprint: str
    clients: int
    names: tuple[str, ...] = Field(min_length=1)
    judged: tuple[JudgedFeature, ...]
    figures: tuple[SetFigures, ...]


def write_feature_list(selected: FeatureList, path: Path) -> None:
    """Write the list as JSON, whole or not at all."""
    with replacing(path) as part:
        part.write_text(f"{selected.model_dump_json(indent=1)}\n")


def read_feature_list(path: Path) -> FeatureList:
    """Return the list.

    Raises:
        FingerprintMismatch: If it is no such list, or names features of other code.
    """
    try:
        selected = FeatureList.model_validate_json(path.read_bytes())
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "its JSON"
        raise FingerprintMismatch(
            f"{path} is not a list of features: {where} is wrong. Make one with `credit select`."
        ) from None
    if selected.fingerprint != compute_fingerprint():
        raise FingerprintMismatch(
            f"{path} was chosen with fingerprint {selected.fingerprint}, this code has "
            f"{compute_fingerprint()}. Choose again with `credit select`."
        )
    wanted = set(selected.names)
    if selected.names != tuple(name for name in FEATURE_NAMES if name in wanted):
        raise FingerprintMismatch(
            f"{path} names features that the catalog has not, twice, or in another order. Choose "
            "again with `credit select`."
        )
    return selected
