"""Versions that a test makes worse than the one training registered, in a real MLflow."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

from credit.bundle import MODEL_FILE, hash_file
from credit.run_evidence import APPLICANTS_FILE, FAIRNESS_FILE, PREDICTIONS_FILE
from registry.gate.evidence import VersionEvidence
from registry.gate.finding import Case
from registry.gate.limits import LIMITS, GateLimits
from tests.registry.bundle_beside import write_bundle
from training.evidence.reference_sample import to_parquet

if TYPE_CHECKING:
    from credit.fairness import FairnessAudit
    from tests.conftest import Trained
    from tests.registry.conftest import Registry

FILES = (PREDICTIONS_FILE, APPLICANTS_FILE, FAIRNESS_FILE)


@dataclass
class GateLab:
    """The registry of a test, with what training published to start from.

    Attributes:
        registry: With the first version in it.
        folder: Of the test.
        original: What training published as version 1.
        experiment: Whose runs are kept in the folder, and not where all tests look for training's.
    """

    registry: Registry
    folder: Path
    original: VersionEvidence
    experiment: str

    def add_version(
        self,
        *,
        booster: xgb.Booster | None = None,
        files: Mapping[str, bytes | None] | None = None,
        tags: Mapping[str, str | None] | None = None,
    ) -> str:
        """Register version 1 again, with another model, other or no files, or other facts.

        The bundle beside the model says what the tags say.
        """
        client = self.registry.client
        first = client.get_model_version(self.registry.name, "1")
        run = client.create_run(self.experiment)
        content = self.folder / run.info.run_id
        shutil.copytree(self.original.model_folder, content / "model")
        for name, content_of in {**self.read_files(), **(files or {})}.items():
            if content_of is not None:
                (content / name).write_bytes(content_of)
        model_file = content / "model" / MODEL_FILE
        if booster is not None:
            booster.save_model(model_file)
        kept = {**first.tags, "model_sha256": hash_file(model_file), **(tags or {})}
        write_bundle(content / "model", kept)
        client.log_artifacts(run.info.run_id, str(content))
        version = client.create_model_version(
            self.registry.name,
            f"{run.info.artifact_uri}/model",
            run.info.run_id,
            tags={tag: text for tag, text in kept.items() if text is not None},
        )
        return str(version.version)

    def open(self, version: str) -> VersionEvidence:
        """Return the evidence of a version."""
        registered = self.registry.client.get_model_version(self.registry.name, version)
        return VersionEvidence(
            self.registry.client, registered, self.folder / f"evidence of {version}"
        )

    def case(
        self, challenger: str, champion: str | None = None, limits: GateLimits = LIMITS
    ) -> Case:
        """Return what a check is asked."""
        return Case(self.open(challenger), (champion and self.open(champion)) or None, limits)

    def read_files(self) -> dict[str, bytes]:
        """Return what training published beside the model."""
        run_id = str(self.original._registered.run_id)
        return {
            name: Path(
                self.registry.client.download_artifacts(run_id, name, str(self.folder))
            ).read_bytes()
            for name in FILES
        }

    def change_predictions(self, **columns: np.ndarray) -> dict[str, bytes]:
        """Return the file of predictions with other columns."""
        return self._change(PREDICTIONS_FILE, columns)

    def change_applicants(self, **columns: np.ndarray) -> dict[str, bytes]:
        """Return the file of reference applicants with other columns."""
        return self._change(APPLICANTS_FILE, columns)

    def change_audit(self, audit: FairnessAudit) -> dict[str, bytes]:
        """Return the file of the audit."""
        return {FAIRNESS_FILE: audit.to_json().encode()}

    def _change(self, name: str, columns: Mapping[str, np.ndarray]) -> dict[str, bytes]:
        table = pq.read_table(pa.BufferReader(self.read_files()[name]))
        for column, values in columns.items():
            position = table.column_names.index(column)
            table = table.set_column(position, column, pa.array(values))
        return {name: to_parquet(table)}

    def fit(self, target: np.ndarray, *, rounds: int = 10, **parameters: object) -> xgb.Booster:
        """Return a booster of the same columns, fitted on the reference applicants."""
        names = list(self.original.booster.feature_names or ())
        from credit.features.catalog import FEATURE_NAMES

        features = self.original.applicants.compute_features()
        taken = features[:, [FEATURE_NAMES.index(name) for name in names]]
        matrix = xgb.DMatrix(taken, target, feature_names=names)
        settings = {"objective": "binary:logistic", "nthread": 1, "max_depth": 3, **parameters}
        return xgb.train(settings, matrix, num_boost_round=rounds)


@pytest.fixture
def lab(registry: Registry, trained: Trained, tmp_path: Path) -> GateLab:
    del trained  # what the registry is a copy of
    first = registry.client.get_model_version(registry.name, "1")
    folder = tmp_path / "lab"
    folder.mkdir()
    mlflow.set_tracking_uri(registry.tracking_uri)
    experiment = registry.client.create_experiment("lab", (folder / "runs").as_uri())
    original = VersionEvidence(registry.client, first, folder / "original")
    return GateLab(registry, folder, original, experiment)
