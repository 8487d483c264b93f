"""The work of `credit tune`: from tables to a file of parameters, and why those."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from optuna.trial import TrialState

from credit.cost import CostMatrix
from training.evidence.section import Section
from training.fitting import FitSettings
from training.telling import Say, Track
from training.tracking import prepare_tracking
from training.tuning.best_parameters import (
    TunedFamily,
    read_best_parameters,
    write_best_parameters,
)
from training.tuning.confirmation import (
    choose_confirmed,
    confirm,
    round_numbers,
)
from training.tuning.families import FAMILIES, BoostedFamily, GridFamily
from training.tuning.family_name import FamilyName
from training.tuning.grid import search_grid
from training.tuning.problem import Problem, read_problem
from training.tuning.report import describe_grid, describe_study
from training.tuning.run_log import log_search
from training.tuning.space import Numbers, Parameters
from training.tuning.study import StudyOrder, run_study

FINALISTS = 3
"""As many of the best trials are judged again."""
OTHER_SEEDS = (1, 2)
"""How far the seeds of the folds they are judged on lie from the study's."""


@dataclass(frozen=True, slots=True)
class TuningOrder:
    """What to tune, on what, and where the results go.

    Attributes:
        data: Folder, or Kaggle's zip, of the tables.
        family: What is tuned.
        out: File of the parameters; what it holds of other families stays.
        study: SQLite file of the study; a grid needs none.
        tracking_uri: MLflow's database or server.
        trials: Trials the study is to have in all.
        timeout_s: Seconds after which no further trial begins; None: any.
        costs: Prices of mistakes, for the figures that are told.
        memory_limit: Memory the table engine may use, such as ``4GB``.
        fit: Of folds, stopping and seeds.
    """

    data: Path
    family: FamilyName
    out: Path
    study: Path
    tracking_uri: str
    trials: int
    timeout_s: float | None = None
    costs: CostMatrix = CostMatrix()
    memory_limit: str | None = None
    fit: FitSettings = FitSettings()


@dataclass(frozen=True, slots=True)
class _Found:
    """What a search gives, of whatever method."""

    parameters: Parameters
    incumbent_stays: bool
    trials: int
    pruned: int
    seeds: tuple[int, ...]
    log_loss: float
    auc: float
    cost: float
    section: Section


def tune(order: TuningOrder, say: Say, track: Track) -> TunedFamily:
    """Return, write and log the best parameters of a family.

    Raises:
        CreditError: As `training.pipeline.train`, of the tables, too few clients, a leak, MLflow.
        TuningUnusable: If the study's file, or the one to write to, is something else.
    """
    best = read_best_parameters(order.out if order.out.exists() else None)
    in_force = read_best_parameters().families.get(order.family)
    prepare_tracking(order.tracking_uri)
    problem = read_problem(order.data, order.costs, say, order.memory_limit, order.fit.threads)
    clients, features = problem.features.shape
    say(f"Tuning {order.family.value} on {clients:,} clients, {features} features")
    family = FAMILIES[order.family]
    if isinstance(family, GridFamily):
        found = _search_grid(problem, family, order)
    else:
        known = None if in_force is None else in_force.parameters
        found = _search_study(problem, family, known, order, say, track)
    tuned = TunedFamily(
        parameters=dict(found.parameters),
        method=family.method.value,
        objective="log_loss",
        incumbent_stays=found.incumbent_stays,
        trials=found.trials,
        pruned=found.pruned,
        seed=order.fit.seed,
        judged_on_seeds=found.seeds,
        log_loss=found.log_loss,
        auc=found.auc,
        cost=found.cost,
        clients=clients,
        features=features,
        fingerprint=problem.fingerprint,
        tuned_at=datetime.now(UTC).replace(microsecond=0),
        sources=dict(problem.sources),
    )
    best = best.replace_family(order.family, tuned)
    say("Logging the search in MLflow")
    log_search(
        order.family, tuned, found.section, best.model_dump_json(indent=1), order.tracking_uri
    )
    write_best_parameters(best, order.out)
    say(found.section.text)
    return tuned


def _search_study(
    problem: Problem,
    family: BoostedFamily,
    known: Parameters | None,
    order: TuningOrder,
    say: Say,
    track: Track,
) -> _Found:
    incumbent = dict(family.start) if known is None else _take_numbers(known)
    study = run_study(
        problem,
        family,
        incumbent,
        StudyOrder(order.study, order.trials, order.timeout_s, order.fit),
        say,
        track,
    )
    finalists = [
        round_numbers({**trial.params, **family.fixed}) for trial in study.completed[:FINALISTS]
    ]
    seeds = tuple(order.fit.seed + step for step in OTHER_SEEDS)
    say(f"Judging the best {len(finalists)} again on folds of other seeds, beside the incumbent")
    confirmed = confirm(problem, family, [incumbent, *finalists], order.fit, seeds, track)
    chosen = choose_confirmed(confirmed)
    return _Found(
        parameters=chosen.parameters,
        incumbent_stays=chosen is confirmed[0],
        trials=len(study.trials),
        pruned=sum(trial.state is TrialState.PRUNED for trial in study.trials),
        seeds=seeds,
        log_loss=chosen.log_loss,
        auc=chosen.auc,
        cost=chosen.cost,
        section=describe_study(study, confirmed, chosen),
    )


def _search_grid(problem: Problem, family: GridFamily, order: TuningOrder) -> _Found:
    found = search_grid(problem, family, order.fit.seed)
    return _Found(
        parameters=found.cells[0].parameters,
        incumbent_stays=False,
        trials=len(found.cells),
        pruned=0,
        seeds=(order.fit.seed,),
        log_loss=found.log_loss,
        auc=found.auc,
        cost=found.cost,
        section=describe_grid(found),
    )


def _take_numbers(parameters: Parameters) -> Numbers:
    return {name: value for name, value in parameters.items() if isinstance(value, int | float)}
