from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from credit.contract import APPLICATION_COLUMNS
from credit.errors import FingerprintMismatch, UnreadableTable
from credit.store_manifest import ApplicationManifest
from credit.stored_cells import pack_column
from serving.applicant import check_applicant
from serving.application_store import ApplicationStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.serving.conftest import WriteStore

FINGERPRINT = "0123456789abcdef"


def make_store(rows: list[dict[str, Any]]) -> ApplicationStore:
    packed = [
        pack_column(column, [row[column.name] for row in rows]) for column in APPLICATION_COLUMNS
    ]
    clients = np.array([row["SK_ID_CURR"] for row in rows], np.int64)
    manifest = ApplicationManifest(
        fingerprint=FINGERPRINT,
        clients=len(rows),
        sources={},
        made_at="2026-01-01T00:00:00+00:00",
        version="0.1.0",
        columns=tuple(column.name for column in APPLICATION_COLUMNS),
    )
    return ApplicationStore(clients, np.column_stack(packed), manifest)


def test_everyone_is_found_with_their_own_application(applicant: dict[str, Any]) -> None:
    rows = [
        check_applicant(applicant | {"SK_ID_CURR": client, "AMT_CREDIT": 1_000.5 * client}, ())
        for client in (10, 20, 30)
    ]

    store = make_store(rows)

    assert [store.find(client) for client in (10, 20, 30)] == rows
    assert len(store) == 3


@pytest.mark.parametrize("client", [0, 9, 15, 31, 2**53 - 1])
def test_who_is_not_stored_is_not_found(applicant: dict[str, Any], client: int) -> None:
    rows = [check_applicant(applicant | {"SK_ID_CURR": number}, ()) for number in (10, 20, 30)]

    assert make_store(rows).find(client) is None


def test_a_history_store_is_no_application_store(write_store: WriteStore) -> None:
    with pytest.raises(FingerprintMismatch, match=r"The application store .* has .*\(none\)"):
        ApplicationStore.open(write_store([1]), FINGERPRINT)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="There is no application store"):
        ApplicationStore.open(tmp_path / "nowhere", FINGERPRINT)
