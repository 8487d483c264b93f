from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from credit.bundle import compute_fingerprint
from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.history import ClientHistories
from credit.store_manifest import SourceFile
from serving.history_store import HistoryStore
from training.store_writing import write_history_store

SOURCES = {"bureau": SourceFile(file="bureau.csv.zip", sha256="0a" * 32)}


def make_histories(count: int) -> ClientHistories:
    """Clients 10, 20, …, with features no two of which are equal, and some that are missing."""
    width = len(HISTORY_FEATURE_NAMES)
    features = np.arange(count * width, dtype=np.float32).reshape(count, width)
    features[::3, ::7] = np.nan
    return ClientHistories(np.arange(1, count + 1) * 10, features)


@pytest.fixture
def histories() -> ClientHistories:
    return make_histories(50)


@contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """Let the operating system refuse files larger than that, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_store_reads_back_what_was_written(tmp_path: Path, histories: ClientHistories) -> None:
    write_history_store(histories, tmp_path / "new folder" / "history.arrow", SOURCES)

    store = HistoryStore.open(tmp_path / "new folder" / "history.arrow", compute_fingerprint())
    looked_up = store.lookup(histories.clients)
    assert looked_up.found.all()
    assert len(store) == len(histories.clients)
    stored = histories.features
    np.testing.assert_array_equal(looked_up.features.view(np.uint32), stored.view(np.uint32))


def test_the_manifest_tells_by_what_code_and_from_which_files_the_store_was_made(
    tmp_path: Path, histories: ClientHistories
) -> None:
    written = write_history_store(histories, tmp_path / "history.arrow", SOURCES)

    manifest = HistoryStore.open(tmp_path / "history.arrow", compute_fingerprint()).manifest
    assert manifest == written
    assert written.fingerprint == compute_fingerprint()
    assert written.features == HISTORY_FEATURE_NAMES
    assert written.clients == len(histories.clients)
    assert written.sources == SOURCES
    assert written.version == version("credit-scoring")
    age = datetime.now(UTC) - datetime.fromisoformat(written.made_at)
    assert age < timedelta(minutes=1)


def test_a_store_of_nobody_can_be_opened(tmp_path: Path) -> None:
    write_history_store(make_histories(0), tmp_path / "history.arrow", {})

    assert len(HistoryStore.open(tmp_path / "history.arrow", compute_fingerprint())) == 0


def test_a_write_that_fails_leaves_the_old_store_and_nothing_else(
    tmp_path: Path, histories: ClientHistories
) -> None:
    path = tmp_path / "store" / "history.arrow"
    write_history_store(make_histories(2), path, {})
    before = path.read_bytes()

    with no_more_than(len(before) // 2), pytest.raises(OSError, match="File too large"):
        write_history_store(histories, path, {})

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_who_has_the_old_store_open_goes_on_reading_it(
    tmp_path: Path, histories: ClientHistories
) -> None:
    path = tmp_path / "history.arrow"
    write_history_store(histories, path, {})
    store = HistoryStore.open(path, compute_fingerprint())
    clients = histories.clients
    before = store.lookup(clients).features

    write_history_store(make_histories(1), path, {})

    np.testing.assert_array_equal(store.lookup(clients).features, before)
