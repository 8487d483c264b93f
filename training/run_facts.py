"""What a training run knows of itself, collected for its card, its version and its page."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np

from credit.bundle import Bundle, compute_fingerprint
from credit.cost import CostMatrix
from credit.features.catalog import FEATURE_NAMES
from training.evidence.environment import describe_environment
from training.evidence.facts import RunFacts
from training.evidence.referral import ReferZone
from training.feature_list import FeatureList
from training.feature_matrix import FeatureMatrix
from training.fitted_model import FittedModel
from training.metrics import Evaluation
from training.order import Material, TrainingOrder
from training.run_files import CARD_FILE, digest_sources
from training.tables import Tables


def collect_facts(
    material: Material,
    fitted: FittedModel,
    evaluation: Evaluation,
    order: TrainingOrder,
    chosen: FeatureList | None,
    zone: ReferZone | None,
) -> RunFacts:
    """Return what the run knows of itself."""
    used = set(fitted.names)
    return RunFacts(
        model_name=order.model_name,
        bundle=_make_bundle(fitted, evaluation, material.tables, order.costs, zone),
        parameters=_list_parameters(material.matrix, fitted, order),
        environment=describe_environment(),
        sources=material.sources,
        rows=material.rows,
        missing=tuple(material.tables.missing),
        clients=len(material.matrix.clients),
        defaults=int(np.count_nonzero(material.defaulted)),
        features=len(fitted.names),
        left_out=tuple(name for name in FEATURE_NAMES if name not in used),
        chosen=chosen is not None,
        parameters_found=_tell_tuning(material, order),
        contact=order.contact,
    )


def list_tags(facts: RunFacts) -> dict[str, str]:
    """Return the tags of the run: by what it can be found again."""
    return {
        "fingerprint": facts.bundle.fingerprint,
        "data_digest": digest_sources(facts.sources),
        "git_commit": facts.environment.git_commit,
        "model_card": CARD_FILE,
    }


def _make_bundle(
    fitted: FittedModel,
    evaluation: Evaluation,
    tables: Tables,
    costs: CostMatrix,
    zone: ReferZone | None,
) -> Bundle:
    return Bundle(
        model_version="",
        threshold=evaluation.choice.threshold,
        false_negative_cost=costs.false_negative,
        false_positive_cost=costs.false_positive,
        fingerprint=compute_fingerprint(),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        oof_auc=evaluation.auc,
        training_tables=tuple(tables.present),
        feature_count=len(fitted.names),
        model_sha256=hashlib.sha256(fitted.booster.save_raw("ubj")).hexdigest(),
        git_commit=describe_environment().git_commit,
        refer_from=zone.low if zone else None,
        refer_to=zone.high if zone else None,
    )


def _list_parameters(
    matrix: FeatureMatrix, fitted: FittedModel, order: TrainingOrder
) -> dict[str, object]:
    parameters = order.fit.to_parameters()
    told_otherwise = ("parameters", "directions")
    settings = {
        name: value for name, value in asdict(order.fit).items() if name not in told_otherwise
    }
    directions = order.fit.constrain(fitted.names).directions
    return {
        **parameters,
        **settings,
        "rounds": fitted.rounds,
        "rounds_of_folds": list(fitted.validation.rounds),
        "features_with_a_direction": sum(direction != 0 for direction in directions),
        "recalibrated": fitted.applied is not None,
        "engine": order.engine.name.value,
        "clients": len(matrix.clients),
        "features": len(fitted.names),
        "false_negative_cost": order.costs.false_negative,
        "false_positive_cost": order.costs.false_positive,
        "refer_share": order.refer_share or 0,
    }


def _tell_tuning(material: Material, order: TrainingOrder) -> str:
    """Return how the parameters were found, and whether that flatters the figures."""
    tuned = order.tuned
    if tuned is None:
        return "They were given, not tuned."
    told = (
        f"Found by `credit tune` ({tuned.method}, {tuned.trials} trials, "
        f"{tuned.tuned_at:%Y-%m-%d}) on {tuned.clients:,} clients."
    )
    hashes = {table: file.sha256 for table, file in material.sources.items()}
    if any(hashes.get(table) == sha256 for table, sha256 in tuned.sources.items()):
        return f"{told} These tables are among them: the out-of-fold figures flatter a little."
    return f"{told} None of these tables was among them."
