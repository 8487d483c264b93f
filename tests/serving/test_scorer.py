from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES
from serving.applicant import check_applicant
from serving.history_store import HistoryStore
from serving.scorer import CheckedApplicant, Score, Scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

CREDIT = FEATURE_NAMES.index("AMT_CREDIT")


async def predict_from_credit(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the loan in millions as if it were a probability."""
    return features[:, CREDIT].astype(np.float64) / 1_000_000


def make_store(client: int) -> HistoryStore:
    features = np.full((1, len(HISTORY_FEATURE_NAMES)), 7, np.float32)
    return HistoryStore(np.array([client], np.int64), features)


def test_scores_come_in_the_order_of_the_applicants(applicant: dict[str, Any]) -> None:
    rows = [
        CheckedApplicant(
            check_applicant(applicant | {"SK_ID_CURR": client, "AMT_CREDIT": 250_000 * client}, ())
        )
        for client in (3, 1, 2)
    ]

    scores = asyncio.run(Scorer(make_store(1), predict_from_credit).score(rows))

    assert scores == [
        Score(0.75, history_found=False),
        Score(0.25, history_found=True),
        Score(0.5, history_found=False),
    ]


def test_the_models_input_holds_application_and_history(applicant: dict[str, Any]) -> None:
    row = CheckedApplicant(check_applicant(applicant, ()))

    features, found = Scorer(make_store(100_002), predict_from_credit).compute_features([row])

    assert features.shape == (1, len(FEATURE_NAMES))
    assert features.dtype == np.float32
    assert features[0, CREDIT] == np.float32(406_597.5)
    assert (features[0, -len(HISTORY_FEATURE_NAMES) :] == 7).all()
    assert found.tolist() == [True]


def test_an_applicant_has_the_same_features_alone_and_among_others(
    applicant: dict[str, Any],
) -> None:
    scorer = Scorer(make_store(100_002), predict_from_credit)
    rows = [
        CheckedApplicant(
            check_applicant(
                applicant | {"SK_ID_CURR": 100_000 + number, "AMT_CREDIT": 90_001.5 + number}, ()
            )
        )
        for number in range(20)
    ]

    together, _ = scorer.compute_features(rows)

    for row, features in zip(rows, together, strict=True):
        np.testing.assert_array_equal(scorer.compute_features([row])[0][0], features)
