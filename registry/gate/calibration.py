"""Whether 8 % means that 8 of 100 default, as far as chance lets one tell."""

from __future__ import annotations

import numpy as np

from credit.cost import Flags, Probabilities
from credit.evaluation.bootstrap import Estimate
from credit.evaluation.calibration import simulate_ece
from credit.evaluation.weighted import prepare_ece
from registry.gate.finding import Case, Finding, pass_if

NORMAL_95 = 1.96


def look_at_calibration(case: Case) -> Finding:
    """Return whether out-of-fold PD keeps to the default rate, overall and in tenths.

    And whether the registered model's PD is on average what the folds' models said.
    """
    known, limits = case.challenger.predictions, case.limits
    pd, defaulted = known.pd_out_of_fold, known.defaulted
    ece = prepare_ece(pd)(defaulted, np.ones(len(pd), np.int64))
    ece_max = simulate_ece(pd).high + limits.ece_margin
    ratio = measure_ratio(defaulted, pd)
    served = float(known.pd_served.mean() / pd.mean())
    faults = []
    if ece > ece_max:
        faults.append("in tenths by PD, mean PD and default rate lie apart by more than chance")
    if is_beyond(ratio, limits.pd_ratio_max):
        faults.append(f"mean PD is {ratio:.2f} times the default rate, certainly too far from 1")
    if is_beyond(Estimate(served, served, served), limits.pd_ratio_max):
        faults.append(f"the registered model's PD is {served:.2f} times what the folds' models say")
    detail = (
        f"{'; '.join(faults)}. Prices and threshold mean nothing at such PD.".capitalize()
        if faults
        else ""
    )
    return Finding(
        pass_if(not faults),
        f"ECE {ece:.4f}, mean PD / rate {ratio.value:.3f}",
        f"ECE {ece_max:.4f}, ratio within {limits.pd_ratio_max:g} if no chance",
        detail,
        {
            "ece": ece,
            "pd_ratio": ratio.value,
            "pd_ratio_low": ratio.low,
            "pd_ratio_high": ratio.high,
            "served_ratio": served,
        },
        {"ece_max": ece_max, "pd_ratio_max": limits.pd_ratio_max},
    )


def measure_ratio(defaulted: Flags, pd: Probabilities) -> Estimate:
    """Return mean PD / default rate, and where the rate's own chance puts its 95 %.

    Each default falls by itself with its PD, so that their number has the variance Σ PD (1 - PD).
    """
    expected, found = float(pd.sum()), int(np.count_nonzero(defaulted))
    spread = NORMAL_95 * float(np.sqrt((pd * (1 - pd)).sum()))
    fewest = max(found - spread, 1.0)
    return Estimate(expected / found, expected / (found + spread), expected / fewest)


def is_beyond(ratio: Estimate, most: float) -> bool:
    """Return whether the whole interval lies above the limit, or below its inverse."""
    return ratio.low > most or ratio.high < 1 / most
