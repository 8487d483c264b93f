"""Secrets come from the environment, and every variable is one that somebody reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.deploy_files import (
    COMPOSE,
    ENV_EXAMPLE,
    ROOT,
    WORKFLOW,
    list_delivery_files,
    list_setting_names,
    read_source,
    read_yaml,
    walk,
)

SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$|CREDENTIAL|HOOK", re.IGNORECASE)
REFERENCE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
OURS = re.compile(r"\b(?:CREDIT|MLFLOW|BENTOML)_[A-Z][A-Z_]*\b")


def read_example() -> dict[str, str]:
    lines = ENV_EXAMPLE.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def list_references() -> list[tuple[str, str, str]]:
    """Return what compose takes from the environment: name, kind of default, default."""
    return REFERENCE.findall(COMPOSE.read_text())


def test_the_example_names_what_compose_reads_and_nothing_else() -> None:
    assert set(read_example()) == {name for name, _, _ in list_references()}


def test_compose_says_what_to_do_for_each_variable_that_has_no_default() -> None:
    example = read_example()

    for name, kind, text in list_references():
        if example[name]:
            assert (kind, text) == ("-", example[name])
        else:
            assert kind == "?", f"{name} has neither a default nor a message"
            assert ".env.example" in text


def test_git_ignores_the_file_that_holds_the_secrets() -> None:
    lines = (ROOT / ".gitignore").read_text().splitlines()

    assert "/deploy/compose/.env" in lines


@pytest.mark.parametrize("name", [name for name, _, _ in list_references() if SECRET.search(name)])
def test_a_secret_has_no_value_and_is_required(name: str) -> None:
    kinds = {kind for other, kind, _ in list_references() if other == name}

    assert read_example()[name] == ""
    assert kinds == {"?"}


@pytest.mark.parametrize(
    "file",
    [path for path in list_delivery_files() if path.suffix in {".yaml", ".json"}],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_file_has_the_value_of_a_secret(file: Path) -> None:
    for key, value in walk(read_yaml(file)):
        if SECRET.search(key) and isinstance(value, str):
            assert re.match(r"\$\{\{ secrets\.\w+( \|\| github\.token)? \}\}$|\$\{\w+:\?", value), (
                key,
                value,
            )
        if key == "secretRef":
            assert set(value) <= {"name", "optional"}
        if isinstance(value, str):
            assert not re.search(r"://[^/\s:@]+:[^/\s@$]+@", value), f"a password in {key}"


def test_scripts_of_the_workflow_see_secrets_only_as_variables() -> None:
    scripts = [value for key, value in walk(read_yaml(WORKFLOW)) if key == "run"]

    assert not [script for script in scripts if "${{" in str(script)]


def test_every_variable_of_ours_is_read_by_somebody() -> None:
    mlflow = read_source("mlflow", "mlflow/environment_variables.py", "mlflow/cli/__init__.py")
    bentoml = read_source(
        "bentoml",
        "bentoml/_internal/configuration/containers.py",
        "bentoml/_internal/utils/analytics/usage_stats.py",
    )
    ours = list_setting_names() | set(read_example())

    for file in list_delivery_files():
        for name in OURS.findall(file.read_text(encoding="utf-8")):
            source = {"MLFLOW": mlflow, "BENTOML": bentoml, "CREDIT": ""}[name.partition("_")[0]]
            assert name in ours or f'"{name}"' in source, f"nobody reads {name}, in {file}"
