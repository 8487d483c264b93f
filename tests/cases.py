"""Cases as the service makes them of what was sent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.applicant import check_applicant
from serving.case import Case, RequestFacts
from serving.data_quality import describe_quality


def make_case(
    row: dict[str, Any],
    *,
    history: NDArray[np.float32] | None = None,
    threshold: float = 0.5,
    request_id: str = "id-1",
) -> Case:
    cells = check_applicant(row, ())
    facts = RequestFacts(request_id, "/predict", 0.0)
    return Case(cells, history, describe_quality(row, cells), threshold, facts)
