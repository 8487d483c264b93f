"""How well one column alone separates defaults from repaid loans, and by how much that is luck."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from credit.cost import Flags


def compute_auc(column: NDArray[np.number], defaulted: Flags) -> tuple[float, int, int]:
    """Return the AUC among clients whose value is known, and how many defaulted and repaid.

    Exact: the share of pairs in which the default has the larger value, ties counted half; NaN
    without a pair. Only one class is looked up in the other, which is sorted: two milliseconds for
    60,000 clients.
    """
    known = ~np.isnan(column)
    bad = np.sort(column[known & defaulted])
    good = np.sort(column[known & ~defaulted])
    if not (len(bad) and len(good)):
        return float("nan"), len(bad), len(good)
    below = np.searchsorted(good, bad, "left").sum()
    not_above = np.searchsorted(good, bad, "right").sum()
    return float(below + not_above) / 2 / len(bad) / len(good), len(bad), len(good)


def compute_flag_auc(flags: Flags, defaulted: Flags) -> tuple[float, int, int]:
    """Return the AUC of a flag, and how many defaulted and repaid: half of 1 + a - b.

    There a and b are the shares of defaults and of repaid loans that are flagged.
    """
    bad = int(np.count_nonzero(defaulted))
    good = len(defaulted) - bad
    if not (bad and good):
        return float("nan"), bad, good
    flagged_bad = np.count_nonzero(flags & defaulted) / bad
    flagged_good = np.count_nonzero(flags & ~defaulted) / good
    return (1 + flagged_bad - flagged_good) / 2, bad, good


def compute_auc_error(auc: float, bad: int, good: int) -> float:
    """Return the standard error of an AUC over so many defaults and repaid loans.

    Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 143 (1982).
    """
    both_bad = auc / (2 - auc)
    both_good = 2 * auc * auc / (1 + auc)
    variance = (
        auc * (1 - auc) + (bad - 1) * (both_bad - auc * auc) + (good - 1) * (both_good - auc * auc)
    ) / (bad * good)
    return float(np.sqrt(variance))
