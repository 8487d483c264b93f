"""What the tools of each format say of the files; none of them asks the network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from tests.deploy.deploy_files import COMPOSE, DEPLOY, KUBERNETES, ROOT, WORKFLOW, read_yaml

KUBERNETES_VERSIONS = ["1.32", "1.37"]
SCHEMAS = [
    ("vendor.compose-spec", COMPOSE),
    ("vendor.github-workflows", WORKFLOW),
    ("custom.github-workflows-require-timeout", WORKFLOW),
    ("vendor.dependabot", ROOT / ".github" / "dependabot.yaml"),
]
MANIFESTS = [path for path in sorted(KUBERNETES.glob("*.yaml")) if path.stem != "kustomization"]
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not there: `apt-get install prometheus` (Debian, Ubuntu)"
)


def find_faults(schema: str, file: Path) -> str:
    """Return what the schema finds wrong; nothing if the file keeps it."""
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, str(file)])
    return done.output if done.exit_code else ""


@pytest.mark.parametrize(("schema", "file"), SCHEMAS)
def test_a_file_keeps_its_schema(schema: str, file: Path) -> None:
    assert find_faults(schema, file) == ""


@pytest.mark.parametrize(("schema", "file"), SCHEMAS)
def test_a_schema_would_notice_a_misspelt_word(schema: str, file: Path, tmp_path: Path) -> None:
    words = {"services": "servces", "timeout-minutes": "timeout-mintes", "updates": "updats"}
    text = file.read_text()
    for word, misspelt in words.items():
        text = text.replace(f"{word}:", f"{misspelt}:")
    broken = tmp_path / file.name
    broken.write_text(text)

    assert find_faults(schema, broken) != ""


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_a_manifest_keeps_the_schema_of_kubernetes(file: Path, version: str) -> None:
    kubernetes_validate.validate(read_yaml(file), version, strict=True)


def test_the_schema_of_kubernetes_would_notice_a_misspelt_word() -> None:
    text = (KUBERNETES / "deployment.yaml").read_text().replace("livenessProbe:", "livenesProbe:")

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(yaml.safe_load(text), KUBERNETES_VERSIONS[-1], strict=True)


def test_every_manifest_is_part_of_the_base() -> None:
    listed = read_yaml(KUBERNETES / "kustomization.yaml")["resources"]

    assert sorted(listed) == [file.name for file in MANIFESTS]


def test_the_workflow_has_no_hole_that_zizmor_knows() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [
        str(zizmor),
        "--offline",
        "--no-progress",
        "--persona=pedantic",
        str(ROOT / ".github"),
    ]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@needs_promtool
@pytest.mark.parametrize(
    ("command", "file"), [(["check", "config"], "prometheus"), (["test", "rules"], "alerts_test")]
)
def test_prometheus_own_checker_passes(command: list[str], file: str) -> None:
    path = DEPLOY / "prometheus" / f"{file}.yaml"

    done = subprocess.run(
        [str(PROMTOOL), *command, path], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
