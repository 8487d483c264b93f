"""`kill -9` at random moments of promotion, rollback and build: one repetition makes all whole."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost
from bentoml._internal.bento import BentoStore
from bentoml._internal.models import ModelStore
from mlflow import MlflowClient

from credit.bundle import STORED_MODEL_FILE
from registry.bento_store import NOTES
from registry.history import find_breaks, read_history
from registry.holder import find_recorded_holder
from registry.stage import Stage
from tests.command import Home
from tests.promotion import promote_unjudged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Trained

MODEL = "credit_scoring_model"
KILLS = 30
FEWEST_HITS = 20
"""So many commands must still have been at work when they were killed."""
ORPHAN_SECONDS = 120


@dataclass(frozen=True)
class Command:
    """A command, what its output ends its harmless part with, and how long the rest takes."""

    arguments: Sequence[str]
    begun: str
    rest_s: float


PROMOTE = ["promote", "2", "--to", "Staging", "--force", "--reason", "killed on purpose"]
ROUND = (
    Command(PROMOTE, "checks failed", 0.5),
    Command(["build"], "Importing", 8.0),
    Command(["rollback", "--stage", "Staging", "--from", "2"], "Rolling", 1.5),
)
"""What is killed in turn; between rounds version 1 holds the stage."""


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Home:
    """Version 1 is Staging, and version 2 is there."""
    home = Home(tmp_path_factory.mktemp("k"))
    shutil.copy(trained.database, home.database)
    client = MlflowClient(home.tracking_uri)
    first = client.get_model_version(MODEL, "1")
    client.create_model_version(MODEL, str(first.source), first.run_id, tags=dict(first.tags))
    promote_unjudged(client, MODEL, "1")
    return home


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thirty_random_kills_leave_one_truth_after_one_repetition(home: Home) -> None:
    generator = np.random.default_rng(20261121)
    hits = 0
    for number in range(KILLS):
        command = ROUND[number % len(ROUND)]

        hits += kill_at_random(home, command, generator)
        repeated = home.run(*command.arguments)

        assert repeated.exit_code == 0, (number, command, repeated)
        require_one_truth(home, "1" if command.arguments[0] == "rollback" else "2")
        if command.arguments[0] == "build":
            require_whole_stores(home, "2")
    assert hits >= FEWEST_HITS


def kill_at_random(home: Home, command: Command, generator: np.random.Generator) -> bool:
    """Return whether the command was still at work when it was killed."""
    running = home.start(*command.arguments)
    running.wait_until(running.has_said(command.begun))
    time.sleep(generator.uniform(0, command.rest_s))
    at_work = running.process.poll() is None
    if at_work:
        os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    wait_for_orphans(home)
    return at_work


def wait_for_orphans(home: Home) -> None:
    """Wait for what the killed command had started, as `bentoml build`."""
    deadline_s = time.monotonic() + ORPHAN_SECONDS
    while home.find_processes():
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def require_one_truth(home: Home, version: str) -> None:
    """Stage, alias and history say the same, and every record is closed."""
    client = MlflowClient(home.tracking_uri)
    records = read_history(client, MODEL)
    staged = [
        str(found.version)
        for found in client.search_model_versions(f"name='{MODEL}'")
        if found.current_stage == "Staging"
    ]

    assert find_recorded_holder(client, MODEL, Stage.STAGING).version == version
    assert staged == [version]
    assert [record for record in records if record.is_open] == []
    assert find_breaks(records) == []


def require_whole_stores(home: Home, version: str) -> None:
    """Every item can be loaded, the latest Bento is of the version, and no note is left."""
    bentos, models = BentoStore(home.bentoml / "bentos"), ModelStore(home.bentoml / "models")
    for model in models.list():
        xgboost.Booster(model_file=Path(model.path_of(STORED_MODEL_FILE)))
    for bento in bentos.list():
        assert bento.info.all_models

    latest = bentos.get("credit_scoring")
    assert [str(pinned.tag) for pinned in latest.info.all_models] == [f"{MODEL}:mlflow-v{version}"]
    assert list((home.bentoml / NOTES).iterdir()) == []
