"""What the Bento's model says without the service: the other side of the comparison."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bentoml
import numpy as np

from credit.bundle import STORED_MODEL_FILE, Bundle, compute_fingerprint
from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from credit.prediction import find_columns, predict_pd
from loadtests.applicants import make_questions
from serving.booster import load_booster
from serving.history_store import HistoryStore

Applicant = dict[str, Any]

APPLICATION = TABLES["application_test"]
SEED = 5


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the container has to say.

    Attributes:
        model_tag: The model that the Bento is pinned to.
        bundle: What was published with it.
        applicants: Who is asked about.
        pd: Their probabilities of default, in their order.
    """

    model_tag: str
    bundle: Bundle
    applicants: Sequence[Applicant]
    pd: Sequence[float]


def expect(bento: bentoml.Bento, history_store: Path | None, applicants: int) -> Expectation:
    """Return what the Bento's model says of some applicants who do not exist.

    Raises:
        FingerprintMismatch: If the Bento was built from other feature code than this checkout's.
    """
    (tag,) = {str(model.tag) for model in bento.info.all_models}
    model = bentoml.models.get(tag)
    bundle = Bundle.from_metadata(model.info.metadata)
    bundle.require_fingerprint(compute_fingerprint())
    booster = load_booster(Path(model.path_of(STORED_MODEL_FILE)))
    rows = make_applicants(applicants)
    cells = {name: [row.get(name) for row in rows] for name in APPLICATION.column_names}
    columns = encode_columns(APPLICATION, cells)
    store = (
        HistoryStore.empty()
        if history_store is None
        else HistoryStore.open(history_store, compute_fingerprint())
    )
    histories = store.lookup(columns["SK_ID_CURR"].astype(np.int64)).features
    features = assemble_features(compute_application_features(columns), histories)
    pd = predict_pd(booster, features, find_columns(booster))
    return Expectation(tag, bundle, rows, pd.tolist())


def make_applicants(number: int) -> list[Applicant]:
    """Return applicants who keep the contract."""
    return [json.loads(question.body)["data"] for question in make_questions(number, SEED)]
