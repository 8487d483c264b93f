from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.nested_folds import nest_features

Rows = NDArray[np.intp]
FOLDS = np.array([0, 1, 2, 0, 1, 2, 2, 1, 0, 1], np.int8)


def tell_fitted(fitted: Rows, applied: Rows) -> NDArray[np.float32]:
    """Return, for each applied client, who was fitted on, a column each."""
    told = np.zeros((len(applied), len(FOLDS)), np.float32)
    told[:, fitted] = 1
    return told


@pytest.fixture
def names() -> tuple[str, ...]:
    return tuple(f"fitted on {client}" for client in range(len(FOLDS)))


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_nobodys_feature_knows_their_own_fold_nor_the_one_left_out(
    names: tuple[str, ...], left_out: int
) -> None:
    values = nest_features(names, FOLDS, tell_fitted).leave_out(left_out)

    for client, fitted_on in enumerate(values):
        unknown = {int(FOLDS[client]), left_out}
        assert fitted_on.tolist() == [float(fold not in unknown) for fold in FOLDS.tolist()]


def test_the_final_models_features_know_all_but_the_clients_own_fold(
    names: tuple[str, ...],
) -> None:
    values = nest_features(names, FOLDS, tell_fitted).out_of_fold

    assert (values == (FOLDS[:, None] != FOLDS)).all()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 3), min_size=8, max_size=40), st.integers(0, 99))
def test_every_client_gets_their_own_value(folds: list[int], seed: int) -> None:
    numbered = np.array([*range(4), *folds], np.int8)
    own = np.random.default_rng(seed).random((len(numbered), 2)).astype(np.float32)

    nested = nest_features(("a", "b"), numbered, lambda _fitted, applied: own[applied])

    for fold in range(4):
        np.testing.assert_array_equal(nested.leave_out(fold), own)
