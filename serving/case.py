"""An applicant on the way through the service, and what was decided on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES
from credit.reasons import RankedReasons
from serving.coverage import Coverage
from serving.data_quality import QualityFields
from serving.row_model import Cell

APPLICATION_FEATURE_COUNT = len(FEATURE_NAMES) - len(HISTORY_FEATURE_NAMES)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What the decisions of one request have in common.

    Attributes:
        id: The request's.
        route: Where it came in, such as ``/predict``.
        arrived_s: When, by `time.perf_counter`.
        explained: Whether its refusals are explained whatever the settings say.
    """

    id: str
    route: str
    arrived_s: float
    explained: bool = False


class Case(NamedTuple):
    """An applicant who keeps the contract, and how to decide on them.

    Attributes:
        cells: Every application column.
        history: Features of the history that came along, shape (history features,); None: it is in
            the store, if anywhere.
        quality: Of the cells.
        threshold: From which probability of default on they are refused.
        request: In which they came.
        position: Their place in it, from 0.
    """

    cells: Mapping[str, Cell]
    history: NDArray[np.float32] | None
    quality: QualityFields
    threshold: float
    request: RequestFacts
    position: int = 0


class Verdict(NamedTuple):
    """What the model says about a case, and what follows.

    Attributes:
        pd: Probability of default.
        refused: Whether that is too much.
        referred: Whether a person is to decide.
        coverage: What it rests on.
        features: What the model was given, float32 of shape (features,).
        reasons: What a refusal rests on; None: not refused, or not explained.
    """

    pd: float
    refused: bool
    referred: bool
    coverage: Coverage
    features: NDArray[np.float32]
    reasons: RankedReasons | None = None

    @property
    def history(self) -> NDArray[np.float32]:
        """The history's part of the features."""
        return self.features[APPLICATION_FEATURE_COUNT:]
