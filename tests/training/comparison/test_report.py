from __future__ import annotations

from io import BytesIO, StringIO

import numpy as np
import pytest
from rich.console import Console

from credit.cost import CostMatrix
from credit.evaluation.bootstrap import Estimate
from training.comparison.candidates import Candidate, list_candidates
from training.comparison.judgement import Figures
from training.comparison.prediction import Prediction
from training.comparison.report import Comparison, describe_comparison
from training.comparison.row import SPOILT_PD, Measured, Row, sort_by_cost
from training.comparison.table import render_markdown, render_note, render_table, to_frame
from training.evidence.drawing import render_png

CANDIDATES = {candidate.name: candidate for candidate in list_candidates()}


def measure(candidate: Candidate, cost: float, *notes: str) -> Row:
    figures = Figures(
        auc=0.76, ks=0.39, gini=0.52, f1=0.3, recall=0.6, precision=float("nan"), cost=cost,
        score=0.7, brier=0.07, ece=0.01, threshold=0.09,
    )  # fmt: skip
    prediction = Prediction(np.zeros(3), 12.34, 20.0, 0.5, (40, 48), (), notes)
    names = ("auc", "ks", "cost", "brier", "ece")
    against = {name: Estimate(-0.002, -0.003, -0.001) for name in names}
    against["cost"] = Estimate(0.01, -0.002, 0.02)
    return Row(candidate, Measured(figures, prediction, {} if candidate.is_served else against))


ROWS = sort_by_cost(
    [
        Row(CANDIDATES["catboost"], failure="failed: no reason"),
        measure(CANDIDATES["logistic_regression, SMOTE"], 0.55, "ConvergenceWarning: slow"),
        measure(CANDIDATES["xgboost"], 0.52),
        measure(CANDIDATES["dummy"], 0.8),
    ]
)


def test_the_cheapest_stands_first_and_who_has_no_figures_last() -> None:
    assert [row.candidate.name for row in ROWS] == [
        "xgboost",
        "logistic_regression, SMOTE",
        "dummy",
        "catboost",
    ]


def test_the_page_has_figures_differences_and_notes() -> None:
    lines = render_markdown(ROWS).splitlines()

    assert lines[2].startswith("| **xgboost** (served) | none | 0.7600 | 0.3900 |")
    assert "| 0.6000 | - | 0.5200 |" in lines[2]
    assert lines[5].startswith("| catboost | none | - | - |")
    assert (
        "| logistic_regression, SMOTE | -0.0020 (-0.0030 to -0.0010)* "
        "| -0.0020 (-0.0030 to -0.0010)* | +0.0100 (-0.0020 to +0.0200) |"
    ) in "\n".join(lines)
    assert f"- logistic_regression, SMOTE: {SPOILT_PD}" in lines
    assert "- logistic_regression, SMOTE: fitted on 40 of a fold's 48 clients" in lines
    assert "- logistic_regression, SMOTE: ConvergenceWarning: slow" in lines
    assert "- catboost: failed: no reason" in lines
    assert len({line.count("|") for line in lines[:6]}) == 1


def test_the_note_of_the_largest_comparison_fits_into_mlflow() -> None:
    rows = [measure(candidate, 0.5) for candidate in list_candidates(full=True)]

    note = render_note(rows)

    assert len(note) < 8_000
    assert "| **xgboost** | 0.7600 | 0.5000 | 0.0100 | - | - |" in note
    assert "| mlp, SMOTE | 0.7600 | 0.5000 | 0.0100 | -0.0020 (-0.0030 to -0.0010) |" in note
    assert "| catboost | - | - | - | - | - |" in render_note(ROWS)


def test_only_a_model_with_a_strategy_is_said_to_be_uncalibrated() -> None:
    spoilt = [row.candidate.name for row in ROWS if SPOILT_PD in row.notes]

    assert spoilt == ["logistic_regression, SMOTE"]


@pytest.mark.parametrize(("wide", "width"), [(True, 160), (False, 80)])
def test_the_terminal_shows_every_model_in_full(*, wide: bool, width: int) -> None:
    console = Console(width=width, record=True, file=StringIO())

    rows = [*(measure(candidate, 0.5) for candidate in list_candidates(full=True)), ROWS[-1]]

    console.print(render_table(rows, wide=wide))

    text = console.export_text()
    for row in rows:
        assert row.candidate.name in text or row.candidate.is_served
    assert "xgboost (served)" in text
    assert "\u2026" not in text  # nothing is cut off
    assert "+0.0100 (-0.0020 to +0.0200)" in text
    assert "catboost: failed: no reason" in text
    assert ("precision" in text) == wide


def test_the_spreadsheet_has_everything_that_was_measured() -> None:
    frame = to_frame(ROWS)

    assert list(frame["family"]) == ["xgboost", "logistic_regression", "dummy", "catboost"]
    assert frame.loc[1, "auc_minus_served_low"] == -0.003
    assert frame.loc[0, "served"]
    assert frame["auc"].isna().tolist() == [False, False, False, True]


def test_the_section_has_two_plots_and_what_the_parent_run_shows() -> None:
    section = describe_comparison(Comparison(tuple(ROWS), 100, 9, 0.08, CostMatrix()))

    assert [plot.name for plot in section.plots] == ["auc_difference", "cost_difference"]
    for plot in section.plots:
        assert BytesIO(render_png(plot.figure)).read(4) == b"\x89PNG"
    assert section.metrics == pytest.approx(
        {
            "best_auc": 0.76,
            "best_cost": 0.52,
            "served_auc": 0.76,
            "served_cost": 0.52,
            "candidates": 4,
            "candidates_failed": 1,
        }
    )
    assert "100 clients, 9 features, default rate 8.00%" in section.text
    assert "the cost here and its expected cost are two figures" in section.text


def test_the_served_model_alone_has_no_plot() -> None:
    section = describe_comparison(Comparison((ROWS[0],), 100, 9, 0.08, CostMatrix()))

    assert section.plots == ()
    assert section.metrics["candidates"] == 1
