from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from credit.cost import CostMatrix
from credit.features.catalog import FAMILIES, FEATURE_NAMES
from training.ablation import Ablation, CostDifference, _compare_costs, ablate_families
from training.ablation_report import AblationOrder, render_ablation, write_ablation
from training.auc_difference import AucDifference
from training.feature_matrix import find_varying, take_columns
from training.fitting import FitSettings, cross_validate
from training.fold_features import FittedFamily
from training.tables import open_tables

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix


def test_every_feature_is_in_one_family() -> None:
    listed = [name for members in FAMILIES.values() for name in members]

    assert sorted(listed) == sorted(FEATURE_NAMES)


def test_a_family_is_left_out_and_compared_with_all(
    many_clients: Path, matrix: FeatureMatrix
) -> None:
    quick = FitSettings(rounds_max=6, patience=3)
    with open_tables(many_clients) as tables:
        usual, without = islice(ablate_families(matrix, tables, CostMatrix(), quick), 2)

    assert (usual.change, without.change) == ("all", "without application")
    assert usual.auc_gain is None
    assert usual.cost_gain is None
    assert without.features < usual.features <= len(FEATURE_NAMES)
    assert without.auc_gain is not None
    assert without.auc_gain.difference == pytest.approx(without.auc - usual.auc)
    assert without.cost_gain is not None
    assert without.cost_gain.difference == pytest.approx(without.cost - usual.cost)


def test_the_usual_model_keeps_the_directions_of_its_features(
    many_clients: Path, matrix: FeatureMatrix
) -> None:
    quick = FitSettings(rounds_max=20, patience=20)
    assert matrix.defaulted is not None
    names = find_varying(matrix.features, FEATURE_NAMES)
    features = take_columns(matrix.features, names)
    with open_tables(many_clients) as tables:
        usual = next(ablate_families(matrix, tables, CostMatrix(), quick))

    held, free = (
        roc_auc_score(matrix.defaulted, cross_validate(features, matrix.defaulted, fit).pd)
        for fit in (quick.constrain(names), quick)
    )
    assert usual.auc == held != free


def test_every_family_has_its_row(few_clients: Path, tmp_path: Path) -> None:
    said: list[str] = []
    order = AblationOrder(few_clients, tmp_path / "page.md", "few", CostMatrix(), None)

    write_ablation(order, said.append, FitSettings(rounds_max=2, patience=2))

    rows = [line.split(" | ")[0].strip("| ") for line in order.out.read_text().splitlines()]
    expected = ["all", *(f"without {family}" for family in FAMILIES)]
    expected += [f"with {family.value}" for family in FittedFamily]
    assert rows[-len(expected) :] == expected


def test_the_interval_of_a_cost_difference_is_that_of_a_mean() -> None:
    generator = np.random.default_rng(2)
    usual = generator.choice([0.0, 1.0, 10.0], 5_000, p=[0.8, 0.15, 0.05])
    other = generator.choice([0.0, 1.0, 10.0], 5_000, p=[0.8, 0.15, 0.05])

    found = _compare_costs(usual, other)

    difference = other - usual
    margin = 1.96 * difference.std() / np.sqrt(5_000)
    assert found.difference == pytest.approx(difference.mean())
    assert found.high - found.low == pytest.approx(2 * margin, rel=0.1)
    assert found.low < found.difference < found.high


def test_the_page_has_a_row_a_model() -> None:
    rows = [
        Ablation("all", 9, 0.76, 0.5, None, None),
        Ablation(
            "without bureau",
            5,
            0.75,
            0.51,
            AucDifference(-0.01, -0.015, -0.005),
            CostDifference(0.01, -0.002, 0.022),
        ),
    ]

    page = render_ablation("some clients", 1_234, 0.081, rows)

    assert page.splitlines()[0] == "# What each family of features is worth: some clients"
    assert "1,234 clients, default rate 8.10%" in page
    auc_gain, cost_gain = "-0.0100 (-0.0150 to -0.0050)", "+0.0100 (-0.0020 to +0.0220)"
    assert page.splitlines()[-2:] == [
        "| all | 9 | 0.7600 | 0.5000 |  |  |",
        f"| without bureau | 5 | 0.7500 | 0.5100 | {auc_gain} | {cost_gain} |",
    ]
