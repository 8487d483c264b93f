from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import roc_auc_score

from training.column_auc import compute_auc, compute_auc_error, compute_flag_auc

CELLS = st.sampled_from([-2.0, 0.0, 0.5, 1.0, 7.0, float("nan")])


@given(column=arrays(np.float32, 30, elements=CELLS), defaulted=arrays(np.bool_, 30))
def test_the_auc_is_that_of_the_known_values_ties_counted_half(
    column: np.ndarray, defaulted: np.ndarray
) -> None:
    known = ~np.isnan(column)
    auc, bad, good = compute_auc(column, defaulted)

    assert (bad, good) == (sum(defaulted[known]), sum(~defaulted[known]))
    if bad and good:
        assert auc == pytest.approx(roc_auc_score(defaulted[known], column[known]))
    else:
        assert np.isnan(auc)


@given(flags=arrays(np.bool_, 20), defaulted=arrays(np.bool_, 20))
def test_the_auc_of_a_flag_is_that_of_a_column_of_0_and_1(
    flags: np.ndarray, defaulted: np.ndarray
) -> None:
    expected = compute_auc(flags.astype(np.int8), defaulted)

    assert compute_flag_auc(flags, defaulted) == pytest.approx(expected, nan_ok=True)


def test_the_error_is_no_less_than_what_many_samples_differ_by() -> None:
    generator = np.random.default_rng(1)
    defaulted = np.arange(400) < 60
    aucs = [compute_auc(generator.normal(size=400) + defaulted, defaulted)[0] for _ in range(600)]

    told = compute_auc_error(float(np.mean(aucs)), 60, 340)
    assert 0.75 * told < np.std(aucs) < told
