from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from numpy.typing import NDArray
from optuna.trial import TrialState

from credit.cost import CostMatrix, Flags
from credit.errors import TrainingImpossible, TuningUnusable
from training.fitting import FOLDS, FitSettings, StoppedFit
from training.tuning.families import LIGHTGBM, BoostedFamily
from training.tuning.problem import Problem
from training.tuning.space import Span
from training.tuning.study import (
    FinishedStudy,
    StudyOrder,
    name_study,
    run_study,
)

QUICK = FitSettings(rounds_max=4, patience=2, threads=1)
TRIALS = 12

Search = Callable[..., FinishedStudy]


def be_silent(_line: str) -> None:
    pass


def track_nothing(_work: str, _done: int, _of: int) -> None:
    pass


@pytest.fixture
def search(problem: Problem, family: BoostedFamily, tmp_path: Path) -> Search:
    """Return a search of the quick family; each argument may be another."""

    def run(  # noqa: PLR0913 -- a test names the one it changes
        file: Path = tmp_path / "new folder" / "studies.db",
        *,
        on: Problem = problem,
        of: BoostedFamily = family,
        trials: int = TRIALS,
        timeout_s: float | None = None,
        say: Callable[[str], None] = be_silent,
        track: Callable[[str, int, int], None] = track_nothing,
        fit: FitSettings = QUICK,
    ) -> FinishedStudy:
        order = StudyOrder(file, trials, timeout_s, fit)
        return run_study(on, of, of.start, order, say, track)

    return run


def list_tried(study: FinishedStudy) -> list[tuple[dict[str, float], TrialState, float | None]]:
    return [(trial.params, trial.state, trial.value) for trial in study.trials]


def test_the_best_trial_is_near_what_loses_least(search: Search) -> None:
    best = search(trials=20).completed[0]

    assert best.params["rate"] == pytest.approx(0.25, abs=0.04)
    assert best.user_attrs["auc"] > 0.6
    assert 0 < best.user_attrs["cost"] <= 2.5


def test_the_same_seed_tries_the_same_from_scratch(search: Search, tmp_path: Path) -> None:
    first, second = (search(tmp_path / name) for name in ("one.db", "two.db"))

    assert len(first.trials) == TRIALS
    assert list_tried(first) == list_tried(second)
    other = search(tmp_path / "three.db", fit=replace(QUICK, seed=1))
    assert list_tried(other) != list_tried(first)


def test_trees_are_tuned_to_the_same_parameters_again(
    search: Search, boosted: BoostedFamily, tmp_path: Path
) -> None:
    first, second = (
        search(tmp_path / name, of=boosted, trials=2).completed[0] for name in ("one.db", "two.db")
    )

    assert set(first.params) == set(boosted.space)
    assert (first.params, first.value) == (second.params, second.value)


@pytest.mark.parametrize("fits", [8, 44])
def test_a_search_that_was_interrupted_ends_as_one_that_was_not(
    search: Search, family: BoostedFamily, tmp_path: Path, fits: int
) -> None:
    left = [fits]

    def be_interrupted(
        features: NDArray[np.float32], defaulted: Flags, settings: FitSettings
    ) -> StoppedFit:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return family.fit(features, defaulted, settings)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "one.db", of=replace(family, fit=be_interrupted))

    resumed = search(tmp_path / "one.db")

    assert list_tried(resumed) == list_tried(search(tmp_path / "two.db"))


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import guess, make_problem
from dataclasses import replace
from training.fitting import FitSettings
from training.tuning.families import BoostedFamily
from training.tuning.family_name import FamilyName
from training.tuning.space import Span
from training.tuning.study import StudyOrder, run_study

def fit(*given):
    time.sleep(0.02)
    return guess(*given)

family = BoostedFamily(
    FamilyName.XGBOOST,
    {"rate": Span(0.01, 0.9)},
    {"slope": 1.0},
    {"rate": 0.4, "slope": 1.0},
    fit,
    lambda: "1.0",
)
order = StudyOrder(Path(sys.argv[1]), 1000, None, FitSettings(rounds_max=4, patience=2, threads=1))
run_study(make_problem(), family, family.start, order, print, lambda *done: print(done, flush=True))
"""


def test_a_search_that_was_killed_goes_on(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "killed.db"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(file), str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.startswith("('Trials', 3,"):
                break
        time.sleep(0.03)
        process.send_signal(signal.SIGKILL)
        process.wait()
    said: list[str] = []

    resumed = search(file, say=said.append)

    assert "Going on with study" in said[0]
    assert list_tried(resumed) == list_tried(search(tmp_path / "whole.db"))


def test_a_search_that_has_its_trials_tries_nothing_more(search: Search) -> None:
    whole = search()
    said: list[str] = []

    again = search(trials=TRIALS - 3, say=said.append)

    assert list_tried(again) == list_tried(whole)
    assert f"{TRIALS} of {TRIALS - 3} trials" in said[0]


def test_time_that_is_over_ends_a_search_after_a_trial(search: Search) -> None:
    assert len(search(timeout_s=0).trials) == 1
    assert len(search(timeout_s=0).trials) == 1
    assert len(search(timeout_s=60, trials=3).trials) == 3


def test_what_is_surely_worse_is_given_up_after_three_folds(search: Search) -> None:
    study = search(trials=20)

    given_up = [trial for trial in study.trials if trial.state is TrialState.PRUNED]

    assert given_up
    assert min(len(trial.intermediate_values) for trial in given_up) == 3
    assert all(len(trial.intermediate_values) == FOLDS for trial in study.completed)
    best = study.completed[0].intermediate_values
    for trial in given_up:
        seen = trial.intermediate_values
        assert sum(seen.values()) > sum(best[fold] for fold in seen)


def test_a_search_of_something_else_is_kept_apart(
    search: Search,
    problem: Problem,
    other_problem: Problem,
    family: BoostedFamily,
) -> None:
    of_first = search(trials=3)
    wider = replace(family, space={"rate": Span(0.01, 0.95)})

    for other in (
        search(on=other_problem, trials=2),
        search(on=replace(problem, fingerprint="other code"), trials=2),
        search(on=replace(problem, costs=CostMatrix(5.0, 1.0)), trials=2),
        search(of=wider, trials=2),
        search(of=replace(family, find_version=lambda: "1.1"), trials=2),
        search(of=replace(family, start={"rate": 0.3, "slope": 1.0}), trials=2),
        search(fit=replace(QUICK, patience=3), trials=2),
    ):
        assert other.name != of_first.name
        assert len(other.trials) == 2
    assert len(search(trials=3).trials) == 3


def test_a_study_s_name_knows_the_library_that_fits(
    boosted: BoostedFamily, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = name_study(problem, boosted, boosted.start, QUICK)
    assert name_study(problem, boosted, boosted.start, QUICK) == name

    monkeypatch.setattr(f"{boosted.name.value}.__version__", "0.0.1")

    assert name_study(problem, boosted, boosted.start, QUICK) != name


def test_a_library_that_is_not_installed_is_told_before_the_search(
    search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)

    with pytest.raises(TrainingImpossible, match=r"credit-scoring\[comparison\]"):
        search(tmp_path / "studies.db", of=LIGHTGBM)

    assert list(tmp_path.iterdir()) == []


def test_how_many_cores_fit_is_the_same_study(problem: Problem, family: BoostedFamily) -> None:
    names = {
        name_study(problem, family, family.start, replace(QUICK, threads=threads))
        for threads in (1, 2)
    }

    assert len(names) == 1


def test_two_do_not_search_in_the_same_file_at_once(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    refused: list[str] = []

    def search_too(_work: str, _done: int, _of: int) -> None:
        with pytest.raises(TuningUnusable, match="Another process") as error:
            search(file)
        refused.append(str(error.value))

    search(file, trials=1, track=search_too)

    assert len(refused) == 1
    assert "--study" in refused[0]


def test_a_file_that_is_no_study_is_left_as_it_is(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    file.write_text("Dear diary, this is long enough to be taken for a database's header. " * 20)
    before = file.read_bytes()

    with pytest.raises(TuningUnusable, match=r"studies\.db is no file of studies"):
        search(file)

    assert file.read_bytes() == before


def test_a_file_of_another_version_of_optuna_is_told(search: Search, tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    search(file, trials=1)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9.9.9.a'")

    with pytest.raises(TuningUnusable, match=r"studies\.db is no file of studies that Optuna"):
        search(file)


def test_too_few_of_an_outcome_cannot_be_tuned_on(search: Search, problem: Problem) -> None:
    few = np.arange(len(problem.defaulted)) < 5

    with pytest.raises(TrainingImpossible, match="at least 20 of each"):
        search(on=replace(problem, defaulted=few))


def test_what_explains_the_loss_is_told_once_enough_is_known(
    search: Search, family: BoostedFamily
) -> None:
    both = replace(family, space={**family.space, "slope": Span(0.99, 1.01)}, fixed={})

    assert search(of=both, trials=2).importances == {}
    importances = search(of=both, trials=15).importances

    assert sum(importances.values()) == pytest.approx(1)
    assert importances["rate"] > 0.8


def test_searching_leaves_no_open_file_behind(search: Search, tmp_path: Path) -> None:
    search(tmp_path / "studies.db", trials=1)

    with closing(sqlite3.connect(tmp_path / "studies.db", timeout=0)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING
