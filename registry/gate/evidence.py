"""What the registry holds of a version, fetched when a check asks for it.

Whatever is not there, or cannot be read, is `EvidenceMissing`, which tells what and what to do:
the check that asked fails, and the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mlflow
import xgboost
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import Model
from pydantic import ValidationError

from credit.bundle import BUNDLE_FILE, MODEL_FILE, Bundle, hash_file
from credit.errors import FingerprintMismatch
from credit.fairness import FairnessAudit
from credit.prediction import require_catalog
from credit.run_evidence import APPLICANTS_FILE, FAIRNESS_FILE, PREDICTIONS_FILE
from registry.gate.applicants import ReferenceApplicants, read_applicants
from registry.gate.predictions import Predictions, read_predictions
from registry.published_bundle import find_differences

REMEDY = "Train again with this code, or promote with --force and a --reason."


class EvidenceMissing(Exception):
    """A check cannot be made; it never leaves the gate."""


@dataclass(frozen=True, slots=True)
class DeletedVersion:
    """A version that the history names and the registry has no more.

    Attributes:
        told: What a person calls it.
    """

    told: str


class VersionEvidence:
    """A registered version and what was published with it.

    Args:
        client: Of the registry.
        registered: The version.
        folder: Where its files are put; of this version alone.
    """

    def __init__(self, client: MlflowClient, registered: ModelVersion, folder: Path) -> None:
        self._client = client
        self._registered = registered
        self._folder = folder

    @property
    def version(self) -> str:
        """Its number, as text."""
        return str(self._registered.version)

    @property
    def told(self) -> str:
        """What a person calls it."""
        return f"version {self.version} of {self._registered.name}"

    @cached_property
    def bundle(self) -> Bundle:
        """The facts in its tags."""
        try:
            return Bundle.from_metadata({**self._registered.tags, "model_version": self.version})
        except FingerprintMismatch as error:
            raise EvidenceMissing(str(error)) from None

    @cached_property
    def model_folder(self) -> Path:
        """Its MLflow model, copied here."""
        uri = f"models:/{self._registered.name}/{self.version}"
        target = self._folder / "model"
        target.mkdir(parents=True, exist_ok=True)
        try:
            return Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(target)))
        except Exception as error:  # noqa: BLE001 -- each artifact store has errors of its own
            raise EvidenceMissing(
                f"The model of {self.told} cannot be fetched ({_quote(error)}). Are MLflow's "
                "artifacts where they were?"
            ) from None

    @cached_property
    def model_file(self) -> Path:
        """Its booster's file."""
        file = self.model_folder / MODEL_FILE
        if not file.is_file():
            raise EvidenceMissing(f"The model of {self.told} has no {MODEL_FILE}. {REMEDY}")
        return file

    @cached_property
    def model_sha256(self) -> str:
        """What the file hashes to."""
        return hash_file(self.model_file)

    @cached_property
    def bundle_differences(self) -> tuple[str, ...]:
        """The fields that the bundle beside the model tells otherwise than the tags."""
        try:
            return find_differences(self.bundle, self.model_folder / BUNDLE_FILE)
        except (OSError, ValueError) as error:
            raise EvidenceMissing(
                f"{BUNDLE_FILE} of {self.told} cannot be read ({_quote(error)}). {REMEDY}"
            ) from None

    @cached_property
    def mlflow_model(self) -> Model:
        """What MLflow says of the model."""
        try:
            return Model.load(str(self.model_folder))
        except Exception as error:  # noqa: BLE001 -- a garbled MLmodel makes it raise anything
            raise EvidenceMissing(
                f"The MLmodel file of {self.told} cannot be read ({_quote(error)}). {REMEDY}"
            ) from None

    @cached_property
    def booster(self) -> xgboost.Booster:
        """The model, on one thread; not loaded if its file is not the registered one."""
        if self.model_sha256 != self.bundle.model_sha256:
            raise EvidenceMissing(
                f"{MODEL_FILE} of {self.told} is not the registered file, so it is not loaded."
            )
        try:
            booster = xgboost.Booster(model_file=self.model_file)
            booster.set_param({"nthread": 1})
            require_catalog(booster, f"The model of {self.told}")
        except xgboost.core.XGBoostError as error:
            raise EvidenceMissing(
                f"{MODEL_FILE} of {self.told} is no XGBoost model ({_quote(error)}). {REMEDY}"
            ) from None
        except FingerprintMismatch as error:
            raise EvidenceMissing(str(error)) from None
        return booster

    @cached_property
    def predictions(self) -> Predictions:
        """What it said of its clients."""
        file = self._fetch(PREDICTIONS_FILE)
        try:
            return read_predictions(file)
        except (OSError, ValueError, KeyError) as error:
            raise self._garbled(PREDICTIONS_FILE, error) from None

    @cached_property
    def applicants(self) -> ReferenceApplicants:
        """Applicants to score again."""
        file = self._fetch(APPLICANTS_FILE)
        try:
            found = read_applicants(file)
            found.compute_features()  # cells of another contract fail here
        except (OSError, ValueError, KeyError) as error:
            raise self._garbled(APPLICANTS_FILE, error) from None
        return found

    @cached_property
    def audit(self) -> FairnessAudit:
        """Its fairness audit."""
        file = self._fetch(FAIRNESS_FILE)
        try:
            return FairnessAudit.from_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise self._garbled(FAIRNESS_FILE, error) from None

    def _fetch(self, name: str) -> Path:
        """Return a copy of a file of the version's run."""
        run_id = self._registered.run_id
        if not run_id:
            raise EvidenceMissing(f"{self.told} names no run, so there is no {name}. {REMEDY}")
        target = self._folder / "run"
        target.mkdir(parents=True, exist_ok=True)
        try:
            return Path(self._client.download_artifacts(run_id, name, str(target)))
        except Exception as error:  # noqa: BLE001 -- each artifact store has errors of its own
            raise EvidenceMissing(
                f"The run of {self.told} has no {name} ({_quote(error)}). {REMEDY}"
            ) from None

    def _garbled(self, name: str, error: Exception) -> EvidenceMissing:
        return EvidenceMissing(
            f"{name} of {self.told} is not what training writes ({_quote(error)}). {REMEDY}"
        )


def _quote(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].strip(" .")[:160]
