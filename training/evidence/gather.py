"""All measures of a training run, in the order of the model card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from credit.cost import CostMatrix, Flags
from training.evidence.bootstrap import REPETITIONS
from training.evidence.calibration import judge_calibration
from training.evidence.calibration_section import describe_calibration
from training.evidence.facts import RunFacts, describe_facts
from training.evidence.model_card import REQUIRED_SECTIONS
from training.evidence.performance import Performance, describe_performance, measure_performance
from training.evidence.referral import ReferZone, trace_referrals
from training.evidence.section import Section
from training.evidence.threshold import judge_threshold
from training.evidence.threshold_section import describe_threshold
from training.fitted_model import FittedModel

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """How much is measured.

    Attributes:
        repetitions: Of every bootstrap.
        seed: Of every draw.
    """

    repetitions: int = REPETITIONS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured, told.

    Attributes:
        sections: Of the model card, in order.
        performance: Its figures.
    """

    sections: tuple[Section, ...]
    performance: Performance


def gather_evidence(
    fitted: FittedModel,
    defaulted: Flags,
    facts: RunFacts,
    costs: CostMatrix,
    refer_zone: ReferZone | None,
    settings: EvidenceSettings,
    say: Say,
) -> Evidence:
    """Return everything the model card tells."""
    say("Gathering evidence")
    pd, folds = fitted.validation.pd, fitted.validation.folds
    threshold = facts.bundle.threshold
    draws = (settings.repetitions, settings.seed)
    performance = measure_performance(defaulted, pd, folds, *draws)
    of_threshold = judge_threshold(defaulted, pd, fitted.nested, costs, *draws)
    of_calibration = judge_calibration(defaulted, pd, fitted.recalibrations, fitted.applied, *draws)
    zones = trace_referrals(defaulted, pd, threshold, costs)
    sections = describe_facts(facts)
    for section in (
        describe_performance(performance, defaulted, pd, threshold),
        describe_threshold(of_threshold, zones, costs, refer_zone),
        describe_calibration(of_calibration, threshold),
    ):
        sections[section.title] = section
    ordered = (sections[title] for title in REQUIRED_SECTIONS if title in sections)
    return Evidence(tuple(ordered), performance)
