"""Reasons for a refusal: from contributions to the estimate to what the applicant is told."""

from __future__ import annotations

from credit.reasons.catalog import REASONS, find_reason
from credit.reasons.choice import ChosenReasons, ToldReason, choose_reasons
from credit.reasons.ranking import RankedReasons, rank_reasons
from credit.reasons.reason import Reason

__all__ = [
    "REASONS",
    "ChosenReasons",
    "RankedReasons",
    "Reason",
    "ToldReason",
    "choose_reasons",
    "find_reason",
    "rank_reasons",
]
