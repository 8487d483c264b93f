"""Whether 8 % means that 8 of 100 default, and whether a second step would help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from credit.cost import Flags, Probabilities
from credit.evaluation.bootstrap import REPETITIONS, Counts, Estimate, bootstrap
from credit.evaluation.calibration import simulate_ece
from credit.evaluation.weighted import compute_mean, prepare_ece
from training.metrics import compute_calibration_error, compute_losses
from training.rate_interval import find_rate_interval
from training.recalibration import LogisticMap, fit_logistic_map

DIAGRAM_BINS = 15
LOGISTIC = "logistic"


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """A group of applicants with like probabilities.

    Attributes:
        clients: How many.
        mean_pd: Their mean probability.
        default_rate: Share who defaulted.
        low: Lower end of the rate's 95 % interval (Wilson).
        high: Upper end.
    """

    clients: int
    mean_pd: float
    default_rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BrierParts:
    """The Brier score's parts (Murphy, Journal of Applied Meteorology 12 (1973)).

    Attributes:
        brier: Mean squared error; about reliability - resolution + uncertainty, but for what the
            grouping hides.
        reliability: Distance of the groups' mean probabilities from their default rates: less is
            better.
        resolution: How far the groups' default rates are from the overall one: more is better.
        uncertainty: Variance of the outcomes, which no model can change.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Recalibration:
    """What a second step would change, fitted on other folds than it is judged on.

    Attributes:
        method: `logistic` or `isotonic`.
        ece: Calibration error after it.
        log_loss_change: After less before, per client; below 0 is better.
        brier_change: The same of the Brier score.
    """

    method: str
    ece: float
    log_loss_change: Estimate
    brier_change: Estimate

    @property
    def helps(self) -> bool:
        """Whether it is shown to help: the likelihood rises by more than luck."""
        return self.log_loss_change.high < 0


@dataclass(frozen=True, slots=True)
class CalibrationEvidence:
    """How well probabilities are calibrated.

    Attributes:
        ece: Calibration error over ten equally large groups.
        ece_by_luck: What an exactly calibrated model would show with so many clients: mean, and
            the interval in which 95 % of repetitions fall.
        in_the_large: Mean probability less default rate.
        slope: Of the logistic map that would be best on these clients; 1 is calibrated.
        intercept: Of the same map; 0 is calibrated.
        brier: The Brier score's parts.
        bins: The reliability diagram.
        recalibrations: What second steps would change.
        applied: The map that the served model carries, None if it was not shown to help.
    """

    ece: Estimate
    ece_by_luck: Estimate
    in_the_large: Estimate
    slope: float
    intercept: float
    brier: BrierParts
    bins: tuple[ReliabilityBin, ...]
    recalibrations: tuple[Recalibration, ...]
    applied: LogisticMap | None = None


def judge_recalibrations(
    defaulted: Flags,
    pd: Probabilities,
    folds: NDArray[np.int8],
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> tuple[Recalibration, ...]:
    """Return what a logistic, and an isotonic, second step would change."""
    return tuple(
        _judge_recalibration(method, defaulted, pd, mapped, repetitions, seed)
        for method, mapped in (
            (LOGISTIC, recalibrate_in_folds(defaulted, pd, folds)),
            ("isotonic", _map_isotonically(defaulted, pd, folds)),
        )
    )


def recalibrate_in_folds(
    defaulted: Flags, pd: Probabilities, folds: NDArray[np.int8]
) -> Probabilities:
    """Return probabilities mapped by logistic maps that have not seen the client, shape (n,)."""
    mapped = np.empty(len(pd))
    for fold in np.unique(folds):
        own = folds == fold
        mapped[own] = fit_logistic_map(defaulted[~own], pd[~own]).apply(pd[own])
    return mapped


def judge_calibration(
    defaulted: Flags,
    pd: Probabilities,
    recalibrations: tuple[Recalibration, ...],
    applied: LogisticMap | None = None,
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> CalibrationEvidence:
    """Return what out-of-fold probabilities of shape (n,) show."""
    apart = pd - defaulted

    def gap(counts: Counts) -> float:
        return compute_mean(apart, counts)

    best = fit_logistic_map(defaulted, pd)
    return CalibrationEvidence(
        ece=_estimate_ece(defaulted, pd, repetitions, seed),
        ece_by_luck=simulate_ece(pd, seed),
        in_the_large=bootstrap(gap, len(pd), repetitions, seed)[0],
        slope=best.slope,
        intercept=best.intercept,
        brier=decompose_brier(defaulted, pd),
        bins=group_by_probability(defaulted, pd),
        recalibrations=recalibrations,
        applied=applied,
    )


def group_by_probability(
    defaulted: Flags, pd: Probabilities, bins: int = DIAGRAM_BINS
) -> tuple[ReliabilityBin, ...]:
    """Return equally large groups of applicants, from the safest to the riskiest."""
    groups = np.array_split(np.argsort(pd, kind="stable"), min(bins, len(pd)))
    return tuple(_describe_group(defaulted[group], pd[group]) for group in groups)


def decompose_brier(defaulted: Flags, pd: Probabilities, bins: int = 50) -> BrierParts:
    """Return the Brier score's parts over equally large groups by probability."""
    groups = np.array_split(np.argsort(pd, kind="stable"), min(bins, len(pd)))
    rate = defaulted.mean()
    shares = np.array([len(group) / len(pd) for group in groups])
    means = np.array([pd[group].mean() for group in groups])
    rates = np.array([defaulted[group].mean() for group in groups])
    return BrierParts(
        brier=float(np.mean((pd - defaulted) ** 2)),
        reliability=float(shares @ (means - rates) ** 2),
        resolution=float(shares @ (rates - rate) ** 2),
        uncertainty=float(rate * (1 - rate)),
    )


def _describe_group(defaulted: Flags, pd: Probabilities) -> ReliabilityBin:
    defaults = int(np.count_nonzero(defaulted))
    low, high = find_rate_interval(defaults, len(pd))
    return ReliabilityBin(
        clients=len(pd),
        mean_pd=float(pd.mean()),
        default_rate=defaults / len(pd),
        low=low,
        high=high,
    )


def _estimate_ece(defaulted: Flags, pd: Probabilities, repetitions: int, seed: int) -> Estimate:
    """Return the calibration error with its interval.

    Redrawn clients stray from their probabilities twice, by the first draw and by the second, so
    the plain percentile interval would lie too high; it is moved to what was found (basic
    bootstrap), and cut at 0.
    """
    measure = prepare_ece(pd)
    (found,) = bootstrap(lambda counts: measure(defaulted, counts), len(pd), repetitions, seed)
    value = found.value
    return Estimate(value, max(0.0, 2 * value - found.high), max(value, 2 * value - found.low))


def _map_isotonically(
    defaulted: Flags, pd: Probabilities, folds: NDArray[np.int8]
) -> Probabilities:
    mapped = np.empty(len(pd))
    for fold in np.unique(folds):
        own = folds == fold
        model = IsotonicRegression(out_of_bounds="clip").fit(pd[~own], defaulted[~own])
        mapped[own] = model.predict(pd[own])
    return mapped


def _judge_recalibration(
    method: str,
    defaulted: Flags,
    before: Probabilities,
    after: Probabilities,
    repetitions: int,
    seed: int,
) -> Recalibration:
    loss_change = compute_losses(defaulted, after) - compute_losses(defaulted, before)
    brier_change = (after - defaulted) ** 2 - (before - defaulted) ** 2

    def change(counts: Counts) -> NDArray[np.float64]:
        return np.array([compute_mean(each, counts) for each in (loss_change, brier_change)])

    log_loss, brier = bootstrap(change, len(before), repetitions, seed)
    return Recalibration(method, compute_calibration_error(defaulted, after), log_loss, brier)
