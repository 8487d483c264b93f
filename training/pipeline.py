"""The training half of the road: tables, features, folds, threshold, registered version."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle, compute_fingerprint
from credit.cost import CostMatrix
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.engines.engine import HistoryEngine
from training.engines.on_duckdb import DuckDbEngine
from training.feature_list import FILE_NAME, FeatureList, read_feature_list
from training.feature_matrix import (
    TRAINING_TABLE,
    FeatureMatrix,
    build_matrix,
    find_varying,
    take_columns,
)
from training.fitting import (
    CrossValidation,
    FitSettings,
    Progress,
    cross_validate,
    fit_booster,
    require_both_outcomes,
)
from training.histories import build_histories
from training.leakage import require_no_leak
from training.metrics import Evaluation, evaluate
from training.publish import PublishedVersion, TrainedModel, publish
from training.replacing import replacing
from training.sound_tables import require_sound_tables
from training.source_hashes import hash_sources
from training.store_writing import write_history_store
from training.tables import Tables, open_tables
from training.tracking import prepare_tracking

Say = Callable[[str], None]


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


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of it.

    Attributes:
        published: The registered version.
        evaluation: Out-of-fold figures.
        missing: History tables that were not there.
        clients: Clients fitted on.
        features: Columns of the model.
    """

    published: PublishedVersion
    evaluation: Evaluation
    missing: tuple[str, ...]
    clients: int
    features: int


def train(order: TrainingOrder, say: Say, on_fold: Progress | None = None) -> TrainingResult:
    """Train, evaluate and register a model, and write the history store that belongs to it.

    The store is replaced after the model is registered, and both carry the same fingerprint.

    Args:
        order: What to do.
        say: Told what is being done, a line a step.
        on_fold: Told after each fold how many are done, of how many.

    Raises:
        ContractViolation: If the tables break the contract in more than missing histories and
            orphan rows, which are told and left out.
        UnreadableTable: If a file is not what its name says.
        TableMissing: If there is no application_train.
        TrainingImpossible: If there are too few clients of a class.
        TargetLeak: If a column knows the outcome.
        FingerprintMismatch: If the list of features is of other code.
        EngineFailed: If the engine does not start or breaks off.
        RegistryError: If MLflow cannot be used.
    """
    chosen = read_feature_list(order.feature_list) if order.feature_list else None
    require_sound_tables(order.data, say, order.memory_limit)
    prepare_tracking(order.tracking_uri)
    with open_tables(order.data, memory_limit=order.memory_limit) as tables:
        say("Computing features")
        histories = build_histories(tables, order.engine)
        sources = hash_sources(order.data)
        matrix = build_matrix(tables, TRAINING_TABLE, histories)
        model, evaluation = _fit(matrix, tables, order, chosen, say, on_fold)
        missing = tuple(tables.missing)
    say("Registering model and threshold in MLflow")
    # Written before and put in place after, so that no version is ever without its store.
    with replacing(order.history_store) as part:
        write_history_store(histories, part, sources)
        published = publish(model, order.tracking_uri, order.model_name)
    return TrainingResult(
        published, evaluation, missing, len(matrix.clients), model.booster.num_features()
    )


def _fit(
    matrix: FeatureMatrix,
    tables: Tables,
    order: TrainingOrder,
    chosen: FeatureList | None,
    say: Say,
    on_fold: Progress | None,
) -> tuple[TrainedModel, Evaluation]:
    if matrix.defaulted is None:
        raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET, so nothing can be learned.")
    defaulted = matrix.defaulted
    require_both_outcomes(defaulted)
    say("Looking for columns that know the outcome")
    require_no_leak(matrix.features, defaulted, matrix.clients, FEATURE_NAMES, order.fit.threads)
    names = chosen.names if chosen else find_varying(matrix.features, FEATURE_NAMES)
    matrix = replace(matrix, features=take_columns(matrix.features, names))
    if chosen:
        say("The list was chosen on clients like these: its out-of-fold figures flatter (ADR 0012)")
    say(f"Fitting on folds of {len(matrix.clients):,} clients, {matrix.features.shape[1]} features")
    validation = cross_validate(matrix.features, defaulted, order.fit, on_fold)
    evaluation = evaluate(defaulted, validation.pd, order.costs)
    rounds = round(float(np.mean(validation.rounds)))
    say(f"Fitting the model on all clients, {rounds} trees")
    booster = fit_booster(matrix.features, defaulted, rounds, order.fit, names)
    bundle = _make_bundle(evaluation, tables, order.costs)
    trained = TrainedModel(
        booster=booster,
        bundle=bundle,
        parameters=_list_parameters(matrix, validation, rounds, order),
        metrics=evaluation.to_metrics(),
        example=_find_typical_row(matrix.features),
        documents={FILE_NAME: chosen.model_dump_json(indent=1)} if chosen else {},
    )
    return trained, evaluation


def _find_typical_row(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each column's median, NaN where the column is empty: a row that is nobody's."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        return np.asarray(np.nanmedian(features, axis=0), np.float32)


def _make_bundle(evaluation: Evaluation, tables: Tables, costs: CostMatrix) -> Bundle:
    return Bundle(
        model_version="",
        threshold=evaluation.choice.threshold,
        false_negative_cost=costs.false_negative,
        false_positive_cost=costs.false_positive,
        fingerprint=compute_fingerprint(),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        oof_auc=evaluation.auc,
        training_tables=tuple(tables.present),
    )


def _list_parameters(
    matrix: FeatureMatrix, validation: CrossValidation, rounds: int, order: TrainingOrder
) -> dict[str, object]:
    parameters = order.fit.to_parameters()
    settings = {name: value for name, value in asdict(order.fit).items() if name != "parameters"}
    return {
        **parameters,
        **settings,
        "rounds": rounds,
        "rounds_of_folds": list(validation.rounds),
        "engine": order.engine.name.value,
        "clients": len(matrix.clients),
        "features": matrix.features.shape[1],
        "false_negative_cost": order.costs.false_negative,
        "false_positive_cost": order.costs.false_positive,
    }
