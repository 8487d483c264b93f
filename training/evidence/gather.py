"""All measures of a training run, in the order of the model card."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags
from credit.decision import refuse
from credit.evaluation.bootstrap import REPETITIONS, forget_draws
from credit.fairness import FairnessAudit
from credit.features.catalog import FEATURE_NAMES
from training.evidence.calibration import judge_calibration
from training.evidence.calibration_section import describe_calibration
from training.evidence.explanation_section import describe_explanations
from training.evidence.explanations import SampleSizes, explain
from training.evidence.facts import RunFacts, describe_facts
from training.evidence.fairness import audit_fairness
from training.evidence.fairness_ablation import ablate_protected
from training.evidence.fairness_section import describe_fairness
from training.evidence.group_figures import DecidedClients
from training.evidence.groups import group_clients
from training.evidence.model_card import REQUIRED_SECTIONS
from training.evidence.performance import Performance, describe_performance, measure_performance
from training.evidence.proxy import measure_proxy
from training.evidence.referral import ReferZone, trace_referrals
from training.evidence.section import Section
from training.evidence.stability import Population, Stability, measure_stability
from training.evidence.stability_section import describe_stability
from training.evidence.threshold import judge_threshold
from training.evidence.threshold_section import describe_threshold
from training.feature_matrix import FeatureMatrix, take_columns
from training.fitted_model import FittedModel
from training.fitting import FitSettings
from training.telling import Say, Track


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """How much is measured.

    Attributes:
        repetitions: Of the bootstraps of performance, threshold, calibration and fairness.
        explained: How many clients are explained.
        seed: Of these bootstraps, and of who is explained.
    """

    repetitions: int = REPETITIONS
    explained: SampleSizes = field(default_factory=SampleSizes)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A model, and the clients it is judged on.

    Attributes:
        fitted: The model.
        fit: How it was fitted.
        matrix: Clients it was fitted on; all the catalog's features.
        defaulted: Their outcomes, shape (n,).
        later: Clients of application_test; None where there is no such table.
        costs: Prices of mistakes.
        refer_zone: Where a person was asked for.
    """

    fitted: FittedModel
    fit: FitSettings
    matrix: FeatureMatrix
    defaulted: Flags
    later: FeatureMatrix | None
    costs: CostMatrix
    refer_zone: ReferZone | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured, told.

    Attributes:
        sections: Of the model card, in order.
        performance: Its figures.
        fairness: What a gate reads.
    """

    sections: tuple[Section, ...]
    performance: Performance
    fairness: FairnessAudit


def gather_evidence(
    judged: Judged, facts: RunFacts, settings: EvidenceSettings, say: Say, track: Track
) -> Evidence:
    """Return everything the model card tells."""
    features = take_columns(judged.matrix.features, judged.fitted.names)
    say("Measuring performance, threshold and calibration")
    performance, *sections = _judge_probabilities(judged, facts.bundle.threshold, settings)
    say("Explaining")
    sections.append(_explain(judged, facts.bundle.threshold, settings))
    say("Auditing fairness")
    audit, fairness = _audit(judged, features, facts.bundle.threshold, settings, track)
    say("Comparing with application_test")
    stability = _compare_with_later(judged, features)
    sections += [fairness, describe_stability(stability)]
    forget_draws()
    by_title = describe_facts(facts) | {section.title: section for section in sections}
    ordered = (by_title[title] for title in REQUIRED_SECTIONS if title in by_title)
    return Evidence(tuple(ordered), performance, audit)


def _judge_probabilities(
    judged: Judged, threshold: float, settings: EvidenceSettings
) -> tuple[Performance, Section, Section, Section]:
    fitted, defaulted, costs = judged.fitted, judged.defaulted, judged.costs
    pd, draws = fitted.validation.pd, (settings.repetitions, settings.seed)
    performance = measure_performance(defaulted, pd, fitted.validation.folds, *draws)
    of_threshold = judge_threshold(defaulted, pd, fitted.nested, costs, *draws)
    of_calibration = judge_calibration(defaulted, pd, fitted.recalibrations, fitted.applied, *draws)
    zones = trace_referrals(defaulted, pd, threshold, costs)
    return (
        performance,
        describe_performance(performance, defaulted, pd, threshold),
        describe_threshold(of_threshold, zones, costs, judged.refer_zone),
        describe_calibration(of_calibration, threshold),
    )


def _explain(judged: Judged, threshold: float, settings: EvidenceSettings) -> Section:
    return describe_explanations(
        explain(
            judged.fitted.booster,
            judged.matrix.features,
            FEATURE_NAMES,
            judged.matrix.columns,
            threshold,
            settings.seed,
            settings.explained,
        )
    )


def _audit(
    judged: Judged,
    features: NDArray[np.float32],
    threshold: float,
    settings: EvidenceSettings,
    track: Track,
) -> tuple[FairnessAudit, Section]:
    """Return the audit of the served threshold's decisions, and its section."""
    fitted, columns = judged.fitted, judged.matrix.columns
    pd, folds = fitted.validation.pd, fitted.validation.folds
    decided = DecidedClients(judged.defaulted, pd, refuse(pd, threshold), judged.costs)
    groupings = group_clients(columns)
    audit = audit_fairness(groupings, decided, settings.repetitions, settings.seed)
    progress = partial(track, "Folds without gender and age")
    ablation = ablate_protected(
        features,
        fitted.names,
        decided,
        folds,
        groupings,
        judged.fit,
        progress,
        recalibrate=fitted.applied is not None,
    )
    proxy = measure_proxy(
        features, fitted.names, columns["CODE_GENDER"], settings.seed, judged.fit.threads
    )
    return audit, describe_fairness(audit, ablation, proxy)


def _compare_with_later(judged: Judged, features: NDArray[np.float32]) -> Stability | None:
    if judged.later is None:
        return None
    fitted = judged.fitted
    later = take_columns(judged.later.features, fitted.names)
    pd_later = fitted.booster.inplace_predict(later).astype(np.float64)
    return measure_stability(
        Population(features, fitted.validation.pd),
        Population(later, pd_later),
        fitted.names,
        judged.fit.seed,
        judged.fit.threads,
    )
