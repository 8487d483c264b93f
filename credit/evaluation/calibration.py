"""What calibration error chance alone gives."""

from __future__ import annotations

import numpy as np

from credit.cost import Probabilities
from credit.evaluation.bootstrap import Estimate, find_interval
from credit.evaluation.weighted import prepare_ece

SIMULATIONS = 200


def simulate_ece(pd: Probabilities, seed: int = 0, simulations: int = SIMULATIONS) -> Estimate:
    """Return the calibration error that exactly right probabilities of shape (n,) would show.

    Mean over outcomes drawn from them, and the interval in which 95 % of the draws fall.
    """
    generator = np.random.default_rng(seed)
    measure, everyone = prepare_ece(pd), np.ones(len(pd), np.int64)
    drawn = np.array(
        [measure(generator.random(len(pd)) < pd, everyone) for _ in range(simulations)]
    )
    return Estimate(float(drawn.mean()), *find_interval(drawn))
