"""Render and Hugging Face: one Dockerfile on the pushed image, one port, no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from tests.deploy.deploy_files import (
    DEPLOY,
    ROOT,
    list_instructions,
    read_image_environment,
    read_service_settings,
    read_yaml,
)

if TYPE_CHECKING:
    from tests.deploy.conftest import ServiceFacts

DOCKERFILE = DEPLOY / "hosted" / "Dockerfile"
ENVIRONMENT = read_image_environment(DOCKERFILE)
(RENDER,) = read_yaml(ROOT / "render.yaml")["services"]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def read_front_matter() -> dict[str, Any]:
    text = (DEPLOY / "huggingface" / "README.md").read_text()
    opening, front, _ = text.split("---\n", 2)
    assert opening == ""
    matter: dict[str, Any] = yaml.safe_load(front)
    return matter


def test_the_image_is_the_one_that_was_pushed() -> None:
    instructions = list_instructions(DOCKERFILE)

    assert instructions[:2] == [("ARG", "SERVICE_IMAGE"), ("FROM", "${SERVICE_IMAGE}")]


def test_the_space_s_front_matter_fits_its_dockerfile() -> None:
    front = read_front_matter()

    assert front["sdk"] == "docker"
    assert str(front["app_port"]) == ENVIRONMENT["PORT"]
    assert {front["colorFrom"], front["colorTo"]} <= COLOURS
    assert len(front["short_description"]) <= 60  # more is refused


def test_the_user_is_the_one_that_hugging_face_runs_everything_as() -> None:
    instructions = list_instructions(DOCKERFILE)

    assert [rest for word, rest in instructions if word == "USER"] == ["1000:1000"]


def test_the_service_has_the_same_settings_as_elsewhere_but_for_the_store() -> None:
    own = {name: text for name, text in ENVIRONMENT.items() if name not in {"HOME", "PORT"}}
    assert own | {"CREDIT_HISTORY_STORE": "/data/history.arrow"} == read_service_settings()
    assert ENVIRONMENT["HOME"] == "/tmp"


def test_render_builds_the_same_dockerfile_and_asks_the_service_s_own_route(
    service_facts: ServiceFacts,
) -> None:
    settings = {variable["key"]: variable for variable in RENDER["envVars"]}

    assert ROOT / RENDER["dockerfilePath"] == DOCKERFILE
    assert ROOT / RENDER["dockerContext"] == DOCKERFILE.parent
    assert RENDER["healthCheckPath"] in service_facts.routes
    assert settings["PORT"]["value"] == ENVIRONMENT["PORT"]
    assert settings["CREDIT_TOKEN_SECRET"] == {"key": "CREDIT_TOKEN_SECRET", "generateValue": True}
    assert settings["SERVICE_IMAGE"] == {"key": "SERVICE_IMAGE", "sync": False}
    assert service_facts.timeout_s < RENDER["maxShutdownDelaySeconds"] <= 300
    assert RENDER["autoDeploy"] is False
