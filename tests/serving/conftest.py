"""A valid applicant, and a history store that is written the way training writes it."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pytest

from credit.bundle import Bundle, compute_fingerprint
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.feature import CLIENT
from credit.store_manifest import HISTORY_COLUMN, MANIFEST_KEY, SourceFile, StoreManifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FINGERPRINT = "0123456789abcdef"


class WriteStore(Protocol):
    """Writes a history store; what differs from a good one is said by keyword.

    Entries of the manifest replace the good ones, None for no manifest; columns replace both.
    """

    def __call__(
        self,
        clients: Sequence[int],
        features: NDArray[np.float32] | None = None,
        *,
        manifest: Mapping[str, object] | None = MappingProxyType({}),
        columns: Mapping[str, pa.Array] | None = None,
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


@pytest.fixture(scope="session")
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
        model_sha256="5e" * 32,
        feature_count=5,
        git_commit="c0ffee",
    )


@pytest.fixture
def write_store(tmp_path: Path) -> WriteStore:
    def write(
        clients: Sequence[int],
        features: NDArray[np.float32] | None = None,
        *,
        manifest: Mapping[str, object] | None = MappingProxyType({}),
        columns: Mapping[str, pa.Array] | None = None,
        batches: int = 1,
    ) -> Path:
        width = len(HISTORY_FEATURE_NAMES)
        if features is None:
            features = np.zeros((len(clients), width), np.float32)
        rows = pa.FixedSizeListArray.from_arrays(pa.array(features.reshape(-1)), width)
        columns = columns or {CLIENT: pa.array(clients, pa.int64()), HISTORY_COLUMN: rows}
        schema = pa.schema(
            [pa.field(name, column.type) for name, column in columns.items()],
            metadata=None if manifest is None else write_manifest(len(clients), manifest),
        )
        path = tmp_path / "history.arrow"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for _ in range(batches):
                writer.write_batch(pa.record_batch(list(columns.values()), schema=schema))
        return path

    return write


def write_manifest(clients: int, changes: Mapping[str, object]) -> dict[bytes, bytes]:
    good = StoreManifest(
        fingerprint=FINGERPRINT,
        features=HISTORY_FEATURE_NAMES,
        clients=clients,
        sources={"bureau": SourceFile(file="bureau.csv", sha256="5e" * 32)},
        made_at="2026-01-01T00:00:00+00:00",
        version="0.1.0",
    )
    return {MANIFEST_KEY: json.dumps(good.model_dump() | dict(changes)).encode()}
