"""The search by Optuna: a study in an SQLite file, which goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import TuningUnusable
from training.fitting import FitSettings
from training.telling import Say, Track
from training.tuning.families import BoostedFamily
from training.tuning.judging import Judged, judge
from training.tuning.problem import Problem
from training.tuning.reservation import reserved
from training.tuning.space import Numbers, describe_space

PRUNED_AT = 0.15
"""Worse than the best so far on each of three folds has, by luck alone, a chance of an eighth."""
STARTUP_TRIALS = 10
FEWEST_TO_EXPLAIN = 10
_INCUMBENT = "incumbent_fold_losses"


@dataclass(frozen=True, slots=True)
class StudyOrder:
    """How to search.

    Attributes:
        file: SQLite file of the study.
        trials: Trials the study is to have in all, those of earlier calls among them.
        timeout_s: Seconds after which no further trial begins; None: any.
        fit: Of folds, stopping and seeds; its parameters are what is searched.
    """

    file: Path
    trials: int
    timeout_s: float | None = None
    fit: FitSettings = FitSettings()


@dataclass(frozen=True, slots=True)
class FinishedStudy:
    """What a search has found.

    Attributes:
        name: Of the study, in its file.
        incumbent_loss: Mean out-of-fold log loss of the setting to be better than.
        trials: All that ended well or were given up, in order.
        importances: What part of the variation of the loss each parameter explains; empty where
            too few trials were completed.
    """

    name: str
    incumbent_loss: float
    trials: tuple[FrozenTrial, ...]
    importances: dict[str, float]

    @property
    def completed(self) -> list[FrozenTrial]:
        """Trials judged on all folds, the best first."""
        done = [trial for trial in self.trials if trial.state is TrialState.COMPLETE]
        return sorted(done, key=lambda trial: (trial.value or 0.0, trial.number))


def run_study(
    problem: Problem,
    family: BoostedFamily,
    incumbent: Numbers,
    order: StudyOrder,
    say: Say,
    track: Track,
) -> FinishedStudy:
    """Return the study when it has as many trials as ordered, or its time is over.

    A trial's loss on a fold is reported less that of the incumbent on the same fold, since folds
    are not equally hard; a trial that is worse than the best so far is given up after three. Each
    trial draws by its own seed, so that a study that was interrupted ends as one that was not.

    Raises:
        TuningUnusable: If the file is no study's, or is not to be had for this process alone.
        TrainingImpossible: If there are too few clients of a class, or no such library.
    """
    name = name_study(problem, family, incumbent, order.fit)
    ends_s = time.monotonic() + (np.inf if order.timeout_s is None else order.timeout_s)
    with reserved(order.file), _opened(order.file, name) as study:
        _give_up_stale(study)
        done = len(_list_finished(study))
        say(
            f"Going on with study {name} in {order.file}, {done} of {order.trials} trials done"
            if done
            else f"Study {name} in {order.file}"
        )
        losses = _judge_incumbent(study, problem, family, incumbent, order.fit)
        while done < order.trials and (not done or time.monotonic() < ends_s):
            _try_next(study, problem, family, losses, order.fit, done)
            done += 1
            track("Trials", done, order.trials)
        trials = tuple(_list_finished(study))
    return FinishedStudy(name, float(np.mean(losses)), trials, _find_importances(trials))


def name_study(
    problem: Problem, family: BoostedFamily, incumbent: Numbers, fit: FitSettings
) -> str:
    """Return a name that other data, features, spaces, folds, prices or versions do not share.

    Raises:
        TrainingImpossible: If the family's library is not installed.
    """
    facts = {
        "sources": dict(problem.sources),
        "fingerprint": problem.fingerprint,
        "space": describe_space(family.space),
        "fixed": dict(family.fixed),
        "version": family.find_version(),
        "costs": asdict(problem.costs),
        "incumbent": dict(incumbent),
        "fit": {key: value for key, value in asdict(fit).items() if key not in _INDIFFERENT},
    }
    text = json.dumps(facts, sort_keys=True)
    return f"{family.name.value}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


_INDIFFERENT = ("parameters", "threads")


@contextmanager
def _opened(file: Path, name: str) -> Iterator[optuna.Study]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        pruner = optuna.pruners.WilcoxonPruner(p_threshold=PRUNED_AT)
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{quote(str(file))}")
    except (SQLAlchemyError, RuntimeError) as error:
        reason = str(error).partition("\n")[0].strip(" .")
        raise TuningUnusable(
            f"{file} is no file of studies that Optuna {optuna.__version__} can use: {reason}. "
            "Name another with --study."
        ) from None
    try:
        yield optuna.create_study(
            storage=storage, study_name=name, pruner=pruner, load_if_exists=True
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _give_up_stale(study: optuna.Study) -> None:
    """Close trials that a process left open when it ended: nobody else is at the study."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)


def _list_finished(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _judge_incumbent(
    study: optuna.Study,
    problem: Problem,
    family: BoostedFamily,
    incumbent: Numbers,
    fit: FitSettings,
) -> list[float]:
    if _INCUMBENT not in study.user_attrs:
        judged = judge(problem, family, incumbent, fit)
        study.set_user_attr(_INCUMBENT, list(judged.fold_losses))
    return [float(loss) for loss in study.user_attrs[_INCUMBENT]]


def _try_next(
    study: optuna.Study,
    problem: Problem,
    family: BoostedFamily,
    incumbent_losses: list[float],
    fit: FitSettings,
    done: int,
) -> None:
    study.sampler = optuna.samplers.TPESampler(
        seed=fit.seed * 100_003 + done, n_startup_trials=STARTUP_TRIALS, multivariate=True
    )
    trial = study.ask({name: span.to_distribution() for name, span in family.space.items()})

    def report(fold: int, loss: float) -> None:
        trial.report(loss - incumbent_losses[fold], fold)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        judged = judge(problem, family, {**trial.params, **family.fixed}, fit, report)
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
        return
    _keep_figures(trial, judged)
    study.tell(trial, judged.log_loss)


def _keep_figures(trial: Trial, judged: Judged) -> None:
    for name in ("auc", "cost", "rounds", "cpu_s"):
        trial.set_user_attr(name, getattr(judged, name))


def _find_importances(trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Return fANOVA's importances; of few trials none.

    What is explained is the mean loss less the incumbent's on the folds that a trial was judged on,
    so that those that were given up count too: without them only good settings would be looked at.
    """
    if len(trials) < FEWEST_TO_EXPLAIN:
        return {}
    judged = optuna.create_study(storage=optuna.storages.InMemoryStorage())
    for trial in trials:
        gain = float(np.mean(list(trial.intermediate_values.values())))
        judged.add_trial(
            optuna.trial.create_trial(
                params=trial.params, distributions=trial.distributions, value=gain
            )
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    importances = optuna.importance.get_param_importances(judged, evaluator=evaluator)
    return {name: float(share) for name, share in importances.items()}
