"""The whole road, as its first user goes it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from bentoml._internal.bento import BentoStore
from bentoml._internal.models import ModelStore
from mlflow import MlflowClient

from credit.bundle import Bundle
from registry.holder import find_recorded_holder
from registry.stage import Stage
from registry.trial import find_free_port
from tests.command import Finished, Home

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120
MODEL = "credit_scoring_model"


@dataclass(frozen=True)
class Demo:
    """A demo that was run, and what is in its stores."""

    home: Home
    finished: Finished

    @property
    def answer(self) -> dict[str, Any]:
        """The decision it printed."""
        printed = re.search(r"^\{.*?^\}", self.finished.out, re.MULTILINE | re.DOTALL)
        assert printed is not None, self.finished
        answer: dict[str, Any] = json.loads(printed[0])
        return answer

    @property
    def registry(self) -> MlflowClient:
        return MlflowClient(self.home.tracking_uri)

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.home.bentoml / "models")

    @property
    def bentos(self) -> BentoStore:
        return BentoStore(self.home.bentoml / "bentos")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo in a home where nothing is, given elsewhere than in the project."""
    home = Home(tmp_path_factory.mktemp("d"))  # short: sockets' paths must be
    return Demo(home, home.run("demo", "--no-serve", "--clients", "500"))


def test_the_demo_prints_figures_threshold_and_a_decision(demo: Demo) -> None:
    assert (demo.finished.exit_code, demo.finished.err) == (0, "")
    (auc,) = re.findall(r"AUC (\d\.\d{4}) ", demo.finished.out)
    (threshold,) = re.findall(r"threshold (\d\.\d{4});", demo.finished.out)
    assert 0 < float(auc) < 1
    assert f"{demo.answer['threshold']:.4f}" == threshold
    refused = demo.answer["probability"] >= demo.answer["threshold"]
    assert demo.answer["decision"] == ("REFUSED" if refused else "APPROVED")
    assert demo.answer["model_version"] == "1"


def test_version_1_is_staging_by_stage_and_by_alias(demo: Demo) -> None:
    version = demo.registry.get_model_version(MODEL, "1")
    aliased = demo.registry.get_model_version_by_alias(MODEL, "staging")

    assert version.current_stage == "Staging"
    assert str(aliased.version) == "1"
    assert float(version.tags["threshold"]) == demo.answer["threshold"]


def test_the_bento_is_pinned_to_the_model_with_the_same_threshold(demo: Demo) -> None:
    model = demo.models.get(f"{MODEL}:mlflow-v1")
    (bento,) = demo.bentos.list()

    assert Bundle.from_metadata(model.info.metadata).threshold == demo.answer["threshold"]
    assert [str(pinned.tag) for pinned in bento.info.all_models] == [f"{MODEL}:mlflow-v1"]
    assert f"Starting {bento.tag}, pinned to {MODEL}:mlflow-v1" in demo.finished.out


def test_nothing_is_left_lying_about(demo: Demo) -> None:
    assert demo.finished.exit_code == 0
    # BentoML makes an empty folder for each client and leaves it.
    left = [path for path in demo.home.find_leftovers() if "bentoml-client-" not in path.name]
    assert left == []


def test_a_plain_bentoml_serve_works_by_itself_after_the_demo(demo: Demo) -> None:
    info = serve_and_ask(demo.home)

    assert info["model"] == f"{MODEL}:mlflow-v1"
    assert info["model_version"] == "1"
    assert info["threshold"] == demo.answer["threshold"]
    assert info["history_store"]["state"] == "loaded"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_next_demo_is_version_2_and_version_1_can_be_brought_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = Home(tmp_path_factory.mktemp("d"))
    first, second = (
        Demo(home, home.run("demo", "--no-serve", "--clients", "500")) for _ in range(2)
    )

    assert (first.finished.exit_code, second.finished.exit_code) == (0, 0)
    assert second.answer["model_version"] == "2"
    assert find_recorded_holder(second.registry, MODEL, Stage.STAGING).version == "2"
    assert first.registry.get_model_version(MODEL, "1").current_stage == "Archived"
    assert len(second.bentos.list()) == 2

    assert home.run("rollback").exit_code == 0
    assert home.run("build").exit_code == 0
    assert serve_and_ask(home)["model_version"] == "1"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_demo_goes_the_road_on_real_histories(
    real_tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("d"))

    demo = Demo(home, home.run("demo", "--no-serve", "--data", real_tables / "relational"))

    assert (demo.finished.exit_code, demo.finished.err) == (0, "")
    assert "Note: bureau.SK_ID_CURR: orphan key in 6,818 rows" in demo.finished.out
    assert 0 <= demo.answer["probability"] <= 1
    assert find_recorded_holder(demo.registry, MODEL, Stage.STAGING).bundle.oof_auc > 0.70


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_on_real_applications_the_model_is_good_and_its_threshold_near_the_price_ratio(
    real_tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("d"))

    demo = Demo(home, home.run("demo", "--no-serve", "--data", real_tables / "application"))

    assert (demo.finished.exit_code, demo.finished.err) == (0, "")
    assert demo.finished.out.count("Note: ") == 6  # one a missing history
    bundle = find_recorded_holder(demo.registry, MODEL, Stage.STAGING).bundle
    assert bundle.oof_auc >= 0.755
    assert 0.06 <= bundle.threshold <= 0.13
    assert demo.answer["threshold"] == bundle.threshold


def serve_and_ask(home: Home) -> dict[str, Any]:
    """Return what a plain `bentoml serve` in the project's root tells about its model."""
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
        return wait_for_model_info(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_for_model_info(url: str) -> dict[str, Any]:
    deadline_s = time.monotonic() + READY_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                info: dict[str, Any] = httpx.get(f"{url}/model-info", timeout=5).json()
                return info
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline_s, "It is never ready."
        time.sleep(0.2)
