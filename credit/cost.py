"""Prices of mistakes, and the threshold that costs the lender least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]
Flags = NDArray[np.bool_]

_LARGEST_THRESHOLD = float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True, slots=True)
class CostMatrix:
    """What a wrong decision costs; right decisions cost nothing.

    Attributes:
        false_negative: Cost of approving an applicant who defaults.
        false_positive: Cost of refusing an applicant who would have repaid.
    """

    false_negative: float = 10.0
    false_positive: float = 1.0

    def __post_init__(self) -> None:
        """Reject prices that no threshold can balance.

        Raises:
            ValueError: If a price is not a positive, finite number.
        """
        for price in (self.false_negative, self.false_positive):
            if not (np.isfinite(price) and price > 0):
                raise ValueError(f"A cost must be positive and finite; got {price}.")

    @property
    def calibrated_threshold(self) -> float:
        """The threshold that is cheapest when probabilities are calibrated (Elkan 2001)."""
        return self.false_positive / (self.false_positive + self.false_negative)


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """The cheapest threshold and what it means on the applicants it was chosen on.

    Attributes:
        threshold: Applicants whose probability of default is at or above it are refused.
        cost_per_applicant: (false negatives x price + false positives x price) / applicants.
        false_negatives: Approved applicants who defaulted.
        false_positives: Refused applicants who repaid.
        refused: Number of refused applicants.
        applicants: Number of applicants.
    """

    threshold: float
    cost_per_applicant: float
    false_negatives: int
    false_positives: int
    refused: int
    applicants: int

    @property
    def refused_share(self) -> float:
        """Share of the applicants who are refused."""
        return self.refused / self.applicants


def choose_threshold(defaulted: Flags, pd: Probabilities, costs: CostMatrix) -> ThresholdChoice:
    """Return the cheapest threshold; applicants at or above it are refused.

    Every distinct probability is tried, and refusing nobody, so the choice is exact: O(n log n),
    n = len(pd). Among equally cheap thresholds the highest wins, since it refuses the fewest
    applicants. The threshold lies half way between the riskiest approved and the safest refused
    applicant, and stays inside (0, 1): a probability of 0 is approved and one of 1 refused at any
    cost. Pass out-of-fold probabilities of shape (n,), or the reported cost flatters the model.

    Raises:
        ValueError: If shapes differ, a probability is not in [0, 1], or the outcomes are not a mix
            of defaults and repaid loans.
    """
    _check_outcomes(defaulted, pd)
    riskiest_first = np.argsort(-pd, kind="stable")
    ranked_pd = pd[riskiest_first]
    caught = np.concatenate(([0], np.cumsum(defaulted[riskiest_first])))
    refused = np.arange(len(pd) + 1)
    false_negatives = caught[-1] - caught
    false_positives = refused - caught
    cost = costs.false_negative * false_negatives + costs.false_positive * false_positives

    # Applicants who share a probability stand or fall together: cut only where it changes.
    cut_allowed = np.concatenate(([True], ranked_pd[1:] != ranked_pd[:-1], [True]))
    # No threshold inside (0, 1) approves who is certain to default, or refuses who is not to.
    cut_allowed &= refused >= np.count_nonzero(pd >= _LARGEST_THRESHOLD)
    cut_allowed &= refused <= np.count_nonzero(pd > 0)
    cost = np.where(cut_allowed, cost, np.inf)
    best = int(np.argmin(cost))  # the first minimum: the fewest refused
    return ThresholdChoice(
        threshold=_threshold_between(ranked_pd, best),
        cost_per_applicant=float(cost[best]) / len(pd),
        false_negatives=int(false_negatives[best]),
        false_positives=int(false_positives[best]),
        refused=best,
        applicants=len(pd),
    )


def compute_cost(defaulted: Flags, refused: Flags, costs: CostMatrix) -> float:
    """Return the business cost per applicant of decisions of shape (n,)."""
    false_negatives = np.count_nonzero(defaulted & ~refused)
    false_positives = np.count_nonzero(~defaulted & refused)
    total = costs.false_negative * false_negatives + costs.false_positive * false_positives
    return float(total / len(defaulted))


def _check_outcomes(defaulted: Flags, pd: Probabilities) -> None:
    if defaulted.shape != pd.shape or pd.ndim != 1:
        raise ValueError(f"Shapes differ: outcomes {defaulted.shape}, probabilities {pd.shape}.")
    if not np.all((pd >= 0) & (pd <= 1)):  # also catches NaN
        raise ValueError("Every probability of default must lie in [0, 1].")
    defaults = np.count_nonzero(defaulted)
    if not 0 < defaults < len(defaulted):
        raise ValueError(f"Need both outcomes; got {defaults}/{len(defaulted)} defaults.")


def _threshold_between(ranked_pd: Probabilities, refused: int) -> float:
    """Return a threshold that refuses exactly the `refused` riskiest."""
    riskiest_approved = ranked_pd[refused] if refused < len(ranked_pd) else 0.0
    safest_refused = ranked_pd[refused - 1] if refused else 1.0
    middle = (riskiest_approved + safest_refused) / 2
    # Between neighbouring floats the middle may round down onto the approved one.
    return float(middle if middle > riskiest_approved else safest_refused)
