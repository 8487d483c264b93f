"""What training publishes beside the model file, and how model, code and store know each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from credit.cost import CostMatrix
from credit.errors import FingerprintMismatch

PAGE_WRITER = "document.py"
"""Writes documentation, so that its wording is no part of the fingerprint."""

MODEL_FILE = "artifacts/model.ubj"
"""Where the booster is inside the published model folder."""

STORED_MODEL_FILE = f"mlflow_model/{MODEL_FILE}"
"""The same inside a model of BentoML's store, as its import of MLflow models lays it."""

BUNDLE_FILE = "artifacts/bundle.json"
"""Where the bundle is beside it, as `Bundle.to_metadata` writes it."""

Probability = Annotated[float, Field(gt=0, lt=1)]
Price = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Bundle(BaseModel):
    """The facts that travel with a model version; texts throughout, so any registry can hold them.

    Attributes:
        model_version: Version in the model registry.
        threshold: Applicants whose probability of default is at or above it are refused.
        false_negative_cost: Price of a missed default.
        false_positive_cost: Price of a refused good applicant.
        fingerprint: Contract and feature code the model was fitted with.
        trained_at: UTC time of training, ISO 8601.
        oof_auc: Out-of-fold area under the ROC curve.
        training_tables: Tables whose rows the model has seen.
        feature_count: How many features the model takes.
        model_sha256: Of the model file, 64 hex digits.
        git_commit: Of the code that trained it, with `+changes` if files differed from it.
        refer_from: Lowest probability at which a person is to decide; None: nobody is referred.
        refer_to: Highest such probability; None with `refer_from`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model_version: str
    threshold: Probability
    false_negative_cost: Price
    false_positive_cost: Price
    fingerprint: str
    trained_at: str
    oof_auc: float
    training_tables: tuple[str, ...]
    feature_count: Annotated[int, Field(ge=1)]
    model_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    git_commit: str
    refer_from: Annotated[float, Field(ge=0, le=1)] | None = None
    refer_to: Annotated[float, Field(ge=0, le=1)] | None = None

    @model_validator(mode="after")
    def _require_whole_zone(self) -> Self:
        low, high = self.refer_from, self.refer_to
        if (low is None) != (high is None) or (low is not None and low > (high or 0)):
            raise ValueError(f"A zone has two ends, in order; got {low} and {high}.")
        return self

    @property
    def costs(self) -> CostMatrix:
        """Prices of mistakes."""
        return CostMatrix(self.false_negative_cost, self.false_positive_cost)

    def to_metadata(self) -> dict[str, str]:
        """Return the bundle as flat texts; floats keep every bit."""
        fields = self.model_dump(exclude_none=True)
        return {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in fields.items()
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> Self:
        """Return the bundle that `to_metadata` wrote; other keys are ignored.

        Raises:
            FingerprintMismatch: If a field is absent or malformed: this model was not published
                by a training run of ours.
        """
        texts = {name: metadata[name] for name in cls.model_fields if name in metadata}
        if isinstance(tables := texts.get("training_tables"), str):
            with suppress(json.JSONDecodeError):  # what stays a text is refused below
                texts["training_tables"] = json.loads(tables)
        try:
            return cls.model_validate(texts)
        except ValidationError as error:
            fields = ", ".join(_name_field(detail["loc"]) for detail in error.errors())
            raise FingerprintMismatch(
                f"The model's metadata lack or garble: {fields}. Expected a version registered by "
                "`credit train`; import it again with `credit build`."
            ) from None

    def compute_digest(self) -> str:
        """Return the SHA-256 of all facts, 64 hex digits: model file, threshold and the rest."""
        facts = json.dumps(self.to_metadata(), sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()

    def require_fingerprint(self, expected: str) -> None:
        """Return if the model belongs to this code.

        Raises:
            FingerprintMismatch: If contract or feature code changed since the model was fitted.
        """
        if self.fingerprint != expected:
            raise FingerprintMismatch(
                f"Model version {self.model_version} was fitted with fingerprint "
                f"{self.fingerprint}, this code has {expected}. Train again with this code, or "
                "serve the version with the code it was built from."
            )

    def require_digest(self, expected: str) -> None:
        """Return if model file, threshold and all else are those of this digest.

        Raises:
            FingerprintMismatch: If the version of that number is of another registry by now.
        """
        if self.compute_digest() != expected:
            raise FingerprintMismatch(
                f"This Bento was built for another version {self.model_version} than the BentoML "
                "store holds now, with another model file or threshold. Build it again with "
                "`credit build`."
            )

    def require_model_file(self, path: Path) -> None:
        """Return if the file is the very model that was registered.

        Raises:
            FingerprintMismatch: If it is another, or is not there.
        """
        found = hash_file(path) if path.is_file() else "no file"
        if found != self.model_sha256:
            raise FingerprintMismatch(
                f"{path} is not the model of version {self.model_version}: expected SHA-256 "
                f"{self.model_sha256}, found {found}. Import the version again with `credit build`."
            )


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_field(location: tuple[int | str, ...]) -> str:
    """Return the field a fault is in; what is in none is about both ends of the refer zone."""
    return str(location[0]) if location else "refer_from"


@cache
def compute_fingerprint() -> str:
    """Return 16 hex digits that change when the contract or the feature code does.

    Hashes the source of `credit.contract` and `credit.features`, line endings normalised.
    """
    return hash_sources(files("credit"))


def hash_sources(kernel: Traversable) -> str:
    """Return the fingerprint of the sources in a copy of the package `credit`."""
    digest = hashlib.sha256()
    for package in ("contract", "features"):
        for source in sorted(_list_sources(kernel / package), key=lambda item: item.name):
            digest.update(f"{package}/{source.name}\n".encode())
            digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _list_sources(folder: Traversable) -> list[Traversable]:
    return [
        entry
        for entry in folder.iterdir()
        if entry.name.endswith(".py") and entry.name != PAGE_WRITER
    ]
