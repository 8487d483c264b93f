"""A family that is judged in no time, and clients to judge it on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.cost import CostMatrix, Flags, Probabilities
from training.fitting import FitSettings
from training.tuning.families import LIGHTGBM, XGBOOST, BoostedFamily
from training.tuning.family_name import FamilyName
from training.tuning.problem import Problem
from training.tuning.space import Span

DEFAULT_RATE = 0.25


@dataclass(frozen=True)
class Guess:
    """Says `rate` of everyone, moved by the first feature as far as `slope` has it."""

    rate: float
    slope: float
    rounds: int = 1

    def predict(self, features: NDArray[np.float32]) -> Probabilities:
        odds = np.log(self.rate / (1 - self.rate)) + self.slope * (features[:, 0] - 0.5)
        return np.asarray(1 / (1 + np.exp(-odds)), np.float64)


def guess(_features: NDArray[np.float32], _defaulted: Flags, settings: FitSettings) -> Guess:
    parameters = dict(settings.parameters)
    return Guess(parameters["rate"], parameters["slope"])


@pytest.fixture
def family() -> BoostedFamily:
    """A family whose log loss is least at a rate of a quarter and a slope of one."""
    return BoostedFamily(
        FamilyName.XGBOOST,
        space={"rate": Span(0.01, 0.9)},
        fixed={"slope": 1.0},
        start={"rate": 0.4, "slope": 1.0},
        fit=guess,
        find_version=lambda: "1.0",
    )


@pytest.fixture(params=[XGBOOST, LIGHTGBM], ids=lambda family: family.name)
def boosted(request: pytest.FixtureRequest) -> BoostedFamily:
    """A real family whose trees grow on few clients."""
    own: BoostedFamily = request.param
    eager = {"min_child_weight": 1, "min_child_samples": 5, "colsample_bytree": 1, "reg_lambda": 1}
    start = {name: eager.get(name, value) for name, value in own.start.items()}
    return replace(own, start=start)


@pytest.fixture
def problem() -> Problem:
    """Clients of whom the first feature tells something."""
    return make_problem()


def make_problem(clients: int = 500, seed: int = 3) -> Problem:
    generator = np.random.default_rng(seed)
    defaulted = generator.permutation(np.arange(clients) < DEFAULT_RATE * clients)
    features = generator.normal(size=(clients, 6)).astype(np.float32)
    features[:, 0] += defaulted
    features[generator.random(features.shape) < 0.05] = np.nan
    features[:, 0] = np.nan_to_num(features[:, 0])
    sources = {"application_train": "0" * 64}
    return Problem(features, tuple("abcdef"), defaulted, CostMatrix(), "some code", sources)


@pytest.fixture
def other_problem(problem: Problem) -> Problem:
    """The same, by its facts of other tables."""
    return replace(problem, sources={"application_train": "1" * 64})
