"""`bentoml containerize` in the checkout, with an engine that only remembers what it is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published

ROOT = Path(__file__).parents[2]
ENGINE = """#!{python}
import json, shutil, sys
from pathlib import Path
if sys.argv[1] == "version":
    print(json.dumps("20.10.24"))
else:
    folder = Path({folder!r})
    (folder / "arguments.json").write_text(json.dumps(sys.argv[1:]))
    shutil.copy(sys.argv[sys.argv.index("--file") + 1], folder / "Dockerfile")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where our engine notes what it is told."""
    return tmp_path_factory.mktemp("containerize")


@pytest.fixture(scope="module")
def environment(published: Published, folder: Path) -> dict[str, str]:
    """Return variables that name a store with a Bento, and put our engine in the first place."""
    shutil.copytree(published.bentoml_home, folder / "bentoml")
    engine = folder / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE.format(python=sys.executable, folder=str(folder)))
    engine.chmod(0o755)
    variables = os.environ | {
        "BENTOML_HOME": str(folder / "bentoml"),
        "PATH": f"{engine.parent}:{os.environ['PATH']}",
    }
    labels = ["--label", "git_commit=abc123", "--label", "model_version=1", "--label", "empty="]
    pinned = ["--arg", "model_tag=credit_scoring_model:mlflow-v1", "--version", "v1"]
    run_bentoml("build", *labels, *pinned, environment=variables).check_returncode()
    return variables


def run_bentoml(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bentoml", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_it_builds_our_dockerfile_with_the_bento_s_labels(
    environment: dict[str, str], folder: Path
) -> None:
    own = ["--opt", "label=mine=yes", "--opt", "network=host", "-t", "name:tag"]

    done = run_bentoml("containerize", "credit_scoring:latest", *own, environment=environment)

    assert done.returncode == 0, done.stderr
    assert "FROM ${BASE_IMAGE} AS builder" in (folder / "Dockerfile").read_text()
    arguments = json.loads((folder / "arguments.json").read_text())
    labels = {value for name, value in pairwise(arguments) if name == "--label"}
    assert {
        "mine=yes",
        "credit-scoring.bento=credit_scoring:v1",
        "credit-scoring.model_version=1",
        "org.opencontainers.image.version=v1",
        "org.opencontainers.image.revision=abc123",
    } <= labels
    assert not any("empty" in label for label in labels)
    assert arguments[arguments.index("--tag") + 1] == "name:tag"
    assert arguments[arguments.index("--network") + 1] == "host"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["credit_scoring:v9"], 1, "v9"),
        ([], 2, "Missing argument"),
        (["--help"], 0, "--image-tag"),
    ],
)
def test_it_fails_and_helps_as_bentoml_s_own(
    environment: dict[str, str], arguments: list[str], exit_code: int, said: str
) -> None:
    done = run_bentoml("containerize", *arguments, environment=environment)

    assert done.returncode == exit_code
    assert said in done.stdout + done.stderr
