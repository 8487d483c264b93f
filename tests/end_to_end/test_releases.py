"""From a registered version to Production and back, and the proof that all say the same."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from mlflow import MlflowClient

from credit.errors import ParityBroken
from registry.parity import ask_service
from registry.scoring_api import ScoringApi
from registry.stage import Stage
from tests.command import Home
from tests.conftest import PSEUDONYM_SECRET
from tests.promotion import promote_unjudged
from tests.registry.bundle_beside import write_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Trained
    from tests.end_to_end.conftest import Service

MODEL = "credit_scoring_model"
KEY = {"CREDIT_PSEUDONYM_KEY": PSEUDONYM_SECRET.hex()}


FORCED = ("--force", "--reason", "to be rolled back")


def make_home(folder: Path, trained: Trained) -> Home:
    """Return a registry of two versions with two thresholds; the first is Staging."""
    home = Home(folder)
    shutil.copy(trained.database, home.database)
    home.history_store.parent.mkdir()
    shutil.copy(trained.order.history_store, home.history_store)
    client = MlflowClient(home.tracking_uri)
    first = client.get_model_version(MODEL, "1")
    dearer = {**first.tags, "threshold": "0.5"}
    second = shutil.copytree(trained.model_folder, folder / "second")
    write_bundle(second, dearer)
    client.create_model_version(MODEL, second.as_uri(), first.run_id, tags=dearer)
    promote_unjudged(client, MODEL, "1")
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Home:
    """Version 1 is Staging, and stays so."""
    return make_home(tmp_path_factory.mktemp("r"), trained)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Home:
    """Version 1 went to Production; then 2 by force, and was rolled back."""
    home = make_home(tmp_path_factory.mktemp("r"), trained)
    promote_unjudged(MlflowClient(home.tracking_uri), MODEL, "1", Stage.PRODUCTION)
    for command in (
        ("promote", "2", "--to", "Staging", *FORCED),
        ("promote", "2", "--to", "Production", "--approver", "Bea", *FORCED),
        ("rollback", "--from", "2", "--reason", "refuses nobody"),
    ):
        finished = home.call(*command, CREDIT_USER="ann@desk")
        assert finished.exit_code == 0, finished
    return home


@pytest.fixture(scope="module")
def built(home: Home) -> str:
    """The Bento of the Staging version."""
    finished = home.run("build", "--json")
    assert finished.exit_code == 0, finished
    return str(json.loads(finished.out)["bento"])


def read_history(home: Home) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(home.call("history", "--json").out)
    return found


def test_registry_and_bento_say_what_training_said_to_the_last_bit(
    home: Home, built: str, many_clients: Path
) -> None:
    finished = home.run("parity", "--data", many_clients, "--bento", built, **KEY)

    assert (finished.exit_code, finished.err) == (0, "")
    *_, registry, bento = finished.out.splitlines()
    assert registry.split()[-3:] == ["500", "0", "0"]
    assert bento.split()[-3:] == ["500", "0", "0"]


def test_clients_that_the_version_was_not_trained_on_prove_nothing(
    home: Home, many_clients: Path
) -> None:
    other = {"CREDIT_PSEUDONYM_KEY": "ab" * 32}

    finished = home.call("parity", "--data", many_clients, "--bento", "none", **other)

    assert finished.exit_code == 19
    assert "None of the" in finished.err
    assert "the key it was trained with" in finished.err


def test_without_a_key_parity_makes_none(home: Home, many_clients: Path) -> None:
    finished = home.call("parity", "--data", many_clients, "--bento", "none")

    assert finished.exit_code == 18
    assert "CREDIT_PSEUDONYM_KEY is not set" in finished.err
    assert not home.history_store.with_name("pseudonym.key").exists()


def test_a_service_of_another_version_proves_nothing(service: Service) -> None:
    with pytest.raises(ParityBroken, match="serves version 1, and version 2 is to be proved"):
        ask_service("It", ScoringApi(service.url), [], "2")


def test_a_rollback_stands_in_the_history_with_who_and_why(released: Home) -> None:
    last = read_history(released)[-1]

    assert (last["action"], last["version"], last["from_version"]) == ("rollback", "1", "2")
    assert (last["who"], last["reason"]) == ("ann@desk", "refuses nobody")


def test_the_history_tells_who_was_production_on_a_day(released: Home) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"

    day = released.call("history", "--on", today, "--stage", "Production").out.splitlines()

    assert [line.split()[:3] for line in day] == [
        ["Production:", "version", version] for version in ("1", "2", "1")
    ]
    assert "and still" in day[-1]


def test_what_the_gate_said_stands_in_the_history(released: Home) -> None:
    judged = [item for item in read_history(released) if item["reason"] == "to be rolled back"]

    assert [(item["stage"], item["approver"]) for item in judged] == [
        ("Staging", None),
        ("Production", "Bea"),
    ]
    for item in judged:
        # Version 2 has the model of 1 with another threshold.
        assert item["forced"] is not item["gate_passed"]
        assert len(item["gate_sha256"]) == 64


def test_a_rollback_named_again_goes_no_further(released: Home) -> None:
    again = released.call("rollback", "--from", "2")

    assert again.exit_code == 0
    assert "Production: back from version 2 to 1" in again.out
    assert len(read_history(released)) == 5
