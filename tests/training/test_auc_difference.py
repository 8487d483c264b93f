from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.auc_difference import compare_auc


def make_predictions(
    generator: np.random.Generator,
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Return outcomes, and two models' predictions that have half of their noise in common."""
    defaulted = np.arange(500) < 80
    shared, first, second = generator.normal(size=(3, 500))
    return defaulted, shared + first + defaulted, shared + second + defaulted


def test_the_difference_is_that_of_the_aucs() -> None:
    defaulted, first, second = make_predictions(np.random.default_rng(1))
    second = second.round(1)  # ties

    found = compare_auc(defaulted, first, second)

    expected = roc_auc_score(defaulted, second) - roc_auc_score(defaulted, first)
    assert found.difference == pytest.approx(expected)
    assert found.low < found.difference < found.high


def test_equal_predictions_differ_by_nothing() -> None:
    defaulted, first, _ = make_predictions(np.random.default_rng(1))

    found = compare_auc(defaulted, first, first)

    assert (found.difference, found.low, found.high) == (0, 0, 0)


def test_the_interval_holds_what_is_true_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    intervals = [compare_auc(*make_predictions(generator)) for _ in range(400)]

    held = np.mean([interval.low < 0 < interval.high for interval in intervals])

    assert 0.92 < held < 0.98


def test_a_single_default_has_no_interval() -> None:
    with pytest.raises(ValueError, match="two defaults"):
        compare_auc(np.arange(5) < 1, np.arange(5.0), np.arange(5.0))
