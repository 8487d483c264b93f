"""The families that are fitted inside folds, on demo tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.contract import APPLICATION_COLUMNS
from credit.features.catalog import FEATURE_NAMES
from training.deviations import FEWEST, Deviations
from training.deviations import NAMES as DEVIATIONS
from training.feature_matrix import build_matrix, find_varying
from training.fitting import assign_folds
from training.fold_features import FittedFamily, make_fold_features
from training.histories import build_histories
from training.neighbours import COUNT, Neighbours
from training.row_scores import HistoryRows, read_history_rows, score_rows
from training.tables import open_tables

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix

Features = NDArray[np.float32]
ROUNDING = 1e-6


@pytest.fixture(scope="module")
def few(few_clients: Path) -> FeatureMatrix:
    """The features and outcomes of the clients of the small demo tables."""
    with open_tables(few_clients) as tables:
        return build_matrix(tables, "application_train", build_histories(tables))


def make_features(count: int, **columns: NDArray[np.float64] | float) -> Features:
    """Return features that are missing but for some columns."""
    features = np.full((count, len(FEATURE_NAMES)), np.nan, np.float32)
    for name, values in columns.items():
        features[:, FEATURE_NAMES.index(name)] = values
    return features


def test_neighbours_are_the_nearest_in_score_and_term() -> None:
    scores = np.linspace(0, 1, 4 * COUNT)
    clients = make_features(len(scores), EXT_SOURCE_1=scores)
    defaulted = scores < 0.25  # the first of four times as many clients as are asked

    fitted = Neighbours.fit(clients, defaulted)

    asked = make_features(3, EXT_SOURCE_1=np.array([0.0, 0.25, 1.0]))
    rates = fitted.compute(asked)[:, 0].tolist()
    assert rates == pytest.approx([1, 0.5, 0], abs=0.01)


def test_who_has_no_scores_is_like_the_median_client() -> None:
    scores = np.linspace(0, 1, 5 * COUNT)
    clients = make_features(len(scores), EXT_SOURCE_2=scores)
    fitted = Neighbours.fit(clients, np.abs(scores - 0.5) < 0.05)

    unknown, median = fitted.compute(make_features(2, EXT_SOURCE_2=np.array([np.nan, 0.5])))

    assert unknown == median == pytest.approx(0.5, abs=0.01)


def test_few_clients_are_all_neighbours() -> None:
    clients = make_features(10, EXT_SOURCE_1=np.arange(10.0))

    fitted = Neighbours.fit(clients, np.arange(10) < 3)

    assert fitted.compute(clients[:2])[:, 0].tolist() == pytest.approx([0.3, 0.3])


def test_deviations_are_from_the_mean_of_the_group() -> None:
    education = {column.name: column for column in APPLICATION_COLUMNS}["NAME_EDUCATION_TYPE"]
    groups = np.repeat([0.0, 1.0, 2.0], [FEWEST, FEWEST, FEWEST - 1])
    incomes = np.where(groups == 0, 100.0, 300.0)
    clients = make_features(len(groups), NAME_EDUCATION_TYPE=groups, AMT_INCOME_TOTAL=incomes)

    asked = make_features(
        4,
        NAME_EDUCATION_TYPE=np.array([0.0, 1.0, 2.0, np.nan]),
        AMT_INCOME_TOTAL=np.full(4, 250.0),
    )
    deviations = Deviations.fit(clients).compute(asked)

    assert len(education.categories) > 2
    incomes_less_mean = deviations[:, DEVIATIONS.index("income_less_education_mean")]
    assert incomes_less_mean[:2].tolist() == [150, -50]
    assert np.isnan(incomes_less_mean[2:]).all()  # too small a group, and none


def test_rows_scores_are_summed_up_for_each_client() -> None:
    generator = np.random.default_rng(0)
    owners = np.sort(generator.integers(0, 400, 4_000))
    owners = owners[owners % 7 != 0]  # some clients have no rows
    defaulted = np.arange(400) % 3 == 0
    features = (defaulted[owners] + generator.random(len(owners))).astype(np.float32)[:, None]
    rows = HistoryRows(owners, features)
    fitted, applied = np.arange(300), np.arange(399, 299, -1)

    mean, largest, smallest = score_rows(rows, defaulted, fitted, applied, seed=0).T

    without = applied % 7 == 0
    assert np.isnan(mean[without]).all()
    assert (smallest[~without] <= mean[~without] + ROUNDING).all()
    assert (mean[~without] <= largest[~without] + ROUNDING).all()
    assert roc_auc_score(defaulted[applied[~without]], mean[~without]) > 0.9


def test_without_rows_there_are_no_scores() -> None:
    rows = HistoryRows(np.empty(0, np.intp), np.empty((0, 3), np.float32))

    scores = score_rows(rows, np.array([True, False]), np.array([0]), np.array([1]), seed=0)

    assert np.isnan(scores).all()


@pytest.mark.parametrize("family", FittedFamily)
def test_every_family_tells_something_of_demo_clients(
    few_clients: Path, few: FeatureMatrix, family: FittedFamily
) -> None:
    assert few.defaulted is not None
    folds = assign_folds(few.defaulted, seed=0)
    with open_tables(few_clients) as tables:
        nested = make_fold_features(family, few, folds, tables)

    values = nested.leave_out(0)
    assert values.shape == (len(few.clients), len(nested.names))
    assert not np.isnan(values).all(axis=0).any()
    assert len(set(nested.names)) == len(nested.names)
    assert not set(nested.names) & set(FEATURE_NAMES)


def test_neighbours_of_outcomes_dealt_anew_foretell_nothing(matrix: FeatureMatrix) -> None:
    assert matrix.defaulted is not None
    dealt = np.random.default_rng(1).permutation(matrix.defaulted)
    folds = assign_folds(dealt, seed=0)
    fitted, left_out = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)

    neighbours = Neighbours.fit(matrix.features[fitted], dealt[fitted])
    rates = neighbours.compute(matrix.features[left_out])[:, 0]

    assert abs(roc_auc_score(dealt[left_out], rates) - 0.5) < 0.12


def test_history_rows_are_those_of_the_asked_clients(
    few_clients: Path,
) -> None:
    with open_tables(few_clients) as tables:
        clients = np.array(
            sorted(row[0] for row in tables.relation("application_train").fetchall())
        )[::2]
        rows = read_history_rows(tables, "bureau", clients)
        wanted = tables.relation("bureau").filter(f"SK_ID_CURR IN {tuple(clients.tolist())}")
        counts = dict(wanted.aggregate("SK_ID_CURR, count(*)").fetchall())

    found = dict(zip(*np.unique(clients[rows.owners], return_counts=True), strict=True))
    assert found == counts


@pytest.mark.parametrize("family", [FittedFamily.NEIGHBOURS, FittedFamily.ROW_SCORES])
def test_no_feature_of_a_client_knows_the_outcomes_of_the_fold_left_out_or_of_their_own(
    few_clients: Path, few: FeatureMatrix, family: FittedFamily
) -> None:
    assert few.defaulted is not None
    folds = assign_folds(few.defaulted, seed=0)
    flipped = replace(few, defaulted=few.defaulted ^ np.isin(folds, (1, 3)))
    with open_tables(few_clients) as tables:
        before = make_fold_features(family, few, folds, tables).leave_out(1)
        after = make_fold_features(family, flipped, folds, tables).leave_out(1)

    np.testing.assert_array_equal(before[folds == 3], after[folds == 3])
    assert not np.array_equal(before[folds == 1], after[folds == 1], equal_nan=True)


def test_columns_with_two_values_vary_and_missing_is_one() -> None:
    nothing = np.nan
    features = np.array([[1, 1, nothing, nothing, 2], [1, 2, nothing, 3, nothing]], np.float32)

    assert find_varying(features, ("a", "b", "c", "d", "e")) == ("b", "d", "e")
