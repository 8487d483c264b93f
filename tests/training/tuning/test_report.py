from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.evidence.drawing import render_png
from training.fitting import FitSettings
from training.tuning.confirmation import choose_confirmed, confirm
from training.tuning.families import BoostedFamily
from training.tuning.problem import Problem
from training.tuning.report import describe_study, tabulate_trials
from training.tuning.study import FinishedStudy, StudyOrder, run_study

QUICK = FitSettings(rounds_max=1, threads=1)


def ignore(*_told: object) -> None:
    pass


@pytest.fixture
def study(problem: Problem, family: BoostedFamily, tmp_path: Path) -> FinishedStudy:
    order = StudyOrder(tmp_path / "studies.db", 11, None, QUICK)
    return run_study(problem, family, family.start, order, ignore, ignore)


def test_a_study_is_told_with_its_plots_tables_and_what_was_chosen(
    study: FinishedStudy, problem: Problem, family: BoostedFamily
) -> None:
    best = {**study.completed[0].params, **family.fixed}
    confirmed = confirm(problem, family, [family.start, best], QUICK, (1, 2), ignore)

    section = describe_study(study, confirmed, choose_confirmed(confirmed))

    assert "11 trials" in section.text
    assert f"rate {best['rate']}" in section.text
    assert [plot.name for plot in section.plots] == [
        "optimisation_history",
        "parameter_importances",
    ]
    assert all(render_png(plot.figure).startswith(b"\x89PNG") for plot in section.plots)
    assert list(section.tables["judged_again"]["setting"]) == ["incumbent", "best 1"]
    assert section.metrics["tuned_log_loss"] == confirmed[1].log_loss


def test_the_text_says_that_the_incumbent_stays(
    study: FinishedStudy, problem: Problem, family: BoostedFamily
) -> None:
    confirmed = confirm(
        problem, family, [family.start, {"rate": 0.9, "slope": 1.0}], QUICK, (1,), ignore
    )

    section = describe_study(study, confirmed, choose_confirmed(confirmed))

    assert "the incumbent, which stays" in section.text
    assert section.metrics["log_loss_gain"] == 0


def test_what_was_given_up_has_no_log_loss(study: FinishedStudy) -> None:
    table = tabulate_trials(study.trials)

    assert len(table) == 11
    given_up = table["state"] == "pruned"
    assert given_up.any()
    assert table.loc[given_up, "log_loss"].isna().all()
    assert (table.loc[given_up, "folds"] < 5).all()
    assert np.isfinite(table.loc[~given_up, "log_loss"]).all()
    assert (table.loc[~given_up, "folds"] == 5).all()
