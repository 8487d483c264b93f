"""`deploy/container-check` on the Bento of a published model: the image, for real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published

ROOT = Path(__file__).parents[2]


@pytest.mark.container
@pytest.mark.timeout(1_800)
def test_the_image_passes_its_check(published: Published, tmp_path: Path) -> None:
    shutil.copytree(published.bentoml_home, tmp_path / "bentoml")
    environment = os.environ | {"BENTOML_HOME": str(tmp_path / "bentoml")}
    pinned = ["--arg", "model_tag=credit_scoring_model:mlflow-v1"]
    build = [sys.executable, "-m", "bentoml", "build", *pinned]
    subprocess.run(build, cwd=ROOT, env=environment, check=True, capture_output=True)

    sbom, cache = tmp_path / "sbom.json", ROOT / "var" / "container-check"
    options = ["--history-store", str(published.history_store), "--sbom", str(sbom)]
    options += [
        "--install",
        "--cache",
        str(cache),
    ]  # kept for the next time: a base image takes a minute
    done = subprocess.run(
        [ROOT / "deploy" / "container-check", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed"), done.stdout + done.stderr
    assert done.returncode == 0
    names = {component["name"] for component in json.loads(sbom.read_text())["components"]}
    assert "xgboost-cpu" in names
    assert not {name for name in names if name.startswith("mlflow")}
