"""Ctrl-C during every command leaves nothing that a later run takes for whole.

The commands run in sessions of their own, and the whole session gets the signal, as from a
terminal. Each is interrupted at one moment after another in the same home, and then run to its end.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import xgboost
from bentoml._internal.bento import BentoStore
from bentoml._internal.models import ModelStore
from bentoml.exceptions import NotFound
from mlflow import MlflowClient

from credit.bundle import MODEL_FILE, STORED_MODEL_FILE, Bundle, compute_fingerprint
from credit.errors import RegistryError
from demo import DemoTables, make_demo_tables
from registry.holder import find_recorded_holder
from registry.stage import Stage
from registry.trial import find_free_port
from serving.history_store import HistoryStore
from tests.command import Finished, Home, Running
from tests.promotion import promote_unjudged
from training.table_check import check_tables

if TYPE_CHECKING:
    from registry.stages import RegisteredModel
    from tests.conftest import Trained

MODEL = "credit_scoring_model"


@dataclass(frozen=True)
class Moment:
    """When to press Ctrl-C: once something has come, by the home and by what the command said."""

    has_come: Callable[[Home, str], bool]
    sure: bool = True


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("i"))  # short: sockets' paths must be


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> DemoTables:
    folder = tmp_path_factory.mktemp("interrupts") / "tables"
    return make_demo_tables(folder, clients=500, file_format="parquet")


def said(text: str) -> Moment:
    return Moment(lambda _home, out: text in out)


def there(pattern: str) -> Moment:
    return Moment(lambda home, _out: any(home.folder.glob(pattern)))


def at_random(seed: int, longest_s: float) -> list[Moment]:
    """Return moments up to some seconds after the command said its first word."""
    generator = np.random.default_rng(seed)

    def wait(delay_s: float) -> Moment:
        def has_come(_home: Home, out: str) -> bool:
            if out:
                time.sleep(delay_s)
            return bool(out)

        return Moment(has_come, sure=False)

    return [wait(generator.uniform(0, longest_s)) for _ in range(12)]


def choose_moments(moments: Sequence[Moment], longest_s: float) -> pytest.MarkDecorator:
    """Return the decorator that runs a test with some moments, and, if slow, with random ones."""
    every = [
        pytest.param(moments, id="chosen"),
        *(
            pytest.param(
                at_random(seed, longest_s),
                id=f"random-{seed}",
                marks=[pytest.mark.slow, pytest.mark.timeout(1200)],
            )
            for seed in range(3)
        ),
    ]
    return pytest.mark.parametrize("moments", every)


def interrupt_again_and_again(
    home: Home,
    command: Sequence[str | Path],
    moments: Sequence[Moment],
    require_sound: Callable[[], None],
) -> None:
    """Interrupt a command at every moment, and see each time that what it left is sound."""
    for moment in moments:
        running = home.start(*command)
        came = running.wait_until(partial(has_come, moment, home, running))
        finished = running.interrupt() if came else running.wait()
        if moment.sure or finished.exit_code != 0:  # or else it was quicker
            require_clean_end(home, finished)
        require_sound()


def has_come(moment: Moment, home: Home, running: Running) -> bool:
    return moment.has_come(home, running.out)


def require_clean_end(home: Home, finished: Finished) -> None:
    assert finished.exit_code == 130, finished
    # Before it Python may tell of a callback that the interrupt came upon.
    assert finished.err.endswith("credit: interrupted; nothing is left half-written.\n")
    assert home.find_leftovers() == []
    assert home.find_processes() == []


def require_sound_registry(home: Home) -> None:
    """Every version has its facts, its model and a history store; none if there is no database."""
    if not home.database.exists():
        return
    client = MlflowClient(home.tracking_uri)
    versions = client.search_model_versions(f"name='{MODEL}'")
    for version in versions:
        bundle = Bundle.from_metadata({**version.tags, "model_version": str(version.version)})
        bundle.require_fingerprint(compute_fingerprint())
        model_id = str(version.source).removeprefix("models:/")
        (model,) = home.folder.glob(f"mlartifacts/models/{model_id}/**/{MODEL_FILE}")
        xgboost.Booster(model_file=model)
    if versions or home.history_store.exists():
        HistoryStore.open(home.history_store, compute_fingerprint())


def require_sound_stores(home: Home) -> None:
    """Every model and Bento in BentoML's store is whole, and so is what `latest` means."""
    for store in (BentoStore(home.bentoml / "bentos"), ModelStore(home.bentoml / "models")):
        for folder in home.bentoml.glob(f"{store._path.name}/*"):
            try:
                items = store.list(folder.name)
            except NotFound:
                continue
            assert not items or store.get(folder.name) is not None
    for model in ModelStore(home.bentoml / "models").list(None) if home.bentoml.exists() else []:
        xgboost.Booster(model_file=model.path_of(STORED_MODEL_FILE))


@choose_moments([there(".made.partial-*"), there(".made.partial-*/bureau.csv")], longest_s=4)
def test_interrupted_demo_tables_are_not_there(home: Home, moments: list[Moment]) -> None:
    out = home.folder / "made"
    command: list[str | Path] = ["data", "make", "--clients", "9000", "--out", out]

    def require_sound() -> None:
        if out.exists():
            assert check_tables(out).violations == ()
            shutil.rmtree(out)

    interrupt_again_and_again(home, command, moments, require_sound)

    assert home.run(*command).exit_code == 0
    assert check_tables(out).rows["application_train"] > 7_000


@choose_moments([said("Checking"), said("Computing")], longest_s=6)
def test_interrupted_features_are_not_there_or_whole(
    home: Home, tables: DemoTables, moments: list[Moment]
) -> None:
    out = home.folder / "made"
    command: list[str | Path] = ["features", "--data", tables.folder, "--out", out]

    def require_sound() -> None:
        if (out / "features.parquet").exists():
            assert pq.read_table(out / "features.parquet").num_rows == tables.clients
        if (out / "history.arrow").exists():
            HistoryStore.open(out / "history.arrow", compute_fingerprint())

    interrupt_again_and_again(home, command, moments, require_sound)

    assert home.run(*command).exit_code == 0
    made = {"features.parquet", "history.arrow", "applications.arrow"}
    assert {path.name for path in out.iterdir()} == made
    require_sound()


@pytest.mark.slow
@choose_moments([there(".mlflow.db.*.part"), there("var/.history.arrow.*.part")], longest_s=10)
def test_interrupted_training_leaves_whole_versions_or_none(
    home: Home, tables: DemoTables, moments: list[Moment]
) -> None:
    command: list[str | Path] = ["train", "--data", tables.folder]

    interrupt_again_and_again(home, command, moments, lambda: require_sound_registry(home))

    finished = home.run(*command)
    assert (finished.exit_code, finished.err) == (0, "")
    require_sound_registry(home)
    assert MlflowClient(home.tracking_uri).search_model_versions(f"name='{MODEL}'")


@choose_moments([said("Promoting")], longest_s=5)
def test_an_interrupted_promotion_is_done_not_done_or_told(
    home: Home, trained: Trained, moments: list[Moment]
) -> None:
    shutil.copy(trained.database, home.database)
    # A model of 300 clients may fail the gate, and this is not about the gate.
    command: list[str | Path] = ["promote", "1", "--to", "Staging"]
    command += ["--force", "--reason", "interrupted on purpose"]

    def require_done_or_told() -> None:
        with suppress(RegistryError):
            assert find_staging(home).version == "1"

    interrupt_again_and_again(home, command, moments, require_done_or_told)

    assert home.run(*command).exit_code == 0
    assert find_staging(home).version == "1"


@pytest.mark.slow
@choose_moments(
    [there(f"bentoml/models/{MODEL}/*"), there("bentoml/bentos/credit_scoring/*")], longest_s=12
)
def test_an_interrupted_build_leaves_what_can_be_loaded(
    home: Home, trained: Trained, moments: list[Moment]
) -> None:
    shutil.copy(trained.database, home.database)
    promote_unjudged(MlflowClient(home.tracking_uri), MODEL, "1")

    interrupt_again_and_again(home, ["build"], moments, lambda: require_sound_stores(home))

    assert home.run("build").exit_code == 0
    require_sound_stores(home)
    assert BentoStore(home.bentoml / "bentos").get("credit_scoring").info.all_models


@pytest.mark.slow
@choose_moments([said("Starting credit_scoring")], longest_s=30)
def test_an_interrupted_demo_stops_its_service_and_the_next_one_arrives(
    home: Home, empty_mlflow: Path, moments: list[Moment]
) -> None:
    shutil.copy(empty_mlflow, home.database)
    command: list[str | Path] = ["demo", "--no-serve", "--clients", "500"]

    def require_sound() -> None:
        require_sound_registry(home)
        require_sound_stores(home)

    interrupt_again_and_again(home, command, moments, require_sound)
    registered = count_versions(home)

    finished = home.run(*command)
    assert (finished.exit_code, finished.err) == (0, "")
    assert '"decision"' in finished.out
    staging = find_staging(home)
    assert staging.version == str(registered + 1)
    assert home.find_processes() == []


@pytest.mark.slow
def test_a_served_demo_ends_with_ctrl_c_however_often_it_is_pressed(home: Home) -> None:
    running = home.start("demo", "--clients", "500", "--port", str(find_free_port()))
    assert running.wait_until(lambda: "Ctrl-C ends it" in running.out)

    running.press_ctrl_c()
    time.sleep(0.2)
    finished = running.interrupt()

    require_clean_end(home, finished)


def find_staging(home: Home) -> RegisteredModel:
    return find_recorded_holder(MlflowClient(home.tracking_uri), MODEL, Stage.STAGING)


def count_versions(home: Home) -> int:
    client = MlflowClient(home.tracking_uri)
    return len(client.search_model_versions(f"name='{MODEL}'"))
