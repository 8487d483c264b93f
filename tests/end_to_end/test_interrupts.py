"""Ctrl-C during every command leaves nothing that a later run takes for whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from pyarrow import parquet

from credit.bundle import Bundle, compute_fingerprint
from demo import make_demo_tables
from serving.history_store import HistoryStore
from tests.command import Finished, Home, Running

INTERRUPTED = 130
MODEL = "credit_scoring_model"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupts") / "tables"
    return make_demo_tables(folder, clients=1_500, file_format="parquet").folder


def interrupt(running: Running, happened: Callable[[], bool]) -> Finished:
    assert running.wait_until(happened), "It ended before it could be interrupted."
    return running.interrupt()


def require_clean_end(home: Home, finished: Finished) -> None:
    assert finished.exit_code == INTERRUPTED, finished.err
    lines = [line for line in finished.err.splitlines() if line]
    assert lines == ["credit: interrupted; nothing is left half-written."]
    assert home.find_leftovers() == []


def test_interrupted_demo_tables_are_not_there(home: Home) -> None:
    out = home.folder / "tables"
    running = home.start("data", "make", "--clients", "30000", "--out", out)

    finished = interrupt(running, lambda: any(home.folder.glob(".*partial*")))

    require_clean_end(home, finished)
    assert not out.exists()


def test_interrupted_features_are_not_there_and_the_next_run_makes_them(
    home: Home, tables: Path
) -> None:
    out = home.folder / "features"
    arguments = ("features", "--data", tables, "--out", out)
    running = home.start(*arguments)

    finished = interrupt(running, running.has_said("Computing features"))

    require_clean_end(home, finished)
    assert not any(out.glob("*"))
    assert home.run(*arguments).exit_code == 0
    assert parquet.read_table(out / "features.parquet").num_rows == 1_500
    assert len(HistoryStore.open(out / "history.arrow", compute_fingerprint())) > 0


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("Checking the tables", marks=pytest.mark.slow),
        pytest.param("Computing", marks=pytest.mark.slow),
        pytest.param("Fitting", marks=pytest.mark.slow),
        "Registering",
    ],
)
def test_an_interrupted_training_leaves_no_version_without_its_threshold(
    home: Home, tables: Path, moment: str
) -> None:
    running = home.start("train", "--data", tables)

    finished = interrupt(running, running.has_said(moment))

    require_clean_end(home, finished)
    require_whole_versions(home)
    if home.history_store.exists():
        HistoryStore.open(home.history_store, compute_fingerprint())


@pytest.mark.slow
def test_training_goes_through_after_it_was_interrupted_at_the_database(
    home: Home, tables: Path
) -> None:
    running = home.start("train", "--data", tables)
    interrupt(running, lambda: any(home.folder.glob(".mlflow.db*")))
    assert not home.database.exists()

    assert home.run("train", "--data", tables).exit_code == 0

    assert require_whole_versions(home) == 1


def test_an_interrupted_build_leaves_only_what_can_be_loaded(home: Home, tables: Path) -> None:
    assert home.run("train", "--data", tables).exit_code == 0
    assert home.run("promote", "1", "--to", "Staging").exit_code == 0
    running = home.start("build")

    finished = interrupt(running, lambda: any(home.bentoml.glob(f"models/{MODEL}/*")))

    require_clean_end(home, finished)
    for folder in home.bentoml.glob(f"models/{MODEL}/mlflow-*"):
        assert (folder / "model.yaml").is_file()
        assert (folder / "mlflow_model" / "model.ubj").stat().st_size > 0
    assert not any(home.bentoml.glob("bentos/credit_scoring/v*"))
    assert home.run("build").exit_code == 0


@pytest.mark.slow
def test_an_interrupted_demo_stops_its_service(home: Home) -> None:
    running = home.start("demo", "--no-serve", "--clients", "500")

    finished = interrupt(running, running.has_said("Starting credit_scoring"))

    require_clean_end(home, finished)
    require_whole_versions(home)


def require_whole_versions(home: Home) -> int:
    """Return how many versions are registered; each has its threshold."""
    if not home.database.exists():
        return 0
    versions = MlflowClient(home.tracking_uri).search_model_versions(f"name='{MODEL}'")
    for version in versions:
        Bundle.from_metadata({**version.tags, "model_version": str(version.version)})
    return len(versions)
