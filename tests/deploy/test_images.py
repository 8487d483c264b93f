"""The images that are built here or fetched: pinned, small in what they get, not root."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from streamlit import config

from tests.deploy.deploy_files import (
    COMPOSE,
    DEPLOY,
    DOCKERFILES,
    ROOT,
    list_instructions,
    read_image_environment,
    read_source,
    read_yaml,
)

MLFLOW = DEPLOY / "compose" / "mlflow" / "Dockerfile"
DASHBOARD = DEPLOY / "dashboard" / "Dockerfile"
HOSTED = DEPLOY / "hosted" / "Dockerfile"
CONTEXTS = {MLFLOW: MLFLOW.parent, DASHBOARD: ROOT, HOSTED: HOSTED.parent}
PINNED = re.compile(r"^[\w./-]+:v?\d+(\.\d+)+(-\w+)*$")


def list_foreign_images() -> list[str]:
    services = read_yaml(COMPOSE)["services"].values()
    composed = [service["image"] for service in services if "image" in service]
    built = [
        rest for file in DOCKERFILES for word, rest in list_instructions(file) if word == "FROM"
    ]
    return [image for image in [*composed, *built] if not image.startswith("${SERVICE_IMAGE")]


def read_pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text(), re.MULTILINE))


def test_every_dockerfile_is_known_to_these_tests() -> None:
    assert set(CONTEXTS) == set(DOCKERFILES)


def test_images_of_others_are_pinned_to_a_version() -> None:
    images = list_foreign_images()

    assert len(images) == 5
    assert [image for image in images if not PINNED.match(image)] == []


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_an_image_does_not_run_as_root(file: Path) -> None:
    users = [rest for word, rest in list_instructions(file) if word == "USER"]

    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", users[-1])


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_an_image_gets_only_files_that_are_there_and_not_the_whole_checkout(file: Path) -> None:
    ignore = file.with_name("Dockerfile.dockerignore")
    allowed = set(ignore.read_text().splitlines()) if ignore.exists() else None
    for _, rest in (pair for pair in list_instructions(file) if pair[0] in {"COPY", "ADD"}):
        *sources, _target = shlex.split(rest)
        for source in sources:
            assert (CONTEXTS[file] / source).exists()
            assert source.strip("./") != ""
            assert allowed is None or f"!{source.rstrip('/')}" in allowed


@pytest.mark.parametrize(
    ("lock", "packages"),
    [
        ("compose/mlflow", ["mlflow", "psycopg2-binary"]),
        ("dashboard", ["streamlit", "httpx", "pydantic-settings"]),
    ],
)
def test_an_image_installs_the_versions_the_project_is_tested_with(
    lock: str, packages: list[str]
) -> None:
    file = DEPLOY / lock / "requirements.lock"
    pins = read_pins(file)

    assert {name: pins[name] for name in packages} == {name: version(name) for name in packages}
    assert file.read_text().count("--hash=sha256:") >= len(pins)
    assert "--require-hashes" in (file.parent / "Dockerfile").read_text()


def test_the_dashboard_s_image_has_every_module_the_page_imports() -> None:
    pattern = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
    pages = [*(ROOT / "dashboard").glob("*.py"), ROOT / "settings.py"]
    imported = {name for page in pages for name in pattern.findall(page.read_text())}
    pins = read_pins(DASHBOARD.parent / "requirements.lock")
    installed = {name.replace("-", "_") for name in pins}

    assert imported - installed - sys.stdlib_module_names == {"dashboard", "settings"}


def test_streamlit_and_mlflow_know_the_options_they_are_started_with() -> None:
    known = set(config.get_config_options())
    mlflow = read_source("mlflow", "mlflow/cli/__init__.py", "mlflow/utils/cli_args.py")
    options = {
        file: re.findall(r'"--([\w.-]+)[="]', dict(list_instructions(file))["ENTRYPOINT"])
        for file in (DASHBOARD, MLFLOW)
    }

    assert set(options[DASHBOARD]) <= known
    assert {"host", "port", "serve-artifacts", "artifacts-destination"} <= set(options[MLFLOW])
    assert [name for name in options[MLFLOW] if f'"--{name}' not in mlflow] == []


def test_mlflow_s_server_has_one_worker_as_decided() -> None:
    decision = (ROOT / "docs/adr/0024-mlflows-own-server-decides.md").read_text()
    entrypoint = dict(list_instructions(MLFLOW))["ENTRYPOINT"]

    assert "`--workers 1`" in decision
    assert '"--workers", "1"' in entrypoint


def test_what_an_image_listens_on_is_what_it_exposes() -> None:
    for file, option in ((DASHBOARD, "--server.port="), (MLFLOW, '"--port", "')):
        instructions = dict(list_instructions(file))
        assert f"{option}{instructions['EXPOSE']}" in instructions["ENTRYPOINT"]
    assert read_image_environment(HOSTED)["PORT"] == dict(list_instructions(HOSTED))["EXPOSE"]
