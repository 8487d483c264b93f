"""The registry's road on a real MLflow server: PostgreSQL, and artifacts that go through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from bentoml._internal.models import ModelStore
from mlflow import MlflowClient

from credit.bundle import BUNDLE_FILE, MODEL_FILE, STORED_MODEL_FILE, Bundle, hash_file
from tests.command import Finished, Home
from tests.servers import start_mlflow_server, start_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(1200)]

MODEL = "credit_scoring_model"


@dataclass(frozen=True)
class Travelled:
    """What was done with a server, by the commands alone, and what they said."""

    url: str
    artifacts: Path
    home: Home
    commands: dict[str, Finished]

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.url)

    @property
    def bundle(self) -> Bundle:
        tags = self.client.get_model_version(MODEL, "1").tags
        return Bundle.from_metadata({**tags, "model_version": "1"})


@pytest.fixture(scope="module")
def travelled(tmp_path_factory: pytest.TempPathFactory, few_clients: Path) -> Iterator[Travelled]:
    """A version that was trained, promoted and built, with nothing but the server's address."""
    server, home = tmp_path_factory.mktemp("server"), Home(tmp_path_factory.mktemp("d"))
    promote = ["promote", "1", "--to", "Staging", "--force", "--reason", "Of 300 clients."]
    roads = {
        "train": ["train", "--data", str(few_clients)],
        "promote": promote,
        "build": ["build"],
        "history": ["history", "--json"],
    }
    with start_postgres() as database, start_mlflow_server(server, database) as url:
        finished = {
            name: home.run(*arguments, MLFLOW_TRACKING_URI=url) for name, arguments in roads.items()
        }
        yield Travelled(url, server / "artifacts", home, finished)


def test_every_command_succeeds_and_nothing_is_kept_beside_the_server(
    travelled: Travelled,
) -> None:
    assert [(name, done.exit_code, done.err) for name, done in travelled.commands.items()] == [
        (name, 0, "") for name in travelled.commands
    ]
    assert not travelled.home.database.exists()
    assert list(travelled.home.folder.rglob("mlartifacts")) == []


def test_artifacts_go_through_the_server(travelled: Travelled) -> None:
    version = travelled.client.get_model_version(MODEL, "1")
    (model_file,) = travelled.artifacts.rglob(MODEL_FILE)
    (bundle_file,) = travelled.artifacts.rglob(BUNDLE_FILE)

    run = travelled.client.get_run(str(version.run_id))
    assert str(run.info.artifact_uri).startswith("mlflow-artifacts:")
    assert hash_file(model_file) == travelled.bundle.model_sha256
    assert json.loads(bundle_file.read_text()) == version.tags


def test_version_1_is_staging_by_stage_and_by_alias(travelled: Travelled) -> None:
    version = travelled.client.get_model_version(MODEL, "1")

    assert version.current_stage == "Staging"
    assert str(travelled.client.get_model_version_by_alias(MODEL, "staging").version) == "1"


def test_the_history_tells_of_the_promotion(travelled: Travelled) -> None:
    assert "Of 300 clients." in travelled.commands["history"].out


def test_the_imported_model_is_the_one_the_server_keeps(travelled: Travelled) -> None:
    stored = ModelStore(travelled.home.bentoml / "models").get(f"{MODEL}:mlflow-v1")

    assert Bundle.from_metadata(stored.info.metadata) == travelled.bundle
    travelled.bundle.require_model_file(Path(stored.path_of(STORED_MODEL_FILE)))


def test_the_server_answers_nobody_who_calls_it_by_another_name(travelled: Travelled) -> None:
    address = f"{travelled.url}/api/2.0/mlflow/experiments/search?max_results=1"

    answers = [
        httpx.get(address, headers=headers, timeout=30).status_code
        for headers in ({}, {"Host": "registry.example"})
    ]

    assert answers == [200, 403]
