"""Whether the clients a model is applied to are like those it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS, Kind
from credit.cost import Probabilities
from credit.drift import LARGE, NOTABLE, Drift, compare_columns
from training.evidence.adversarial import Adversary, tell_apart

Features = NDArray[np.float32]

_CATEGORIES = {column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY}


@dataclass(frozen=True, slots=True)
class Population:
    """Clients as the model sees them.

    Attributes:
        features: Shape (n, columns of the model).
        pd: Probabilities by a model that has not seen the client, shape (n,).
    """

    features: Features
    pd: Probabilities


@dataclass(frozen=True, slots=True)
class Stability:
    """How application_test differs from application_train.

    Attributes:
        train: Clients of application_train.
        test: Clients of application_test.
        score: How far the PD lies apart.
        features: The same of each feature, the largest index first.
        adversary: The model that tells them apart; None if there are too few clients.
        pd_train: Out-of-fold PD, shape (train,).
        pd_test: The final model's PD, shape (test,).
    """

    train: int
    test: int
    score: Drift
    features: dict[str, Drift]
    adversary: Adversary | None
    pd_train: Probabilities
    pd_test: Probabilities

    def find_drifted(self, above: float = NOTABLE) -> tuple[str, ...]:
        """Return the features that reach an index, the largest first."""
        return tuple(name for name, drift in self.features.items() if drift.reaches(above))

    def to_metrics(self) -> dict[str, float]:
        """Return the figures as flat numbers."""
        indices = [drift.psi for drift in self.features.values()]
        metrics = {
            "stability_score_psi": self.score.psi,
            "stability_largest_psi": max(indices, default=0.0),
            "stability_notable_features": float(len(self.find_drifted(NOTABLE))),
            "stability_large_features": float(len(self.find_drifted(LARGE))),
        }
        if self.adversary:
            metrics["stability_adversarial_auc"] = self.adversary.auc.value
        return metrics


def measure_stability(
    train: Population,
    test: Population,
    names: tuple[str, ...],
    seed: int = 0,
    threads: int = 0,
) -> Stability | None:
    """Return how far the clients of application_test lie from those of application_train.

    The score is compared as clients get it who are new to the model: out-of-fold PD on one side,
    the final model's PD on the other. The final model's PD of its own training clients would not
    do: it has seen them and is surer of them, which adds to a drift or hides one. What remains is
    that the final model is fitted on a quarter more clients than those of the folds; a fold's own
    model on both sides gave the same index (docs/adr/0019).

    Args:
        train: Clients the model was fitted on, their PD out of fold.
        test: Clients it was not fitted on, their PD by the final model.
        names: Of the model's columns.
        seed: Of samples, folds and draws.
        threads: Cores to use; 0: all.

    Returns:
        None if application_test is there and has no rows.
    """
    if not len(test.pd):
        return None
    return Stability(
        train=len(train.pd),
        test=len(test.pd),
        score=measure_drift(train.pd[:, None], test.pd[:, None], ("pd",))["pd"],
        features=measure_drift(train.features, test.features, names),
        adversary=tell_apart(train.features, test.features, names, seed, threads),
        pd_train=train.pd,
        pd_test=test.pd,
    )


def measure_drift(
    reference: NDArray[np.floating[Any]],
    current: NDArray[np.floating[Any]],
    names: tuple[str, ...],
) -> dict[str, Drift]:
    """Return how far each column lies apart by name, the largest index first."""
    categorical = np.array([name in _CATEGORIES for name in names], np.bool_)
    drifts = compare_columns(reference, current, categorical, len(names))
    named = zip(names, drifts, strict=True)
    return dict(sorted(named, key=lambda each: each[1].psi, reverse=True))
