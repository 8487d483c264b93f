from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES
from serving.case_features import compute_features
from serving.coverage import Coverage
from serving.decider import Decider
from serving.history_store import HistoryStore
from tests.cases import answer_with, make_case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit.bundle import Bundle

CREDIT = FEATURE_NAMES.index("AMT_CREDIT")


async def predict_from_credit(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the loan in millions as if it were a probability."""
    return features[:, CREDIT].astype(np.float64) / 1_000_000


def make_store(client: int) -> HistoryStore:
    features = np.full((1, len(HISTORY_FEATURE_NAMES)), 7, np.float32)
    return HistoryStore(np.array([client], np.int64), features)


def test_verdicts_come_in_the_order_of_the_cases(bundle: Bundle, applicant: dict[str, Any]) -> None:
    cases = [
        make_case(applicant | {"SK_ID_CURR": client, "AMT_CREDIT": 250_000 * client}, threshold=0.6)
        for client in (3, 1, 2)
    ]

    verdicts = asyncio.run(
        Decider(make_store(1), answer_with(predict_from_credit), bundle).decide(cases)
    )

    assert [verdict.pd for verdict in verdicts] == [0.75, 0.25, 0.5]
    assert [verdict.refused for verdict in verdicts] == [True, False, False]
    assert [verdict.coverage.history for verdict in verdicts] == ["none", "store", "none"]


def test_every_case_is_decided_by_its_own_threshold(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    row = applicant | {"AMT_CREDIT": 500_000}
    cases = [make_case(row, threshold=threshold) for threshold in (0.4, 0.5, 0.6)]

    verdicts = asyncio.run(
        Decider(HistoryStore.empty(), answer_with(predict_from_credit), bundle).decide(cases)
    )

    assert [verdict.refused for verdict in verdicts] == [True, True, False]


def test_a_history_that_came_along_goes_before_the_stores(
    bundle: Bundle, applicant: dict[str, Any]
) -> None:
    history = np.zeros(len(HISTORY_FEATURE_NAMES), np.float32)
    history[HISTORY_FEATURE_NAMES.index("bureau_has_history")] = 1

    (verdict,) = asyncio.run(
        Decider(make_store(100_002), answer_with(predict_from_credit), bundle).decide(
            [make_case(applicant | {"AMT_CREDIT": 500_000}, history=history)]
        )
    )

    assert verdict.coverage == Coverage(history="request", tables=["bureau"])
    np.testing.assert_array_equal(verdict.history, history)


def test_the_models_input_holds_application_and_history(applicant: dict[str, Any]) -> None:
    features, sources = compute_features([make_case(applicant)], make_store(100_002))

    assert features.shape == (1, len(FEATURE_NAMES))
    assert features.dtype == np.float32
    assert features[0, CREDIT] == np.float32(406_597.5)
    assert (features[0, -len(HISTORY_FEATURE_NAMES) :] == 7).all()
    assert sources == ["store"]


def test_an_applicant_has_the_same_features_alone_and_among_others(
    applicant: dict[str, Any],
) -> None:
    store = make_store(100_002)
    rows = [
        make_case(applicant | {"SK_ID_CURR": 100_000 + number, "AMT_CREDIT": 90_001.5 + number})
        for number in range(20)
    ]

    together, _ = compute_features(rows, store)

    for row, features in zip(rows, together, strict=True):
        np.testing.assert_array_equal(compute_features([row], store)[0][0], features)
