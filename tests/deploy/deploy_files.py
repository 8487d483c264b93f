"""The files that say how the service is run elsewhere, read as the tools read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml

from settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
ENV_EXAMPLE = DEPLOY / "compose" / ".env.example"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yaml"
KUBERNETES = DEPLOY / "kubernetes" / "base"
GRAFANA_DASHBOARD = DEPLOY / "grafana" / "dashboards" / "credit-scoring.json"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
ADAPTER = DEPLOY / "kubernetes" / "monitoring" / "prometheus-adapter-values.yaml"
DOCKERFILES = sorted(DEPLOY.rglob("Dockerfile"))


SECRETS = ("CREDIT_TOKEN_SECRET", "CREDIT_DECISION_LOG", "CREDIT_PSEUDONYM_KEY")


def read_yaml(path: Path) -> Any:  # noqa: ANN401 -- a file may hold anything
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_json(path: Path) -> Any:  # noqa: ANN401 -- the same
    return json.loads(path.read_text(encoding="utf-8"))


def read_service_settings() -> dict[str, str]:
    """Return what compose sets for the service, but for what clusters keep as secrets."""
    settings: dict[str, str] = dict(read_yaml(COMPOSE)["services"]["service"]["environment"])
    for secret in SECRETS:
        del settings[secret]
    return settings


def read_manifest(kind: str) -> dict[str, Any]:
    """Return the Kubernetes manifest of a kind, of which there is one."""
    manifest: dict[str, Any] = read_yaml(KUBERNETES / f"{kind.lower()}.yaml")
    assert manifest["kind"] == kind
    return manifest


def list_delivery_files() -> list[Path]:
    """Return every file that describes a target; what makes the image stands above the folders."""
    folders = [path for path in DEPLOY.iterdir() if path.is_dir() and path.name != "__pycache__"]
    found = [path for folder in [*folders, ROOT / ".github"] for path in folder.rglob("*")]
    files = [path for path in [*found, ROOT / "render.yaml"] if path.is_file()]
    return sorted(path for path in files if path.suffix not in {".py", ".pyc"})


def list_instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, continued lines joined: word and rest."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]


def read_image_environment(dockerfile: Path) -> dict[str, str]:
    """Return what the ENV instructions of a Dockerfile set."""
    settings = [rest for word, rest in list_instructions(dockerfile) if word == "ENV"]
    return dict(pair.split("=", 1) for rest in settings for pair in rest.split())


def list_setting_names() -> set[str]:
    """Return the environment variables that settings.py reads."""
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        choices = getattr(alias, "choices", [alias or f"CREDIT_{name.upper()}"])
        names |= {str(choice) for choice in choices}
    return names


def walk(content: object) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield str(key), value
            yield from walk(value)
    elif isinstance(content, list):
        for item in content:
            yield from walk(item)


def read_source(package: str, *files: str) -> str:
    """Return the text of modules of an installed package, without importing it."""
    installed = distribution(package)
    return "\n".join(Path(str(installed.locate_file(name))).read_text() for name in files)
