"""The training half of the road: tables, features, folds, threshold, evidence, version."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from credit.pseudonym import PseudonymKey
from credit.run_evidence import FAIRNESS_FILE
from training.applications import pack_applications
from training.client_files import list_client_files
from training.evidence.gather import Judged, gather_evidence
from training.evidence.model_card import render_card
from training.evidence.performance import tell_no_better_than_chance
from training.evidence.referral import ReferZone, find_refer_zone
from training.feature_list import FILE_NAME, FeatureList, read_feature_list
from training.feature_matrix import (
    LATER_TABLE,
    TRAINING_TABLE,
    FeatureMatrix,
    build_matrix,
    find_varying,
    take_columns,
    tell_dull_columns,
)
from training.fitted_model import FittedModel, fit_model
from training.fitting import require_both_outcomes
from training.histories import build_histories
from training.leakage import require_no_leak
from training.metrics import Evaluation, evaluate
from training.order import Material, TrainingOrder
from training.publish import PublishedVersion, TrainedModel, TrainingDataset, publish
from training.replacing import replacing
from training.run_facts import collect_facts, list_tags
from training.run_files import digest_sources, list_run_files, write_note
from training.sound_tables import require_sound_tables
from training.source_hashes import hash_sources
from training.store_writing import write_application_store, write_history_store
from training.tables import open_tables
from training.telling import Say, Track
from training.tracking import prepare_tracking


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of it.

    Attributes:
        published: The registered version.
        evaluation: Out-of-fold figures.
        missing: History tables that were not there.
        clients: Clients fitted on.
        features: Columns of the model.
        metrics: All figures of the evidence, by name.
    """

    published: PublishedVersion
    evaluation: Evaluation
    missing: tuple[str, ...]
    clients: int
    features: int
    metrics: Mapping[str, float]


def train(order: TrainingOrder, say: Say, track: Track | None = None) -> TrainingResult:
    """Train, evaluate and register a model, and write the two stores that belong to it.

    They are replaced after the model is registered, and all carry the same fingerprint.

    Args:
        order: What to do.
        say: Told what is being done, a line a step.
        track: Told how far a work is.

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
        CardIncomplete: If a measure left a part of the model card blank.
    """
    chosen = read_feature_list(order.feature_list) if order.feature_list else None
    rows = require_sound_tables(order.data, say, order.memory_limit).rows
    prepare_tracking(order.tracking_uri)
    with open_tables(order.data, memory_limit=order.memory_limit) as tables:
        say("Computing features")
        histories = build_histories(tables, order.engine)
        sources = hash_sources(order.data, TABLES)
        matrix = build_matrix(tables, TRAINING_TABLE, histories)
        defaulted = _require_outcomes(matrix)
        later = build_matrix(tables, LATER_TABLE, histories) if LATER_TABLE in rows else None
        material = Material(matrix, later, defaulted, sources, rows, tables)
        model, evaluation = _make_model(material, order, chosen, say, track or _track_nothing)
        missing = tuple(tables.missing)
        applications = pack_applications(tables)
    say("Registering model and threshold in MLflow")
    # Written before and put in place after, so that no version is ever without its stores.
    with (
        replacing(order.history_store) as history_part,
        replacing(order.written_application_store) as application_part,
    ):
        write_history_store(histories, history_part, sources)
        write_application_store(applications, application_part, sources)
        published = publish(model, order.tracking_uri, order.model_name)
    features = model.booster.num_features()
    return TrainingResult(
        published, evaluation, missing, len(matrix.clients), features, model.metrics
    )


def _require_outcomes(matrix: FeatureMatrix) -> NDArray[np.bool_]:
    if matrix.defaulted is None:
        raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET, so nothing can be learned.")
    require_both_outcomes(matrix.defaulted)
    return matrix.defaulted


def _make_model(
    material: Material,
    order: TrainingOrder,
    chosen: FeatureList | None,
    say: Say,
    track: Track,
) -> tuple[TrainedModel, Evaluation]:
    matrix, defaulted = material.matrix, material.defaulted
    if dull := tell_dull_columns(matrix.columns):
        say(f"Note: {dull}")
    say("Looking for columns that know the outcome")
    require_no_leak(matrix.features, defaulted, matrix.clients, FEATURE_NAMES, order.fit.threads)
    names = chosen.names if chosen else find_varying(matrix.features, FEATURE_NAMES)
    features = take_columns(matrix.features, names)
    if chosen:
        say("The list was chosen on clients like these: its out-of-fold figures flatter (ADR 0012)")
    fitted = fit_model(features, defaulted, names, order.costs, order.fit, say, track)
    evaluation = evaluate(defaulted, fitted.validation.pd, order.costs)
    zone = _find_zone(fitted, defaulted, evaluation, order)
    facts = collect_facts(material, fitted, evaluation, order, chosen, zone)
    judged = Judged(fitted, order.fit, matrix, defaulted, material.later, order.costs, zone)
    evidence = gather_evidence(judged, facts, order.evidence, say, track)
    if not evidence.performance.beats_chance:
        say(f"Note: {tell_no_better_than_chance(evidence.performance).replace('**', '')}")
    card = render_card(f"Model card: {order.model_name}", evidence.sections)
    files = list_run_files(card, evidence.sections, material.sources, facts.environment)
    files[FAIRNESS_FILE] = evidence.fairness.to_json().encode()
    key = order.pseudonym_key or PseudonymKey.random()
    files |= list_client_files(material, fitted, key, order.fit.seed)
    if chosen:
        files[FILE_NAME] = chosen.model_dump_json(indent=1).encode()
    metrics = evaluation.to_metrics()
    for section in evidence.sections:
        metrics |= section.metrics
    trained = TrainedModel(
        booster=fitted.booster,
        bundle=facts.bundle,
        parameters=facts.parameters,
        metrics=metrics,
        example=_find_typical_row(features),
        files=files,
        tags=list_tags(facts),
        note=write_note(facts, metrics),
        dataset=TrainingDataset(
            name=order.data.name,
            source=order.data.name,  # no path: the registry may be shared
            digest=digest_sources(material.sources),
            features=features,
            defaulted=defaulted,
        ),
    )
    return trained, evaluation


def _find_zone(
    fitted: FittedModel, defaulted: NDArray[np.bool_], evaluation: Evaluation, order: TrainingOrder
) -> ReferZone | None:
    if order.refer_share is None:
        return None
    threshold = evaluation.choice.threshold
    return find_refer_zone(
        defaulted, fitted.validation.pd, threshold, order.costs, order.refer_share
    )


def _find_typical_row(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each column's median, NaN where the column is empty: a row that is nobody's."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        return np.asarray(np.nanmedian(features, axis=0), np.float32)


def _track_nothing(_work: str, _done: int, _total: int) -> None:
    """Tell nobody how far a work is."""
