"""A candidate's out-of-fold probabilities, what they took, and what its library had to say."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from credit.cost import Flags, Probabilities
from training.comparison.candidates import Candidate, build_model
from training.comparison.early_stopping import EarlyStopped, Features
from training.comparison.preparation import Columns
from training.fitting import FOLDS, FitSettings, Progress

LONGEST_NOTE = 160


@dataclass(frozen=True, slots=True)
class Population:
    """Who all candidates are judged on.

    Attributes:
        features: Shape (n, features).
        defaulted: Shape (n,).
        folds: The fold each client is left out of, shape (n,).
        columns: What the features are.
    """

    features: Features
    defaulted: Flags
    folds: NDArray[np.int8]
    columns: Columns


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a candidate says of clients it has not seen.

    Attributes:
        pd: Shape (n,).
        fit_s: Seconds of all folds' fits.
        fit_cpu_s: The same in seconds of processor time, of all threads.
        predict_s: Seconds to predict every client once.
        fitted_on: Clients of a fold's fit, and of how many.
        rounds: Trees or epochs of each fold; empty where a model does not grow.
        notes: What the library warned of, each once.
    """

    pd: Probabilities
    fit_s: float
    fit_cpu_s: float
    predict_s: float
    fitted_on: tuple[int, int]
    rounds: tuple[int, ...]
    notes: tuple[str, ...]


def predict_out_of_fold(
    candidate: Candidate,
    population: Population,
    settings: FitSettings,
    on_fold: Progress | None = None,
) -> Prediction:
    """Return the candidate's out-of-fold probabilities; each fold's model begins anew.

    Raises:
        ValueError: If the model gives what is no probability.
    """
    pd = np.empty(len(population.defaulted))
    fit_s = fit_cpu_s = predict_s = 0.0
    rounds: list[int] = []
    with _taking_notes() as notes:
        for fold in range(FOLDS):
            left_out = np.flatnonzero(population.folds == fold)
            rest = np.flatnonzero(population.folds != fold)
            fitted = _draw_clients(rest, population.defaulted, candidate.clients_max, settings.seed)
            model = build_model(candidate, population.columns, settings)
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            model.fit(population.features[fitted], population.defaulted[fitted])
            fitted_s = time.perf_counter()
            fit_s += fitted_s - started_s
            fit_cpu_s += time.process_time() - started_cpu_s
            pd[left_out] = model.predict(population.features[left_out])
            predict_s += time.perf_counter() - fitted_s
            if isinstance(estimator := model.pipeline[-1], EarlyStopped):
                rounds.append(estimator.learned_.rounds)
            if on_fold:
                on_fold(fold + 1, FOLDS)
    if not np.all((pd >= 0) & (pd <= 1)):  # also catches NaN
        raise ValueError("it gives what is no probability")
    told = tuple(dict.fromkeys(notes))
    of = (len(fitted), len(rest))
    return Prediction(pd, fit_s, fit_cpu_s, predict_s, of, tuple(rounds), told)


def shorten(message: str) -> str:
    """Return the message's first sentence or line, no longer than a table bears."""
    line = " ".join(message.strip().split("\n", 1)[0].split())
    return line if len(line) <= LONGEST_NOTE else f"{line[: LONGEST_NOTE - 1]}…"


def _draw_clients(
    rest: NDArray[np.intp], defaulted: Flags, clients_max: int | None, seed: int
) -> NDArray[np.intp]:
    if clients_max is None or clients_max >= len(rest):
        return rest
    drawn, _ = train_test_split(
        rest, train_size=clients_max, stratify=defaulted[rest], random_state=seed
    )
    return np.sort(drawn)


class _Notes(logging.Handler):
    def __init__(self, notes: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._notes = notes

    def emit(self, record: logging.LogRecord) -> None:
        self._notes.append(shorten(record.getMessage()))


@contextmanager
def _taking_notes() -> Iterator[list[str]]:
    """Give the list that warnings, and our own log's, end in, instead of the terminal."""
    notes: list[str] = []
    logger = logging.getLogger("credit.training")
    handler = _Notes(notes)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for of_code in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", of_code)  # nothing that this model did
            yield notes
        notes.extend(
            f"{warning.category.__name__}: {shorten(str(warning.message))}" for warning in caught
        )
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated
