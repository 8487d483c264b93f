"""No skew: what the model is given online is, to the last bit, what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.bundle import compute_fingerprint
from credit.features.catalog import FEATURE_NAMES
from serving.case_features import compute_features
from serving.history_store import HistoryStore
from tests.cases import make_case
from training.feature_matrix import build_matrix
from training.histories import build_histories
from training.store_writing import write_history_store
from training.tables import Tables, open_tables

Features = NDArray[np.float32]

POPULATIONS = ("application_train", "application_test")
REAL_CLIENTS_OF_A_TABLE = 400


@dataclass(frozen=True)
class Offline:
    """Some clients as the tables hold them and as training sees them, and the store it wrote.

    Attributes:
        requests: Each client's application as JSON text.
        features: Shape (clients, features).
        store: The history store's file.
    """

    requests: list[str]
    features: Features
    store: Path


Prepare = Callable[[Path, int | None], Offline]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Computes features as training does, of so many clients of each population."""

    def compute(data: Path, clients: int | None) -> Offline:
        store = tmp_path / "history.arrow"
        requests: list[str] = []
        features = []
        with open_tables(data) as tables:
            histories = build_histories(tables)
            write_history_store(histories, store, {})
            for population in POPULATIONS:
                matrix = build_matrix(tables, population, histories)
                chosen = spread(len(matrix.clients), clients)
                asked = matrix.clients[chosen].tolist()
                applications = read_applications(tables, population, asked)
                requests += [json.dumps(applications[client]) for client in asked]
                features.append(matrix.features[chosen])
        return Offline(requests, np.concatenate(features), store)

    return compute


def spread(count: int, wanted: int | None) -> NDArray[np.int64]:
    """Return the numbers of rows that lie evenly over all of them."""
    return np.arange(count) if wanted is None else np.linspace(0, count - 1, wanted).astype(int)


def read_applications(
    tables: Tables, population: str, clients: list[int]
) -> dict[int, dict[str, Any]]:
    """Return the clients' applications as the table holds them, not as training encodes them."""
    relation = tables.relation(population).filter(f"SK_ID_CURR IN {tuple(clients)}")
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    return {
        row["SK_ID_CURR"]: {name: cell for name, cell in row.items() if name != "TARGET"}
        for row in rows
    }


def compare(offline: Features, online: Features, how: str) -> None:
    """Return if the bits are the same; whatever is missing is missing in both."""
    assert online.dtype == offline.dtype == np.float32
    assert online.shape == offline.shape
    same_bits = online.view(np.uint32) == offline.view(np.uint32)
    skewed = ~(same_bits | (np.isnan(online) & np.isnan(offline)))
    told = [
        f"{FEATURE_NAMES[column]} of request {row}: "
        f"offline {offline[row, column]!r}, online {online[row, column]!r}"
        for row, column in np.argwhere(skewed)[:20]
    ]
    assert not told, f"{int(skewed.sum())} cells are skewed {how}:\n" + "\n".join(told)


def require_no_skew(offline: Offline) -> NDArray[np.bool_]:
    """Return whose history was found, if online and offline features are the same."""
    store = HistoryStore.open(offline.store, compute_fingerprint())
    cases = [make_case(json.loads(text)) for text in offline.requests]
    together, sources = compute_features(cases, store)
    alone = [compute_features([case], store)[0] for case in cases]

    compare(offline.features, together, "in one batch")
    compare(offline.features, np.concatenate(alone), "one applicant at a time")
    return np.array([source == "store" for source in sources])


def test_demo_clients_have_the_same_features_online_and_offline(
    few_clients: Path, prepare: Prepare
) -> None:
    found = require_no_skew(prepare(few_clients, None))

    assert 0 < np.count_nonzero(found) < len(found)


@pytest.mark.real
def test_real_clients_have_the_same_features_online_and_offline(
    real_tables: Path, prepare: Prepare
) -> None:
    found = require_no_skew(prepare(real_tables / "relational", REAL_CLIENTS_OF_A_TABLE))

    assert len(found) == 2 * REAL_CLIENTS_OF_A_TABLE
    assert 0 < np.count_nonzero(found) < len(found)


@pytest.mark.real
def test_real_clients_without_history_tables_have_the_same_features_online_and_offline(
    real_tables: Path, prepare: Prepare
) -> None:
    found = require_no_skew(prepare(real_tables / "application", REAL_CLIENTS_OF_A_TABLE))

    assert len(found) == 2 * REAL_CLIENTS_OF_A_TABLE
    assert not found.any()
