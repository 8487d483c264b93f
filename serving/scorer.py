"""From valid applicants to their probabilities of default."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from serving.history_store import HistoryStore
from serving.row_model import Cell

APPLICATION = TABLES["application_test"]
_get_cells = itemgetter(*APPLICATION.column_names)

Predict = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class CheckedApplicant:
    """An applicant who keeps the contract.

    Attributes:
        cells: Every application column.
        history: Features of the history that came along, shape (history features,); None: it is in
            the store, if anywhere.
    """

    cells: Mapping[str, Cell]
    history: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What the model says about an applicant.

    Attributes:
        pd: Probability of default.
        history_found: True if the store knew the client, or the history came along.
        features: What it is based on, shape (features,).
    """

    pd: float
    history_found: bool
    features: NDArray[np.float32] = field(
        default_factory=lambda: np.empty(0, np.float32), repr=False, compare=False
    )


class Scorer:
    """Applicants → features → model; the one place where serving computes features.

    Args:
        store: The clients' histories.
        predict: Probabilities of default, shape (n,), of a feature matrix, shape (n, features).
    """

    def __init__(self, store: HistoryStore, predict: Predict) -> None:
        self._store = store
        self._predict = predict

    async def score(self, applicants: Sequence[CheckedApplicant]) -> list[Score]:
        """Return the applicants' scores, in their order.

        Raises:
            RuntimeError: If the model did not answer with one finite probability an applicant.
        """
        features, found = self.compute_features(applicants)
        pd = await self._predict(features)
        if pd.shape != (len(applicants),) or not np.isfinite(pd).all():
            raise RuntimeError(f"{len(applicants)} applicants got predictions of shape {pd.shape}.")
        rows = zip(pd.tolist(), found.tolist(), features, strict=True)
        return [Score(*row) for row in rows]

    def compute_features(
        self, applicants: Sequence[CheckedApplicant]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the feature matrix, shape (n, features), and whose history was found.

        Args:
            applicants: At least one.
        """
        rows = (_get_cells(applicant.cells) for applicant in applicants)
        cells = zip(*rows, strict=True)
        columns = encode_columns(
            APPLICATION, dict(zip(APPLICATION.column_names, cells, strict=True))
        )
        histories = self._store.lookup(columns["SK_ID_CURR"].astype(np.int64))
        for place, applicant in enumerate(applicants):
            if applicant.history is not None:
                histories.features[place] = applicant.history
                histories.found[place] = True
        application = compute_application_features(columns)
        return assemble_features(application, histories.features), histories.found
