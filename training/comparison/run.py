"""The work of `credit compare`: from tables to one table of all candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from mlflow import MlflowClient
from numpy.typing import NDArray

from credit.cost import CostMatrix
from credit.errors import OutputExists, TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.comparison.candidates import INSTALL, Candidate, list_candidates
from training.comparison.drawn_figures import draw_figures
from training.comparison.early_stopping import Parameters
from training.comparison.judgement import compare_drawn, decide_by_other_folds, judge
from training.comparison.prediction import Population, predict_out_of_fold, shorten
from training.comparison.preparation import Columns
from training.comparison.report import Comparison, describe_comparison
from training.comparison.row import Measured, Row, sort_by_cost
from training.comparison.runs import (
    RUN_NAME,
    log_numbers,
    log_row,
    log_section,
    open_run,
    write_section,
)
from training.comparison.table import render_note
from training.evidence.section import Section
from training.feature_matrix import (
    TRAINING_TABLE,
    build_matrix,
    find_varying,
    take_columns,
)
from training.fitting import FOLDS, FitSettings, Progress, assign_folds
from training.histories import build_histories
from training.leakage import require_no_leak
from training.sound_tables import require_sound_tables
from training.tables import open_tables
from training.telling import Say, Track
from training.tracking import prepare_tracking


@dataclass(frozen=True, slots=True)
class ComparisonOrder:
    """What to compare, on what, and where the result goes.

    Attributes:
        data: Folder, or Kaggle's zip, of the tables.
        tracking_uri: MLflow's database or server.
        models: Names of families; none: all. The served model is always among them.
        full: Every strategy that applies, budgets without bounds.
        out: Folder for page, table and plots; None: MLflow alone has them.
        costs: Prices of mistakes.
        memory_limit: Memory the table engine may use, such as ``4GB``.
        parameters: Settings by family, from tuning, each in place of all the default ones.
        fit: Seed, threads, hold-out, patience and most rounds of what stops early. Its
            parameters are not read: those of XGBoost are beside the other families'.
    """

    data: Path
    tracking_uri: str
    models: tuple[str, ...] = ()
    full: bool = False
    out: Path | None = None
    costs: CostMatrix = CostMatrix()
    memory_limit: str | None = None
    parameters: Mapping[str, Parameters] = field(default_factory=dict)
    fit: FitSettings = FitSettings()


def compare_models(order: ComparisonOrder, say: Say, track: Track) -> Comparison:
    """Return every candidate's figures, logged in MLflow as a run with a child each.

    A candidate that fails, or that is not installed, is a row that says why, and the others go on.

    Raises:
        CreditError: As `training.pipeline.train`, of the tables and of too few clients.
        TargetLeak: If a column knows the outcome.
        TrainingImpossible: If there is no family of a name, or the served model cannot be fitted.
        RegistryError: If MLflow cannot be used.
        OutputExists: If `out` is a file.
    """
    if order.out and order.out.exists() and not order.out.is_dir():
        raise OutputExists(f"{order.out} is a file; expected a folder for page, table and plots.")
    list_candidates(order.models, parameters=order.parameters)  # nobody waits to learn of a typo
    require_sound_tables(order.data, say, order.memory_limit)
    prepare_tracking(order.tracking_uri)
    comparison, section = compare_on(_read_population(order, say), order, say, track)
    if order.out:
        order.out.mkdir(parents=True, exist_ok=True)
        write_section(section, order.out)
    return comparison


def compare_on(
    population: Population, order: ComparisonOrder, say: Say, track: Track
) -> tuple[Comparison, Section]:
    """Return every candidate's figures on these clients, and what was logged of them in MLflow.

    Raises:
        TrainingImpossible: If there is no family of a name, or the served model cannot be fitted.
        RegistryError: If MLflow cannot be used.
    """
    candidates = list_candidates(order.models, full=order.full, parameters=order.parameters)
    clients, features = population.features.shape
    say(f"Comparing {len(candidates)} models on {clients:,} clients, {features} features")
    client = MlflowClient(order.tracking_uri)
    with open_run(client, order.tracking_uri, RUN_NAME) as run:
        parent = run.run_id
        log_numbers(client, parent, {}, _list_settings(order, population))
        contest = _Contest(order, population, client, parent)
        rows = []
        for done, candidate in enumerate(candidates):
            track("Models", done, len(candidates))
            rows.append(contest.enter(candidate, partial(track, candidate.name)))
            say(_describe(rows[-1]))
        track("Models", len(candidates), len(candidates))
        comparison = Comparison(
            tuple(sort_by_cost(rows)),
            clients,
            features,
            float(population.defaulted.mean()),
            order.costs,
        )
        section = describe_comparison(comparison)
        log_numbers(client, parent, section.metrics, {}, _name_best(comparison))
        log_section(client, parent, section, render_note(comparison.rows))
    return comparison, section


class _Contest:
    """Enters candidates one after another; the first is the served model."""

    def __init__(
        self, order: ComparisonOrder, population: Population, client: MlflowClient, parent: str
    ) -> None:
        self._order = order
        self._population = population
        self._client = client
        self._parent = parent
        self._served: NDArray[np.float64] | None = None

    def enter(self, candidate: Candidate, on_fold: Progress) -> Row:
        """Return the candidate's row, logged as a child run."""
        tracking_uri = self._order.tracking_uri
        with open_run(self._client, tracking_uri, candidate.name, self._parent) as run:
            row = self._try(candidate, on_fold)
            log_row(self._client, run.run_id, row)
            run.failed = row.measured is None
        return row

    def _try(self, candidate: Candidate, on_fold: Progress) -> Row:
        if missing := candidate.missing_package:
            return Row(candidate, failure=f"{missing} is not installed. {INSTALL}")
        try:
            return Row(candidate, self._measure(candidate, on_fold))
        except Exception as error:  # any failure of a library's is a row, and the others go on
            if _is_interrupt(error):
                raise KeyboardInterrupt from error
            reason = shorten(str(error)) or type(error).__name__
            if candidate.is_served:
                raise TrainingImpossible(
                    f"The served model, which all are set against, cannot be fitted: {reason}"
                ) from error
            return Row(candidate, failure=f"failed: {reason}")

    def _measure(self, candidate: Candidate, on_fold: Progress) -> Measured:
        who, costs, seed = self._population, self._order.costs, self._order.fit.seed
        prediction = predict_out_of_fold(candidate, who, self._order.fit, on_fold)
        refused, threshold = decide_by_other_folds(who.defaulted, prediction.pd, who.folds, costs)
        figures = judge(who.defaulted, prediction.pd, refused, threshold, costs)
        drawn = draw_figures(who.defaulted, prediction.pd, refused, costs, seed=seed)
        if self._served is None:
            self._served = drawn
            return Measured(figures, prediction)
        return Measured(figures, prediction, compare_drawn(drawn, self._served))


def _read_population(order: ComparisonOrder, say: Say) -> Population:
    """Return features, outcomes and folds as training would have them."""
    with open_tables(order.data, memory_limit=order.memory_limit) as tables:
        say("Computing features")
        matrix = build_matrix(tables, TRAINING_TABLE, build_histories(tables))
    if matrix.defaulted is None:
        raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET, so nothing can be judged.")
    folds = assign_folds(matrix.defaulted, order.fit.seed)
    say("Looking for columns that know the outcome")
    require_no_leak(
        matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES, order.fit.threads
    )
    names = find_varying(matrix.features, FEATURE_NAMES)
    features = take_columns(matrix.features, names)
    return Population(features, matrix.defaulted, folds, Columns.of(names))


def _list_settings(order: ComparisonOrder, population: Population) -> dict[str, object]:
    clients, features = population.features.shape
    return {
        "clients": clients,
        "features": features,
        "folds": FOLDS,
        "seed": order.fit.seed,
        "full": order.full,
        "models": ", ".join(order.models) or "all",
        "false_negative_cost": order.costs.false_negative,
        "false_positive_cost": order.costs.false_positive,
    }


def _name_best(comparison: Comparison) -> dict[str, str]:
    measured = [row for row in comparison.rows if row.measured]
    best = max(measured, key=lambda row: row.measured.figures.auc if row.measured else 0.0)
    return {
        "served": comparison.served.candidate.name,
        "best_by_auc": best.candidate.name,
        "best_by_cost": measured[0].candidate.name,
    }


def _describe(row: Row) -> str:
    if row.measured is None:
        return f"{row.candidate.name}: {row.failure}"
    figures, prediction = row.measured.figures, row.measured.prediction
    return (
        f"{row.candidate.name}: AUC {figures.auc:.4f}, cost {figures.cost:.4f}, "
        f"fitted in {prediction.fit_s:.1f} s"
    )


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether a library made its own error of a Ctrl-C."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
