from __future__ import annotations

import numpy as np
import pytest

from training.comparison.early_stopping import EarlyStopped, Learned, Parameters
from training.comparison.imbalance import Imbalance
from training.fitting import FitSettings, Sample

Seen = list[tuple[Sample, Sample]]


def fit_and_look(imbalance: Imbalance) -> tuple[np.ndarray, Sample, Sample]:
    """Fit on clients numbered by their one feature, and return it and what the learner got."""
    seen: Seen = []

    def learn(_: Parameters, fitted: Sample, held_out: Sample, __: FitSettings) -> Learned:
        seen.append((fitted, held_out))
        return Learned(lambda features: np.full(len(features), 0.2), 7)

    numbers = np.arange(200, dtype=np.float32)[:, None]
    EarlyStopped(learn, {}, imbalance, FitSettings()).fit(numbers, numbers[:, 0] % 10 == 0)
    ((fitted, held_out),) = seen
    return numbers[:, 0], fitted, held_out


@pytest.mark.parametrize("imbalance", Imbalance)
def test_a_fit_is_stopped_by_clients_who_are_real_and_have_no_part_in_it(
    imbalance: Imbalance,
) -> None:
    numbers, fitted, held_out = fit_and_look(imbalance)

    held = held_out.features[:, 0]
    assert np.isin(held, numbers).all()
    assert len(np.unique(held)) == len(held) == 20
    assert not np.isin(fitted.features[:, 0], held).any()


@pytest.mark.parametrize("imbalance", [Imbalance.UNDERSAMPLING, Imbalance.SMOTE])
def test_resampling_leaves_as_many_of_each_and_the_held_out_weigh_alike(
    imbalance: Imbalance,
) -> None:
    _, fitted, held_out = fit_and_look(imbalance)

    assert fitted.weights is None
    assert fitted.defaulted.mean() == 0.5
    assert held_out.weights is not None
    bad = held_out.weights[held_out.defaulted].sum()
    assert bad == pytest.approx(held_out.weights.sum() / 2)


def test_weights_are_for_both_sides_of_the_split() -> None:
    _, fitted, held_out = fit_and_look(Imbalance.WEIGHT)

    for sample in (fitted, held_out):
        assert sample.weights is not None
        assert sample.weights[sample.defaulted].sum() == pytest.approx(sample.weights.sum() / 2)


def test_without_a_strategy_nobody_is_weighed() -> None:
    _, fitted, held_out = fit_and_look(Imbalance.NONE)

    assert fitted.weights is None
    assert held_out.weights is None
    assert len(fitted.defaulted) == 180
