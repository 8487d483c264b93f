from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.bundle import FINGERPRINT_KEY
from credit.errors import FingerprintMismatch, UnreadableTable
from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from serving.history_store import HistoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.serving.conftest import WriteStore

FINGERPRINT = "0123456789abcdef"
WIDTH = len(HISTORY_FEATURE_NAMES)


def number_features(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.arange(count * WIDTH, dtype=np.float32).reshape(count, WIDTH)


def test_known_clients_get_their_features_and_unknown_ones_the_empty_history(
    write_store: WriteStore,
) -> None:
    features = number_features(3)
    features[1, 0] = np.nan
    store = HistoryStore.open(write_store([10, 20, 30], features), FINGERPRINT)

    histories = store.lookup(np.array([20, 5, 30, 25, 20, 99]))

    empty = empty_history(1)[0]
    expected = [features[1], empty, features[2], empty, features[1], empty]
    assert histories.found.tolist() == [True, False, True, False, True, False]
    np.testing.assert_array_equal(histories.features, np.array(expected))
    assert histories.features.dtype == np.float32
    assert len(store) == 3


@given(
    clients=st.lists(st.integers(0, 50), unique=True).map(sorted),
    asked=st.lists(st.integers(-5, 55)),
)
def test_everyone_gets_exactly_their_own_history(clients: list[int], asked: list[int]) -> None:
    features = number_features(len(clients))
    store = HistoryStore(np.array(clients, np.int64), tuple(features.T))

    histories = store.lookup(np.array(asked, np.int64))

    for client, found, row in zip(asked, histories.found, histories.features, strict=True):
        assert found == (client in clients)
        expected = features[clients.index(client)] if found else empty_history(1)[0]
        np.testing.assert_array_equal(row, expected)


def test_an_empty_store_knows_nobody() -> None:
    store = HistoryStore.empty()

    histories = store.lookup(np.array([1, 2]))

    assert len(store) == 0
    assert not histories.found.any()
    np.testing.assert_array_equal(histories.features, empty_history(2))


def test_a_store_without_clients_can_be_opened(write_store: WriteStore) -> None:
    assert len(HistoryStore.open(write_store([]), FINGERPRINT)) == 0


def test_a_lookup_does_not_change_the_store(write_store: WriteStore) -> None:
    store = HistoryStore.open(write_store([1], number_features(1)), FINGERPRINT)
    first = store.lookup(np.array([1])).features.copy()

    store.lookup(np.array([1])).features[:] = -1

    np.testing.assert_array_equal(store.lookup(np.array([1])).features, first)


@pytest.mark.parametrize("fingerprint", [None, b"", b"fedcba9876543210"])
def test_a_store_of_other_code_is_refused(
    write_store: WriteStore, fingerprint: bytes | None
) -> None:
    path = write_store([1], fingerprint=fingerprint)

    with pytest.raises(FingerprintMismatch, match="this code has 0123456789abcdef"):
        HistoryStore.open(path, FINGERPRINT)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="There is no history store"):
        HistoryStore.open(tmp_path / "nowhere", FINGERPRINT)


@pytest.mark.parametrize("content", [b"", b"SK_ID_CURR,x\n1,2\n", b"ARROW1\0\0" + b"x" * 100])
def test_a_file_that_is_not_arrow_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.arrow"
    path.write_bytes(content)

    with pytest.raises(UnreadableTable, match="not a whole Arrow file"):
        HistoryStore.open(path, FINGERPRINT)


def test_a_truncated_file_is_told(write_store: WriteStore) -> None:
    path = write_store(range(1_000))
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(UnreadableTable, match="not a whole Arrow file"):
        HistoryStore.open(path, FINGERPRINT)


def test_missing_features_are_named(write_store: WriteStore) -> None:
    path = write_store([1], names=HISTORY_FEATURE_NAMES[:-1])

    with pytest.raises(UnreadableTable, match=HISTORY_FEATURE_NAMES[-1]):
        HistoryStore.open(path, FINGERPRINT)


def test_features_in_another_order_are_refused(write_store: WriteStore) -> None:
    path = write_store([1], names=HISTORY_FEATURE_NAMES[::-1])

    with pytest.raises(UnreadableTable, match="in order"):
        HistoryStore.open(path, FINGERPRINT)


@pytest.mark.parametrize("clients", [[2, 1], [1, 1]])
def test_clients_out_of_order_are_refused(write_store: WriteStore, clients: list[int]) -> None:
    with pytest.raises(UnreadableTable, match="not strictly ascending"):
        HistoryStore.open(write_store(clients), FINGERPRINT)


@pytest.mark.parametrize("batches", [0, 2])
def test_a_store_has_one_record_batch(write_store: WriteStore, batches: int) -> None:
    with pytest.raises(UnreadableTable, match=f"has {batches} record batches"):
        HistoryStore.open(write_store([1], batches=batches), FINGERPRINT)


def test_nulls_are_refused(tmp_path: Path) -> None:
    fields = [pa.field("SK_ID_CURR", pa.int64())]
    fields += [pa.field(name, pa.float32()) for name in HISTORY_FEATURE_NAMES]
    schema = pa.schema(fields, metadata={FINGERPRINT_KEY: FINGERPRINT.encode()})
    columns = [pa.array([1, 2]), *(pa.array([None, 1.0], pa.float32()) for _ in range(WIDTH))]
    path = tmp_path / "history.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))

    with pytest.raises(UnreadableTable, match="has nulls"):
        HistoryStore.open(path, FINGERPRINT)
