from __future__ import annotations

import numpy as np
import pytest

from credit.evaluation.calibration import simulate_ece
from credit.evaluation.weighted import prepare_ece


@pytest.mark.parametrize("clients", [500, 5_000])
def test_exactly_calibrated_probabilities_stay_below_the_interval(clients: int) -> None:
    above = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        pd = generator.beta(0.9, 10.0, size=clients)
        defaulted = generator.random(clients) < pd
        found = prepare_ece(pd)(defaulted, np.ones(clients, np.int64))
        above += found > simulate_ece(pd, seed, simulations=60).high
    assert above <= 8


def test_more_clients_leave_less_to_luck() -> None:
    pd = np.random.default_rng(0).beta(0.9, 10.0, size=20_000)

    assert simulate_ece(pd).high < simulate_ece(pd[:1_000]).low
