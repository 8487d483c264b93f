"""A zone of probabilities in which a person decides: how many that would be, and what it saves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit.cost import CostMatrix, Flags, Probabilities
from credit.decision import refuse

SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class ReferZone:
    """Applicants whom a person decides on, and what that is worth.

    Attributes:
        low: Lowest probability referred.
        high: Highest.
        share: Share of the applicants referred.
        automatic_cost: What the decisions left to the model cost, per applicant of all.
        saved: What the model's decisions on the referred would have cost, per applicant of all:
            the most that referring can save, if the person never errs.
        break_even: Price of one referral, in refused good applicants, up to which a person who
            never errs pays for themselves.
    """

    low: float
    high: float
    share: float
    automatic_cost: float
    saved: float
    break_even: float


def find_refer_zone(
    defaulted: Flags, pd: Probabilities, threshold: float, costs: CostMatrix, share: float
) -> ReferZone:
    """Return the zone that refers this share of the applicants where an error is dearest.

    By Chow's rule (IEEE Transactions on Information Theory 16 (1970)) those are referred whose
    expected cost of an automatic decision is highest: price times probability for the approved,
    price times its complement for the refused. That makes one interval around the threshold.

    Raises:
        ValueError: If the share is not in (0, 1).
    """
    if not 0 < share < 1:
        raise ValueError(f"A share of applicants lies between 0 and 1; got {share}.")
    refused = refuse(pd, threshold)
    risk = np.where(refused, costs.false_positive * (1 - pd), costs.false_negative * pd)
    least_risk = np.quantile(risk, 1 - share)
    referred = risk >= least_risk
    low, high = float(pd[referred].min()), float(pd[referred].max())
    referred = (pd >= low) & (pd <= high)
    price = np.where(refused & ~defaulted, costs.false_positive, 0.0)
    price[~refused & defaulted] = costs.false_negative
    saved = float(price[referred].sum() / len(pd))
    actual = float(referred.mean())
    return ReferZone(
        low=low,
        high=high,
        share=actual,
        automatic_cost=float(price[~referred].sum() / len(pd)),
        saved=saved,
        break_even=saved / actual / costs.false_positive,
    )


def trace_referrals(
    defaulted: Flags, pd: Probabilities, threshold: float, costs: CostMatrix
) -> tuple[ReferZone, ...]:
    """Return the zones of growing shares: the cost/referral curve."""
    return tuple(find_refer_zone(defaulted, pd, threshold, costs, share) for share in SHARES)
