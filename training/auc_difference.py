"""By how much two models' AUCs differ on the same clients, and by how much that is luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import Flags, Probabilities

NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class AucDifference:
    """The second AUC less the first.

    Attributes:
        difference: Its estimate.
        low: Lower end of the 95 % interval.
        high: Upper end.
    """

    difference: float
    low: float
    high: float


def compare_auc(defaulted: Flags, first: Probabilities, second: Probabilities) -> AucDifference:
    """Return the paired difference with DeLong's 95 % interval.

    DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988), by midranks as Sun and Xu, IEEE Signal
    Processing Letters 21 (2014): O(n log n). The predictions are taken as given: that another
    fit would have made others is not in the interval.

    Raises:
        ValueError: If there are fewer than two clients of an outcome.
    """
    if min(np.count_nonzero(defaulted), np.count_nonzero(~defaulted)) < 2:  # noqa: PLR2004
        raise ValueError("An interval needs two defaults and two repaid loans.")
    places = [_place(defaulted, pd) for pd in (first, second)]
    of_bad = places[1][0] - places[0][0]
    of_good = places[1][1] - places[0][1]
    difference = float(of_bad.mean())
    variance = of_bad.var(ddof=1) / len(of_bad) + of_good.var(ddof=1) / len(of_good)
    margin = NORMAL_95 * float(np.sqrt(variance))
    return AucDifference(difference, difference - margin, difference + margin)


def _place(defaulted: Flags, pd: Probabilities) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each default the share of repaid loans below it, and the reverse of each loan."""
    bad, good = pd[defaulted], pd[~defaulted]
    return _share_below(bad, good), 1 - _share_below(good, bad)


def _share_below(values: Probabilities, others: Probabilities) -> NDArray[np.float64]:
    in_order = np.sort(others)
    counted = np.searchsorted(in_order, values, "left") + np.searchsorted(in_order, values, "right")
    return np.asarray(counted / (2 * len(others)))
