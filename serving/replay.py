"""Computes a logged decision again, from what the log says, and compares every bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.bundle import Bundle
from credit.contract import APPLICATION_COLUMNS
from credit.decision import name_decision, refuse
from credit.errors import ReplayFailed
from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from credit.features.feature import CLIENT
from serving.case import Case, RequestFacts
from serving.case_features import compute_features
from serving.data_quality import describe_quality
from serving.decision_log import Decision
from serving.history_store import HistoryStore
from serving.log_writer import hash_features
from serving.row_model import Cell

NOBODY = 0
"""Stands for the client, whom the log does not name; no feature knows who it is."""

Predict = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision computed again.

    Attributes:
        logged: The row of the log.
        features: What the model is given, float32 of shape (features,).
        features_sha256: Of the features.
        probability: What the model says.
        decision: What follows.
    """

    logged: Decision
    features: NDArray[np.float32]
    features_sha256: str
    probability: float
    decision: str

    @property
    def differences(self) -> tuple[str, ...]:
        """What is not, to the last bit, what the log says."""
        computed = {
            "features_sha256": self.features_sha256,
            "probability": self.probability,
            "decision": self.decision,
        }
        return tuple(
            f"{name} {self.logged[name]} is now {found}"
            for name, found in computed.items()
            if self.logged[name] != found
        )


def replay(logged: Decision, bundle: Bundle, predict: Predict) -> Replay:
    """Return the decision, computed again by this code and the model that made it.

    Args:
        logged: A row of the log.
        bundle: The facts of the model.
        predict: The model: probabilities of default, shape (n,), of the catalog's features.

    Raises:
        ReplayFailed: If the model or the code is another than the one that decided.
    """
    _require_same(logged, bundle)
    features, _ = compute_features([_restore(logged)], HistoryStore.empty())
    pd = predict(features)
    refused = refuse(pd, logged["threshold"])
    return Replay(
        logged,
        features[0],
        hash_features(features[0]),
        float(pd[0]),
        name_decision(refused=bool(refused[0])),
    )


def _require_same(logged: Decision, bundle: Bundle) -> None:
    if logged["bundle_digest"] != bundle.compute_digest():
        raise ReplayFailed(
            f"The decision was made by version {logged['model_version']} of another registry, or "
            "before it was changed: its model file, threshold or facts differ. Set BENTOML_HOME to "
            "the store that served it."
        )
    if logged["fingerprint"] != bundle.fingerprint:
        raise ReplayFailed(
            f"The log says fingerprint {logged['fingerprint']}, the model {bundle.fingerprint}: "
            "the row was changed."
        )


def _restore(logged: Decision) -> Case:
    inputs: dict[str, Cell] = json.loads(logged["inputs"])
    cells = {column.name: inputs.get(column.name) for column in APPLICATION_COLUMNS}
    cells[CLIENT] = NOBODY
    facts = RequestFacts(logged["request_id"], logged["route"], 0.0)
    quality = describe_quality(cells, cells)
    return Case(cells, _restore_history(logged), quality, logged["threshold"], facts)


def _restore_history(logged: Decision) -> NDArray[np.float32]:
    history = logged["history"]
    if history is None:
        nothing: NDArray[np.float32] = empty_history(1)[0]
        return nothing
    restored: NDArray[np.float32] = np.frombuffer(history, np.float32)
    if restored.shape != (len(HISTORY_FEATURE_NAMES),):
        raise ReplayFailed(
            f"The log holds {restored.size} history features, this code has "
            f"{len(HISTORY_FEATURE_NAMES)}. Replay it with the code that decided."
        )
    return restored
