"""What a training run is told, and what it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix
from credit.pseudonym import PseudonymKey
from credit.store_manifest import SourceFile
from training.engines.engine import HistoryEngine
from training.engines.on_duckdb import DuckDbEngine
from training.evidence.gather import EvidenceSettings
from training.feature_matrix import FeatureMatrix
from training.fitting import FitSettings
from training.tables import Tables
from training.tuning.best_parameters import TunedFamily


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What to train on and where the results go.

    Attributes:
        data: Folder, or Kaggle's zip, of the tables.
        history_store: File the clients' history features are written to.
        tracking_uri: MLflow's database or server.
        model_name: Registered model.
        costs: Prices of mistakes.
        memory_limit: Memory the table engine may use, such as ``4GB``.
        engine: What computes the history features.
        fit: How to fit.
        feature_list: File of `credit select` with the features to fit on; None: all.
        evidence: How much is measured.
        refer_share: Share of applicants that a person is to decide on; None: nobody.
        tuned: How the parameters of `fit` were found; None: they were given.
        contact: Whom a refused applicant turns to, for the model card.
        pseudonym_key: Of the clients' pseudonyms in what the run keeps; None: a random one that
            nobody has, so that the gate finds no client of another run among them.
        application_store: File the clients' applications are written to; None:
            applications.arrow beside the history store.
    """

    data: Path
    history_store: Path
    tracking_uri: str
    model_name: str
    costs: CostMatrix = CostMatrix()
    memory_limit: str | None = None
    engine: HistoryEngine = DuckDbEngine()
    fit: FitSettings = FitSettings()
    feature_list: Path | None = None
    evidence: EvidenceSettings = EvidenceSettings()
    refer_share: float | None = None
    tuned: TunedFamily | None = None
    contact: str = "the lender's customer service"
    pseudonym_key: PseudonymKey | None = None
    application_store: Path | None = None

    @property
    def written_application_store(self) -> Path:
        """File the clients' applications are written to."""
        return self.application_store or self.history_store.with_name("applications.arrow")


@dataclass(frozen=True, slots=True)
class Material:
    """What was read: the clients to learn from, and where they came from.

    Attributes:
        matrix: Clients to learn from.
        later: Clients of application_test; None where there is no such table.
        defaulted: Outcomes of the first, shape (n,).
        sources: Files of all tables.
        rows: Rows of all tables.
        tables: The tables themselves.
    """

    matrix: FeatureMatrix
    later: FeatureMatrix | None
    defaulted: NDArray[np.bool_]
    sources: Mapping[str, SourceFile]
    rows: Mapping[str, int]
    tables: Tables
