from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xgboost

from serving.leaf_tables import LeafTables

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = 12


def draw(rows: int, seed: int = 1) -> NDArray[np.float32]:
    """Return features with gaps, some of them coarse, so that values fall on the trees' cuts."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(rows, COLUMNS)).astype(np.float32)
    features[:, ::3] = features[:, ::3].round()
    features[generator.random(features.shape) < 0.2] = np.nan
    return features


def fit(trees: int = 20, **parameters: Any) -> xgboost.Booster:  # noqa: ANN401 -- XGBoost's own
    features = draw(600)
    risk = np.nan_to_num(features[:, 0]) + np.nan_to_num(features[:, 1] * features[:, 2])
    defaulted = risk > 0.8
    return xgboost.train(
        {"objective": "binary:logistic", "eta": 0.3, "nthread": 1, "seed": 3, **parameters},
        xgboost.DMatrix(features, defaulted),
        trees,
    )


def ask_xgboost(booster: xgboost.Booster, features: NDArray[np.float32]) -> NDArray[np.float32]:
    explained: NDArray[np.float32] = booster.predict(
        xgboost.DMatrix(features, nthread=1), pred_contribs=True
    )
    return explained


def build(booster: xgboost.Booster) -> LeafTables:
    tables = LeafTables.build(booster)
    assert tables is not None
    return tables


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_depth": 1},
        {"max_depth": 4},
        {"max_depth": 7, "min_child_weight": 0},  # features come again on a path
        {"max_depth": 3, "num_parallel_tree": 3, "subsample": 0.5},
        {"max_depth": 3, "base_score": 0.08},
        {"max_depth": 4, "gamma": 5.0},  # trees of one leaf among them
        {"max_depth": 4, "monotone_constraints": "(1,1,0,-1)"},
        {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    ],
)
def test_tables_say_what_xgboost_says(parameters: dict[str, Any]) -> None:
    booster = fit(**parameters)
    features = draw(100, seed=2)

    explained = build(booster).explain(features)

    np.testing.assert_allclose(explained, ask_xgboost(booster, features), atol=2e-6)


def test_contributions_and_bias_add_up_to_the_margin() -> None:
    booster = fit(max_depth=4)
    features = draw(100, seed=2)

    explained = build(booster).explain(features)

    margins = booster.predict(xgboost.DMatrix(features), output_margin=True)
    np.testing.assert_allclose(explained.sum(axis=1), margins, atol=1e-5)


def test_one_row_is_explained_alike_alone_and_among_others() -> None:
    tables = build(fit(max_depth=4))
    features = draw(30)

    together = tables.explain(features)

    alone = [tables.explain(row[None])[0] for row in features]
    np.testing.assert_array_equal(together, np.array(alone))


def test_a_row_without_any_value_is_explained() -> None:
    booster = fit(max_depth=4)
    nothing = np.full((1, COLUMNS), np.nan, np.float32)

    explained = build(booster).explain(nothing)

    np.testing.assert_allclose(explained, ask_xgboost(booster, nothing), atol=2e-6)


def test_there_are_no_tables_where_they_would_be_too_large() -> None:
    booster = fit(max_depth=4)

    assert LeafTables.build(booster, most_bytes=1_000) is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"booster": "dart", "rate_drop": 0.5},
        {"booster": "gblinear"},
        {"objective": "reg:squarederror"},
    ],
)
def test_there_are_no_tables_of_another_kind_of_model(parameters: dict[str, Any]) -> None:
    assert LeafTables.build(fit(trees=3, **parameters)) is None


def test_there_are_no_tables_of_a_model_that_says_nothing() -> None:
    assert LeafTables.build(fit(trees=2, gamma=1e9)) is None


def test_there_are_no_tables_of_nodes_that_nobody_came_to() -> None:
    model = json.loads(fit(trees=1).save_raw("json"))
    tree = model["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["sum_hessian"] = [0.0] * len(tree["sum_hessian"])

    nobody = xgboost.Booster(model_file=bytearray(json.dumps(model).encode()))

    assert LeafTables.build(nobody) is None
