"""How explanations are measured and told, on demo clients and a small booster."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from matplotlib._pylab_helpers import Gcf

from credit.decision import Decision
from credit.errors import ExplanationWrong
from credit.features.catalog import FEATURE_NAMES
from training.evidence.contributions import compute_contributions, require_sums
from training.evidence.drawing import render_png
from training.evidence.explanation_plots import _label, _rank, _spread
from training.evidence.explanation_section import PROTECTED_TITLE, describe_explanations
from training.evidence.explanations import Explanations, Role, SampleSizes, explain
from training.evidence.lime_agreement import compare_with_lime
from training.feature_matrix import build_matrix, find_varying, read_encoded, take_columns
from training.histories import build_histories
from training.tables import open_tables

if TYPE_CHECKING:
    from pathlib import Path

    from credit.features.formula import FloatArray
    from training.feature_matrix import FeatureMatrix

SIZES = SampleSizes(clients=150, refused=60, counterfactuals=3, neighbours=200)


@dataclass(frozen=True)
class Fitted:
    """A booster and the clients it was fitted on."""

    booster: xgb.Booster
    features: np.ndarray[tuple[int, int], np.dtype[np.float32]]
    names: tuple[str, ...]
    application: dict[str, FloatArray]
    matrix: FeatureMatrix
    threshold: float

    def explain(self, **changes: object) -> Explanations:
        given = {
            "booster": self.booster,
            "features": self.features,
            "names": self.names,
            "application": self.application,
            "threshold": self.threshold,
            "sizes": SIZES,
        }
        return explain(**(given | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fitted(few_clients: Path) -> Fitted:
    with open_tables(few_clients) as tables:
        matrix = build_matrix(tables, "application_train", build_histories(tables))
        application = read_encoded(tables, "application_train")
    names = find_varying(matrix.features, FEATURE_NAMES)[::4]
    features = take_columns(matrix.features, names)
    data = xgb.DMatrix(features, matrix.defaulted, feature_names=list(names))
    settings = {"objective": "binary:logistic", "max_depth": 3, "min_child_weight": 1, "nthread": 1}
    booster = xgb.train(settings, data, 15)
    threshold = float(np.quantile(booster.predict(data), 0.7))
    return Fitted(booster, features, names, application, matrix, threshold)


@pytest.fixture(scope="module")
def explained(fitted: Fitted) -> Explanations:
    return fitted.explain()


def test_contributions_and_bias_add_up_to_the_margin(fitted: Fitted) -> None:
    contributions = compute_contributions(fitted.booster, fitted.features, fitted.names)

    sums = contributions.values.sum(axis=1) + contributions.bias
    assert sums == pytest.approx(contributions.margins, abs=1e-5)
    assert 0 < contributions.sum_error < 1e-5


@pytest.mark.parametrize("error", [0.002, float("nan"), float("inf")])
def test_contributions_that_do_not_add_up_are_refused(error: float) -> None:
    with pytest.raises(ExplanationWrong, match="miss the model's margin"):
        require_sums(error)


def test_three_clients_stand_where_their_names_say(fitted: Fitted, explained: Explanations) -> None:
    safe, near, risky = explained.clients

    assert [client.role for client in explained.clients] == list(Role)
    assert safe.decision is Decision.APPROVED
    assert near.decision is risky.decision is Decision.REFUSED
    assert safe.pd < fitted.threshold <= near.pd < risky.pd
    margins = explained.contributions.margins
    over = margins[margins >= np.log(fitted.threshold / (1 - fitted.threshold)) - 1e-6]
    assert near.pd == pytest.approx(1 / (1 + np.exp(-over.min())), abs=1e-6)


def test_the_refused_are_told_reasons_that_are_counted(explained: Explanations) -> None:
    refusals = explained.refusals

    assert refusals.refused == SIZES.refused
    assert 0 < refusals.with_reason == sum(refusals.first.values()) <= refusals.refused
    assert list(refusals.told.values()) == sorted(refusals.told.values(), reverse=True)
    assert sum(refusals.told.values()) <= 4 * refusals.refused


def test_the_same_seed_tells_the_same_and_another_draws_others(
    fitted: Fitted, explained: Explanations
) -> None:
    again, other = fitted.explain(), fitted.explain(seed=1)

    assert describe_explanations(again).text == describe_explanations(explained).text
    assert not np.array_equal(other.contributions.features, explained.contributions.features)


def test_columns_in_another_order_or_too_many_explain_the_same(
    fitted: Fitted, explained: Explanations
) -> None:
    turned = fitted.explain(features=fitted.matrix.features[:, ::-1], names=FEATURE_NAMES[::-1])

    assert describe_explanations(turned).text == describe_explanations(explained).text


def test_a_column_of_the_model_that_is_not_there_is_named(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match=fitted.names[0]):
        fitted.explain(features=fitted.features[:, 1:], names=fitted.names[1:])


def test_applications_of_other_clients_are_found_out(fitted: Fitted) -> None:
    turned = {name: values[::-1] for name, values in fitted.application.items()}

    with pytest.raises(ValueError, match="in the same order"):
        fitted.explain(application=turned)


@pytest.mark.parametrize(
    ("threshold", "roles"), [(0.9999, [Role.SAFE]), (1e-6, [Role.NEAR, Role.RISKY])]
)
def test_where_all_are_approved_or_refused_the_section_still_tells_what_there_is(
    fitted: Fitted, threshold: float, roles: list[Role]
) -> None:
    explained = fitted.explain(threshold=threshold)
    section = describe_explanations(explained)

    assert [client.role for client in explained.clients] == roles
    assert all(np.isfinite(value) for value in section.metrics.values())
    assert ("Nobody is refused" in section.text) == (threshold > 0.5)
    assert "nan" not in section.text


def test_the_section_tells_reasons_terms_and_agreement(explained: Explanations) -> None:
    section = describe_explanations(explained)

    near = explained.clients[1]
    for reason in near.reasons.told:
        assert f"{reason.text} ({reason.code}, +{reason.push:.2f})" in section.text
    assert section.text.count("What would change the decision:") == 2
    assert "LIME agrees on the direction of" in section.text
    assert PROTECTED_TITLE in section.tables["shap_importance_by_reason"]["reason"].tolist()
    assert section.tables["shap_importance_by_reason"]["share"].sum() == pytest.approx(1)
    assert set(section.tables["shap_importance"]["feature"]) == set(explained.contributions.names)
    assert section.metrics["shap_sum_error"] < 1e-5


def test_who_rests_on_protected_facts_is_sent_to_a_person(explained: Explanations) -> None:
    near = explained.clients[1]
    resting = replace(near, reasons=replace(near.reasons, protected_push=99.0))

    text = describe_explanations(replace(explained, clients=(resting,))).text

    assert "a person must decide" in text
    assert (
        "a person must decide"
        not in describe_explanations(
            replace(
                explained, clients=(replace(near, reasons=replace(near.reasons, protected_push=0)),)
            )
        ).text
    )


def test_no_client_is_named(fitted: Fitted, explained: Explanations) -> None:
    section = describe_explanations(explained)

    told = section.text + "".join(table.to_csv() for table in section.tables.values())
    told += "".join(plot.caption for plot in section.plots)
    numbers = {int(number) for number in re.findall(r"(?<![\d.])\d{6}(?![\d.])", told)}
    assert numbers & set(fitted.matrix.clients.tolist()) == set()
    assert "SK_ID" not in told


def test_plots_are_drawn_without_a_trace_in_matplotlib(explained: Explanations) -> None:
    section = describe_explanations(explained)

    pictures = {plot.name: render_png(plot.figure) for plot in section.plots}

    assert list(pictures) == [
        "shap_reasons",
        "shap_beeswarm",
        "shap_dependence",
        "shap_safe",
        "shap_near",
        "shap_risky",
        "lime_beside_shap",
    ]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures.values())
    assert Gcf.figs == {}


def test_the_steps_of_a_client_end_at_their_estimate(explained: Explanations) -> None:
    near = explained.clients[1]
    plot = next(p for p in describe_explanations(explained).plots if p.name == "shap_near")

    last = plot.figure.axes[0].patches[-1]

    ends = (last.get_x(), last.get_x() + last.get_width())  # type: ignore[attr-defined]
    margin = np.log(near.pd / (1 - near.pd))
    assert min(abs(end - margin) for end in ends) < 1e-4
    assert max(abs(end - margin) for end in ends) > 1e-3


def test_equal_values_share_a_rank_and_missing_ones_have_none() -> None:
    ranks = _rank(np.array([3.0, np.nan, 1.0, 3.0], np.float32))

    assert ranks == pytest.approx([1.0, np.nan, 0.0, 1.0], nan_ok=True)


def test_equal_contributions_lie_beside_each_other() -> None:
    heights = _spread(np.array([0.5, 0.5, 0.5, -1.0]))

    assert heights[:3] == pytest.approx([-0.4, 0, 0.4])


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("DAYS_BIRTH", -12_345.0, "DAYS_BIRTH ≈ -12,000"),
        ("ext_source_mean", 0.4567, "ext_source_mean ≈ 0.46"),
        ("CODE_GENDER", 1.0, "CODE_GENDER: M"),
        ("EXT_SOURCE_1", float("nan"), "EXT_SOURCE_1: missing"),
    ],
)
def test_values_are_told_with_two_digits(name: str, value: float, label: str) -> None:
    assert _label(name, value) == label


def test_lime_agrees_on_a_plain_model_and_gives_what_is_missing_no_weight() -> None:
    generator = np.random.default_rng(0)
    names = ["EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"]
    features = generator.random((800, 3)).astype(np.float32)
    risk = 1 / (1 + np.exp(3 * (features[:, 0] + features[:, 1] + features[:, 2] - 1.5)))
    defaulted = generator.random(800) < risk
    features[::3, 2] = np.nan
    data = xgb.DMatrix(features, defaulted, feature_names=names)
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, data, 20)
    client = np.array([0.05, 0.9, np.nan], np.float32)
    shap = compute_contributions(booster, client[np.newaxis], names).values[0]

    found = compare_with_lime(booster, features, names, client, shap, seed=0)

    weights = dict(zip(found.names, found.lime, strict=True))
    assert weights["EXT_SOURCE_1"] > 0.3 > -0.3 > weights["EXT_SOURCE_2"]
    assert abs(weights["EXT_SOURCE_3"]) < 0.05
    assert found.missing == 1
    assert found.fit > 0.4
    again = compare_with_lime(booster, features, names, client, shap, seed=0)
    assert again.lime == pytest.approx(found.lime)
