"""The features of cases; the one place where serving computes them."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from serving.case import Case
from serving.coverage import HistorySource
from serving.history_store import HistoryStore

APPLICATION = TABLES["application_test"]
_get_cells = itemgetter(*APPLICATION.column_names)


def compute_features(
    cases: Sequence[Case], store: HistoryStore
) -> tuple[NDArray[np.float32], list[HistorySource]]:
    """Return the feature matrix, shape (n, features), and where each history came from.

    Args:
        cases: At least one.
        store: The histories of those that brought none.
    """
    rows = (_get_cells(case.cells) for case in cases)
    cells = zip(*rows, strict=True)
    columns = encode_columns(APPLICATION, dict(zip(APPLICATION.column_names, cells, strict=True)))
    histories = store.lookup(columns["SK_ID_CURR"].astype(np.int64))
    sources: list[HistorySource] = [
        "store" if found else "none" for found in histories.found.tolist()
    ]
    for place, case in enumerate(cases):
        if case.history is not None:
            histories.features[place] = case.history
            sources[place] = "request"
    application = compute_application_features(columns)
    return assemble_features(application, histories.features), sources
