"""A valid applicant, and a history store that is written the way training writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pytest

from credit.bundle import FINGERPRINT_KEY, Bundle, compute_fingerprint
from credit.features.catalog import HISTORY_FEATURE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FINGERPRINT = "0123456789abcdef"


class WriteStore(Protocol):
    """Writes a history store; what differs from a good one is said by keyword."""

    def __call__(
        self,
        clients: Sequence[int],
        features: NDArray[np.float32] | None = None,
        *,
        fingerprint: bytes | None = FINGERPRINT.encode(),
        names: Sequence[str] = HISTORY_FEATURE_NAMES,
        batches: int = 1,
    ) -> Path: ...


@pytest.fixture
def applicant() -> dict[str, Any]:
    """Only what must be named."""
    return {
        "SK_ID_CURR": 100_002,
        "CODE_GENDER": "F",
        "FLAG_OWN_CAR": "N",
        "AMT_CREDIT": 406_597.5,
        "AMT_ANNUITY": 24_700.5,
        "AMT_GOODS_PRICE": None,
        "DAYS_BIRTH": -9_461,
        "DAYS_EMPLOYED": 365_243,
        "EXT_SOURCE_1": None,
        "EXT_SOURCE_2": 0.26,
        "EXT_SOURCE_3": 0.14,
    }


@pytest.fixture
def bundle() -> Bundle:
    return Bundle(
        model_version="3",
        threshold=0.5,
        false_negative_cost=10.0,
        false_positive_cost=1.0,
        fingerprint=compute_fingerprint(),
        trained_at="2026-01-01T00:00:00+00:00",
        oof_auc=0.75,
        training_tables=("application_train",),
    )


@pytest.fixture
def write_store(tmp_path: Path) -> WriteStore:
    def write(
        clients: Sequence[int],
        features: NDArray[np.float32] | None = None,
        *,
        fingerprint: bytes | None = FINGERPRINT.encode(),
        names: Sequence[str] = HISTORY_FEATURE_NAMES,
        batches: int = 1,
    ) -> Path:
        if features is None:
            features = np.zeros((len(clients), len(names)), np.float32)
        fields = [pa.field("SK_ID_CURR", pa.int64())]
        fields += [pa.field(name, pa.float32()) for name in names]
        metadata = None if fingerprint is None else {FINGERPRINT_KEY: fingerprint}
        schema = pa.schema(fields, metadata=metadata)
        columns = [pa.array(clients, pa.int64()), *(pa.array(column) for column in features.T)]
        path = tmp_path / "history.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for _ in range(batches):
                writer.write_batch(pa.record_batch(columns, schema=schema))
        return path

    return write
