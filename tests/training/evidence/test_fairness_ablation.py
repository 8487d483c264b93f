from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.cost import CostMatrix
from credit.decision import refuse
from credit.fairness import FairnessAudit
from training.evidence.calibration import recalibrate_in_folds
from training.evidence.drawing import render_png
from training.evidence.fairness import audit_fairness
from training.evidence.fairness_ablation import (
    GroupChange,
    ProtectedAblation,
    ablate_protected,
    compare_models,
)
from training.evidence.fairness_section import describe_fairness
from training.evidence.group_figures import DecidedClients
from training.evidence.groups import Grouping, group_by_category
from training.evidence.proxy import measure_proxy
from training.fitting import FitSettings, cross_validate

NAMES = ("CODE_GENDER", "AMT_CREDIT", "EXT_SOURCE_2", "income_to_age")
QUICK = FitSettings(
    parameters=(("eta", 0.3), ("max_depth", 2)), rounds_max=25, patience=5, threads=1
)
COSTS = CostMatrix()
CLIENTS = 3_000


class Lender:
    """Clients whose risk is by gender and score, and a model of both."""

    def __init__(self, gender_log_odds: float = 1.2) -> None:
        generator = np.random.default_rng(3)
        self.gender = (generator.random(CLIENTS) < 0.5).astype(np.float64)
        columns = [self.gender, *generator.normal(size=(3, CLIENTS))]
        self.features: NDArray[np.float32] = np.column_stack(columns).astype(np.float32)
        log_odds = -2.5 + gender_log_odds * self.gender - columns[2]
        self.defaulted = generator.random(CLIENTS) < 1 / (1 + np.exp(-log_odds))
        found = cross_validate(self.features, self.defaulted, QUICK)
        self.folds = found.folds
        self.decided = DecidedClients(
            self.defaulted, found.pd, refuse(found.pd, COSTS.calibrated_threshold), COSTS
        )
        self.grouping: Grouping = group_by_category("gender", self.gender)

    def ablate(self) -> ProtectedAblation:
        found = ablate_protected(
            self.features, NAMES, self.decided, self.folds, [self.grouping], QUICK
        )
        assert found is not None
        return found

    def audit(self) -> FairnessAudit:
        return audit_fairness([self.grouping], self.decided, 50)


@pytest.fixture(scope="module")
def lender() -> Lender:
    return Lender()


@pytest.fixture(scope="module")
def ablation(lender: Lender) -> ProtectedAblation:
    return lender.ablate()


def find_men(ablation: ProtectedAblation) -> GroupChange:
    return next(group for group in ablation.groups if group.group == "M")


def test_a_model_without_gender_is_worse_where_gender_tells(ablation: ProtectedAblation) -> None:
    assert ablation.left_out == ("CODE_GENDER", "income_to_age")
    assert ablation.features == 2
    assert ablation.auc.difference.high < 0
    assert ablation.cost.difference.low > 0


def test_it_approves_men_and_women_more_alike(ablation: ProtectedAblation) -> None:
    change = find_men(ablation).changes["approval_ratio"]

    assert change.full.value < 0.8 < change.reduced.value
    assert change.difference.low > 0


def test_a_difference_is_of_the_two_figures(ablation: ProtectedAblation) -> None:
    changes = [ablation.auc, ablation.cost, *find_men(ablation).changes.values()]

    for change in changes:
        expected = change.reduced.value - change.full.value
        assert change.difference.value == pytest.approx(expected)


def test_the_same_model_twice_differs_by_nothing(lender: Lender) -> None:
    decided = lender.decided

    found = compare_models(decided, decided.pd, [lender.grouping], ("CODE_GENDER",), 3)

    difference = found.auc.difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_both_models_are_recalibrated_or_neither(
    lender: Lender, ablation: ProtectedAblation
) -> None:
    alike = ablate_protected(
        lender.features,
        NAMES,
        lender.decided,
        lender.folds,
        [lender.grouping],
        QUICK,
        recalibrate=True,
    )

    assert alike is not None
    mapped = recalibrate_in_folds(lender.defaulted, ablation.pd, lender.folds)
    assert np.array_equal(alike.pd, mapped)
    assert not np.allclose(alike.pd, ablation.pd)


def test_the_model_without_gender_keeps_the_directions_of_its_features(
    lender: Lender, ablation: ProtectedAblation
) -> None:
    kept = lender.features[:, [1, 2]]
    held = cross_validate(kept, lender.defaulted, QUICK.constrain(("AMT_CREDIT", "EXT_SOURCE_2")))
    free = cross_validate(kept, lender.defaulted, QUICK)

    np.testing.assert_array_equal(ablation.pd, held.pd)
    assert not np.array_equal(held.pd, free.pd)


def test_a_model_that_knows_neither_has_nothing_to_leave_out(lender: Lender) -> None:
    names = ("AMT_CREDIT", "EXT_SOURCE_2", "EXT_SOURCE_3", "AMT_ANNUITY")

    found = ablate_protected(
        lender.features, names, lender.decided, lender.folds, [lender.grouping], QUICK
    )

    assert found is None


def test_other_folds_are_refused(lender: Lender) -> None:
    with pytest.raises(ValueError, match="other folds"):
        ablate_protected(
            lender.features, NAMES, lender.decided, 4 - lender.folds, [lender.grouping], QUICK
        )


def test_gender_that_others_tell_is_found() -> None:
    generator = np.random.default_rng(5)
    gender = (generator.random(1_500) < 0.5).astype(np.float64)
    gender[:20] = np.nan
    noise = generator.normal(size=(1_500, 3))
    features = np.column_stack([np.nan_to_num(gender), noise]).astype(np.float32)
    telling = features.copy()
    telling[:, 1] += np.nan_to_num(gender).astype(np.float32)

    blind = measure_proxy(features, NAMES, gender, threads=1)
    seeing = measure_proxy(telling, NAMES, gender, threads=1)

    assert blind is not None
    assert seeing is not None
    assert blind.low < 0.5 < blind.high
    assert seeing.low > 0.6


def test_gender_of_few_is_not_measured() -> None:
    features = np.zeros((50, 4), np.float32)

    assert measure_proxy(features, NAMES, (np.arange(50) < 10).astype(np.float64)) is None


def test_the_section_says_what_was_found(lender: Lender, ablation: ProtectedAblation) -> None:
    section = describe_fairness(lender.audit(), ablation, ablation.auc.full)

    assert "| gender | M | approval ratio |" in section.text
    assert "without CODE_GENDER, income_to_age: 2 features remain" in section.text
    assert "The interval of the difference in AUC excludes zero" in section.text
    assert set(section.tables) == {"fairness_groups", "fairness_breaches", "fairness_ablation"}
    assert section.metrics["fairness_certain_breaches"] >= 1
    names = [plot.name for plot in section.plots]
    assert names == [
        "fairness_approval",
        "fairness_calibration",
        "fairness_ablation_approval_ratio",
        "fairness_ablation_opportunity_gap",
    ]
    assert all(render_png(plot.figure).startswith(b"\x89PNG") for plot in section.plots)


def test_the_section_says_what_was_not_measured(lender: Lender) -> None:
    text = describe_fairness(lender.audit()).text

    assert "No model without them was fitted" in text
    assert "was not measured" in text


def test_a_section_of_few_clients_judges_nobody() -> None:
    nobody = np.zeros(10, np.bool_)
    decided = DecidedClients(nobody, np.full(10, 0.1), nobody, COSTS)
    audit = audit_fairness([group_by_category("gender", np.zeros(10))], decided, 20)

    section = describe_fairness(audit)

    assert "No group is large enough to be judged." in section.text
    assert "gender F (10 clients, 0 defaults)" in section.text
    assert "No judged group is beyond a limit." in section.text
    assert all(render_png(plot.figure) for plot in section.plots)
