"""The whole road, as its first user goes it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient

from registry.staging import find_staging
from registry.trial import find_free_port
from tests.command import Finished, Home

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def finished(home: Home) -> Finished:
    return home.run("demo", "--no-serve", "--clients", "1500")


def read_answer(finished: Finished) -> dict[str, object]:
    answer: dict[str, object] = json.loads(
        re.findall(r"^\{.*?^\}", finished.out, re.MULTILINE | re.DOTALL)[-1]
    )
    return answer


def test_the_demo_ends_with_a_decision_of_the_service(finished: Finished) -> None:
    assert finished.exit_code == 0, finished.err
    answer = read_answer(finished)

    assert answer["decision"] == ("REFUSED" if answer["prediction"] else "APPROVED")
    assert answer["prediction"] == int(float(str(answer["probability"])) >= answer["threshold"])  # type: ignore[operator]
    assert answer["model_version"] == "1"
    assert "AUC 0." in finished.out


def test_model_and_threshold_are_in_the_registry_as_the_staging_version(
    home: Home, finished: Finished
) -> None:
    staging = find_staging(MlflowClient(home.tracking_uri), "credit_scoring_model")

    assert staging.version == "1"
    assert staging.bundle.threshold == read_answer(finished)["threshold"]


def test_a_plain_bentoml_serve_works_by_itself_after_the_demo(
    home: Home, finished: Finished
) -> None:
    port = find_free_port()
    command = [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1"]
    with (home.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=ROOT,
            env=home.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            info = wait_for_model_info(f"http://127.0.0.1:{port}")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    assert info["threshold"] == read_answer(finished)["threshold"]
    assert info["model"] == "credit_scoring_model:mlflow-v1"
    assert info["history_store"]["state"] == "loaded"  # type: ignore[index]


def test_nothing_is_left_lying_about(home: Home, finished: Finished) -> None:
    assert finished.exit_code == 0
    assert home.find_leftovers() == []


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("folder", ["relational", "application"])
def test_the_demo_goes_the_road_on_real_tables(tmp_path: Path, folder: str) -> None:
    if "HOME_CREDIT_DIR" not in os.environ:
        pytest.skip("HOME_CREDIT_DIR is not set: the real tables are not here.")
    data = Path(os.environ["HOME_CREDIT_DIR"]) / folder
    home = Home(tmp_path)

    finished = home.run("demo", "--no-serve", "--data", data)

    assert finished.exit_code == 0, finished.err
    staging = find_staging(MlflowClient(home.tracking_uri), "credit_scoring_model")
    if folder == "application":
        assert staging.bundle.oof_auc >= 0.755
        assert 0.06 <= staging.bundle.threshold <= 0.13


def wait_for_model_info(url: str) -> dict[str, object]:
    deadline_s = time.monotonic() + READY_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                info: dict[str, object] = httpx.get(f"{url}/model-info", timeout=5).json()
                return info
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline_s, "It is never ready."
        time.sleep(0.2)
