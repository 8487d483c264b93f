"""What a run keeps of its clients, for the gate and for later comparisons; none is named."""

from __future__ import annotations

import numpy as np

from credit.prediction import predict_pd
from credit.pseudonym import PseudonymKey
from credit.run_evidence import APPLICANTS_FILE, PREDICTIONS_FILE
from training.evidence.predictions import ClientPredictions, tabulate_predictions
from training.evidence.reference_applicants import read_reference_applicants
from training.evidence.reference_sample import (
    FILE_NAME,
    draw_reference_sample,
    to_parquet,
)
from training.feature_matrix import take_columns
from training.fitted_model import FittedModel
from training.order import Material


def list_client_files(
    material: Material, fitted: FittedModel, key: PseudonymKey, seed: int
) -> dict[str, bytes]:
    """Return predictions, reference applicants and reference sample, by their artifact's path.

    Args:
        material: What was read.
        fitted: The model.
        key: Of the pseudonyms.
        seed: Of whom is drawn.
    """
    matrix, validation = material.matrix, fitted.validation
    features = take_columns(matrix.features, fitted.names)
    pd_served = predict_pd(fitted.booster, features)
    pseudonyms = key.name(matrix.clients.tolist())
    predictions = ClientPredictions(
        material.defaulted,
        np.asarray(validation.folds, np.int8),
        validation.pd,
        fitted.nested.refused,
        pd_served,
    )
    applicants = read_reference_applicants(material.tables, matrix, pd_served, pseudonyms, seed)
    sample = draw_reference_sample(features, validation.pd, fitted.names, seed=seed)
    tables = {
        PREDICTIONS_FILE: tabulate_predictions(predictions, pseudonyms, key.id),
        APPLICANTS_FILE: applicants,
        FILE_NAME: sample,
    }
    return {name: to_parquet(table) for name, table in tables.items()}
