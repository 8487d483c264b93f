from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from credit.features.catalog import FEATURES
from credit.features.feature import Feature
from training.imputation import SemanticImputer

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix

NAMES = ("AMT_CREDIT", "bureau_loans_count", "DAYS_EMPLOYED", "bureau_credit_mean", "EXT_SOURCE_1")
SOME = tuple(Feature(name, "some_table", "") for name in NAMES)
FLAG = Feature("bureau_has_history", "bureau", "", when_absent=0.0)
GAP = np.nan
KNOWN = np.array([[5, 1, -10, 100, 0.1], [6, 2, -20, 300, 0.5], [7, 3, -30, 900, 0.9]], np.float32)
GAPS = np.full((1, len(SOME)), GAP, np.float32)


def test_what_is_missing_becomes_what_its_absence_means() -> None:
    imputer = SemanticImputer(SOME).fit(KNOWN)

    assert imputer.transform(GAPS).tolist() == [[0, 0, -999, 300, 0.5]]


def test_what_is_there_stays_and_so_does_its_type() -> None:
    filled = SemanticImputer(SOME).fit_transform(KNOWN)

    np.testing.assert_array_equal(filled, KNOWN)
    assert filled.dtype == np.float32


def test_medians_are_of_the_fitted_rows_alone() -> None:
    imputer = SemanticImputer(SOME).fit(np.vstack([KNOWN, GAPS]))

    later = np.vstack([GAPS, KNOWN * 1000])

    assert imputer.transform(later)[0].tolist() == [0, 0, -999, 300, 0.5]


def test_a_column_without_any_value_gets_0_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    rows = KNOWN.copy()
    rows[:, 3] = GAP

    with caplog.at_level(logging.WARNING, "credit.training"):
        imputer = SemanticImputer(SOME).fit(rows)

    assert imputer.empty_ == ("bureau_credit_mean",)
    assert "bureau_credit_mean" in caplog.text
    assert imputer.transform(GAPS)[0, 3] == 0


def test_a_has_history_flag_must_be_made_before() -> None:
    features = (*SOME, FLAG)
    flagged = np.column_stack([KNOWN, [1, 0, 1]]).astype(np.float32)
    imputer = SemanticImputer(features).fit(flagged)
    flagged[1, -1] = GAP

    with pytest.raises(ValueError, match="bureau_has_history is missing"):
        imputer.transform(flagged)
    with pytest.raises(ValueError, match="bureau_has_history is missing"):
        SemanticImputer(features).fit(flagged)


def test_other_columns_than_fitted_are_refused() -> None:
    imputer = SemanticImputer(SOME).fit(pd.DataFrame(KNOWN, columns=list(NAMES)))

    with pytest.raises(ValueError, match="feature names"):
        imputer.transform(pd.DataFrame(KNOWN, columns=list(NAMES[::-1])))
    with pytest.raises(ValueError, match="feature names"):
        imputer.transform(pd.DataFrame(KNOWN[:, :3], columns=list(NAMES[:3])))


@pytest.mark.parametrize("rows", [KNOWN[:, :4], pd.DataFrame(KNOWN, columns=list(NAMES[::-1]))])
def test_other_columns_than_it_was_made_for_are_refused(rows: object) -> None:
    with pytest.raises(ValueError, match="not the 5 features"):
        SemanticImputer(SOME).fit(rows)  # type: ignore[arg-type]


def test_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="infinity"):
        SemanticImputer(SOME).fit(np.full((2, len(SOME)), np.inf))


def test_it_must_be_fitted_first() -> None:
    with pytest.raises(NotFittedError):
        SemanticImputer(SOME).transform(KNOWN)
    with pytest.raises(NotFittedError):
        SemanticImputer(SOME).get_feature_names_out()


def test_it_can_be_cloned_and_names_its_columns() -> None:
    fitted = SemanticImputer(SOME).fit(KNOWN)

    again = clone(fitted)

    assert again.features == SOME
    assert not hasattr(again, "fill_values_")
    assert tuple(fitted.get_feature_names_out()) == NAMES
    with pytest.raises(ValueError, match="input_features"):
        fitted.get_feature_names_out(NAMES[:2])
    assert list(fitted.set_output(transform="pandas").transform(GAPS).columns) == list(NAMES)


def test_a_linear_challenger_learns_from_the_catalogs_features(matrix: FeatureMatrix) -> None:
    assert matrix.defaulted is not None
    model = make_pipeline(
        SemanticImputer(FEATURES),
        StandardScaler(),
        LogisticRegression(C=0.01, tol=0.1),
    )

    model.fit(matrix.features.astype(np.float64), matrix.defaulted)

    pd_of_all = model.predict_proba(matrix.features.astype(np.float64))[:, 1]
    assert pd_of_all[matrix.defaulted].mean() > 1.5 * pd_of_all[~matrix.defaulted].mean()
