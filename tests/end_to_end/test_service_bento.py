"""The Bento that `bentofile.yaml` describes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.serving.access_gate import PRIVATE_KEY, make_token, write_pem

if TYPE_CHECKING:
    from collections.abc import Callable

    from credit.bundle import Bundle
    from tests.end_to_end.conftest import Published, Start

ROOT = Path(__file__).parents[2]


def build(bentoml_home: Path) -> Path:
    """Build the Bento with the model pinned, and return its folder."""
    pinned = ["--arg", "model_tag=credit_scoring_model:mlflow-v1"]
    subprocess.run(
        [sys.executable, "-m", "bentoml", "build", *pinned],
        cwd=ROOT,
        env=os.environ | {"BENTOML_HOME": str(bentoml_home), "BENTOML_DO_NOT_TRACK": "true"},
        check=True,
        capture_output=True,
    )
    (manifest,) = bentoml_home.glob("bentos/credit_scoring/*/bento.yaml")
    return manifest.parent


def test_the_bento_holds_the_service_alone_and_serves_the_model_it_was_built_with(
    start_service: Start,
    publish_bundle: Callable[[Path, Bundle], None],
    published: Published,
    tmp_path: Path,
) -> None:
    bentoml_home = tmp_path / "bentoml"
    shutil.copytree(published.bentoml_home, bentoml_home)
    sources = build(bentoml_home) / "src"
    publish_bundle(bentoml_home, published.bundle.model_copy(update={"model_version": "2"}))
    shutil.copy(published.history_store, tmp_path / "here.arrow")

    (tmp_path / "public.pem").write_text(write_pem(PRIVATE_KEY))
    settings = {"CREDIT_TOKEN_PUBLIC_KEY": "public.pem"}
    token = {"Authorization": f"Bearer {make_token(key=PRIVATE_KEY, algorithm='RS256')}"}

    # Relative paths: seen from where the command is given, not from inside the Bento.
    store = Path("here.arrow")
    with start_service(
        bentoml_home, store, bento="credit_scoring", folder=tmp_path, settings=settings
    ) as service:
        info = service.get("/model-info").json()
        answer = service.ask(published.applicants[0], headers=token)
        refused = service.post({"data": published.applicants[0]})

    assert {path.relative_to(sources).parts[0] for path in sources.rglob("*.py")} == {
        "service.py",
        "settings.py",
        "serving",
        "credit",
        "deploy",
    }
    assert info["model"] == "credit_scoring_model:mlflow-v1"
    assert info["history_store"] == published.store_origin
    assert answer["probability"] == published.score_offline()[0]
    assert refused.status_code == 401
