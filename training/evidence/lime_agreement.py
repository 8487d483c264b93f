"""LIME beside SHAP: another way to explain one client, and how far the two agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.stats import spearmanr

from credit.contract import APPLICATION_COLUMNS, Kind
from credit.features.catalog import FEATURES
from training.imputation import SemanticImputer

NEIGHBOURS = 5_000
COMPARED = 20
_CATEGORIES = {column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY}
_FEATURES = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class LimeAgreement:
    """One client explained twice.

    Attributes:
        names: The features that weigh most by SHAP, the strongest first.
        shap: Their contributions, in log-odds of default.
        lime: LIME's weights of the client's values, in log-odds of default.
        same_sign: Share of these features on whose direction both agree.
        rank_correlation: Spearman's, of the two over these features.
        fit: R² of LIME's linear model around the client.
        missing: How many of all features the client has no value of.
    """

    names: tuple[str, ...]
    shap: NDArray[np.float64]
    lime: NDArray[np.float64]
    same_sign: float
    rank_correlation: float
    fit: float
    missing: int


def compare_with_lime(
    booster: xgb.Booster,
    background: NDArray[np.float32],
    names: Sequence[str],
    client: NDArray[np.float32],
    shap: NDArray[np.float64],
    seed: int,
    neighbours: int = NEIGHBOURS,
) -> LimeAgreement:
    """Return how LIME explains the client's margin, beside the contributions by SHAP.

    LIME draws neighbours of a client from quartiles and categories, which a missing value has none
    of. So it is given imputed rows, and what the client has no value of is taken away again before
    the model sees a neighbour: the model is asked about such clients as it knows them, and a
    feature that is missing gets no weight. LIME moves every feature by itself, also those that are
    reckoned from one another; the two need not agree.

    Source: Ribeiro, Singh, Guestrin, Why Should I Trust You? (2016).

    Args:
        booster: The model.
        background: Features of other clients, shape (n, columns).
        names: Of the columns, the booster's own in its order.
        client: One row, shape (columns,).
        shap: Its contributions, shape (columns,).
        seed: Of the neighbours.
        neighbours: How many are drawn around the client.
    """
    # Heavy, and needed here only.
    from lime.lime_tabular import LimeTabularExplainer

    imputer = SemanticImputer([_FEATURES[name] for name in names]).fit(background)
    gone = np.isnan(client)

    def predict_margin(drawn: NDArray[np.float64]) -> NDArray[np.float32]:
        rows = drawn.astype(np.float32)
        rows[:, gone] = np.nan
        return np.asarray(booster.inplace_predict(rows, predict_type="margin"))

    explainer = LimeTabularExplainer(
        imputer.transform(background).astype(np.float64),
        mode="regression",
        feature_names=list(names),
        categorical_features=[number for number, name in enumerate(names) if name in _CATEGORIES],
        random_state=seed,
    )
    explanation = explainer.explain_instance(
        imputer.transform(client[np.newaxis])[0].astype(np.float64),
        predict_margin,
        num_features=len(names),
        num_samples=neighbours,
    )
    weights = np.zeros(len(names))
    for number, weight in explanation.as_map()[1]:
        weights[number] = weight
    return _compare(names, shap, weights, float(explanation.score), int(gone.sum()))


def _compare(
    names: Sequence[str],
    shap: NDArray[np.float64],
    lime: NDArray[np.float64],
    fit: float,
    missing: int,
) -> LimeAgreement:
    strongest = np.argsort(-np.abs(shap), kind="stable")[:COMPARED]
    one, other = shap[strongest], lime[strongest]
    constant = len(set(one)) < 2 or len(set(other)) < 2  # noqa: PLR2004 -- nothing to rank
    return LimeAgreement(
        names=tuple(names[number] for number in strongest),
        shap=one,
        lime=other,
        same_sign=float(np.mean(np.sign(one) == np.sign(other))),
        rank_correlation=float("nan") if constant else float(spearmanr(one, other).statistic),
        fit=fit,
        missing=missing,
    )
