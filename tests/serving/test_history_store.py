from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.errors import FingerprintMismatch, UnreadableTable
from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from serving.history_store import HistoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    store = HistoryStore(np.array(clients, np.int64), features)

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


def test_one_client_is_found_by_identifier(write_store: WriteStore) -> None:
    features = number_features(2)
    store = HistoryStore.open(write_store([10, 20], features), FINGERPRINT)

    np.testing.assert_array_equal(store.find(20), features[1])
    assert store.find(15) is None
    assert HistoryStore.empty().find(10) is None


@pytest.mark.parametrize("fingerprint", [None, "", "fedcba9876543210"])
def test_a_store_of_other_code_is_refused(write_store: WriteStore, fingerprint: str | None) -> None:
    path = write_store([1], manifest={"fingerprint": fingerprint})

    with pytest.raises(FingerprintMismatch, match="this code has 0123456789abcdef"):
        HistoryStore.open(path, FINGERPRINT)


def test_a_store_without_a_manifest_is_refused(write_store: WriteStore) -> None:
    with pytest.raises(FingerprintMismatch, match=r"has fingerprint \(none\)"):
        HistoryStore.open(write_store([1], manifest=None), FINGERPRINT)


def test_that_the_code_is_another_is_told_before_all_that_differs_for_it(
    write_store: WriteStore,
) -> None:
    manifest = {"fingerprint": "of later code", "features": ["new"], "what is new": 1}
    path = write_store([2, 1], manifest=manifest, columns={"new": pa.array([1.0])}, batches=2)

    with pytest.raises(FingerprintMismatch, match="of later code"):
        HistoryStore.open(path, FINGERPRINT)


def test_what_is_wrong_in_a_manifest_is_named(write_store: WriteStore) -> None:
    path = write_store([1], manifest={"made_at": None, "sources": {"bureau": "unknown"}})

    with pytest.raises(UnreadableTable, match="garbles sources, made_at"):
        HistoryStore.open(path, FINGERPRINT)


def test_a_store_that_does_not_hold_what_its_manifest_says_is_refused(
    write_store: WriteStore,
) -> None:
    path = write_store([1, 2], manifest={"clients": 3})

    with pytest.raises(UnreadableTable, match="holds 2 clients, its manifest says 3"):
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
    path = write_store([1], manifest={"features": HISTORY_FEATURE_NAMES[:-1]})

    with pytest.raises(UnreadableTable, match=f"lacking: {HISTORY_FEATURE_NAMES[-1]}"):
        HistoryStore.open(path, FINGERPRINT)


def test_features_in_another_order_are_refused(write_store: WriteStore) -> None:
    path = write_store([1], manifest={"features": HISTORY_FEATURE_NAMES[::-1]})

    with pytest.raises(UnreadableTable, match="in order"):
        HistoryStore.open(path, FINGERPRINT)


def rows_of(kind: pa.DataType, width: int = WIDTH) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array([0] * width, kind), width)


@pytest.mark.parametrize(
    "columns",
    [
        {"SK_ID_CURR": pa.array([1], pa.int32()), "features": rows_of(pa.float32())},
        {"SK_ID_CURR": pa.array([1]), "features": rows_of(pa.float64())},
        {"SK_ID_CURR": pa.array([1]), "features": rows_of(pa.float32(), WIDTH - 1)},
        {"SK_ID_CURR": pa.array([1]), "features": pa.array([0], pa.float32())},
        {"SK_ID_CURR": pa.array([1])},
        {"features": rows_of(pa.float32()), "SK_ID_CURR": pa.array([1])},
        {"CLIENT": pa.array([1]), "features": rows_of(pa.float32())},
    ],
)
def test_other_columns_are_refused(
    write_store: WriteStore, columns: Mapping[str, pa.Array]
) -> None:
    path = write_store([1], columns=columns)

    with pytest.raises(UnreadableTable, match="does not have the columns SK_ID_CURR: int64, feat"):
        HistoryStore.open(path, FINGERPRINT)


@pytest.mark.parametrize("clients", [[2, 1], [1, 1]])
def test_clients_out_of_order_are_refused(write_store: WriteStore, clients: list[int]) -> None:
    with pytest.raises(UnreadableTable, match="not strictly ascending"):
        HistoryStore.open(write_store(clients), FINGERPRINT)


@pytest.mark.parametrize("batches", [0, 2])
def test_a_store_has_one_record_batch(write_store: WriteStore, batches: int) -> None:
    with pytest.raises(UnreadableTable, match=f"has {batches} record batches"):
        HistoryStore.open(write_store([1], batches=batches), FINGERPRINT)


ROW = [0.0] * WIDTH


@pytest.mark.parametrize(
    ("clients", "rows"),
    [
        ([1, None], [ROW, ROW]),
        ([1, 2], [ROW, None]),
        ([1, 2], [ROW, [*ROW[1:], None]]),
    ],
)
def test_nulls_are_refused(
    write_store: WriteStore, clients: list[int | None], rows: list[list[float | None] | None]
) -> None:
    columns = {
        "SK_ID_CURR": pa.array(clients, pa.int64()),
        "features": pa.array(rows, pa.list_(pa.float32(), WIDTH)),
    }

    with pytest.raises(UnreadableTable, match="has nulls"):
        HistoryStore.open(write_store([1, 2], columns=columns), FINGERPRINT)


LARGE_MB = 200
WATCH = """
import sys
from pathlib import Path
import numpy as np, psutil
from serving.history_store import HistoryStore

def count_private_mb():
    return psutil.Process().memory_full_info().uss / 2**20

HistoryStore.open(Path(sys.argv[2]), sys.argv[3]).lookup(np.array([1]))
before = count_private_mb()
store = HistoryStore.open(Path(sys.argv[1]), sys.argv[3])
clients = np.arange(len(store))
print(count_private_mb() - before, flush=True)
for some in np.array_split(clients, 200):
    assert store.lookup(some).found.all()
print("read", flush=True)
sys.stdin.readline()
print(count_private_mb() - before, flush=True)
sys.stdin.readline()
"""


def test_processes_share_a_store_and_opening_it_loads_nothing(
    write_store: WriteStore, tmp_path: Path
) -> None:
    small = write_store([1]).rename(tmp_path / "small.arrow")
    count = LARGE_MB * 2**20 // (4 * WIDTH)
    large = write_store(range(count), np.ones((count, WIDTH), np.float32))
    command = [sys.executable, "-c", WATCH, str(large), str(small), FINGERPRINT]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        watchers = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(2)
        ]
        opened = [float(ask(watcher)) for watcher in watchers]
        assert [ask(watcher) for watcher in watchers] == ["read", "read"]
        read = [float(ask(watcher, "\n")) for watcher in watchers]
        for watcher in watchers:
            watcher.communicate("\n")

    assert large.stat().st_size > LARGE_MB * 2**20 * 0.99
    assert max(opened) < LARGE_MB / 10
    assert max(read) < LARGE_MB / 5


def ask(process: subprocess.Popen[str], line: str = "") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    return process.stdout.readline().strip()
