"""What BentoML makes of our template, without an engine."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bentoml._internal.bento.build_config import BentoBuildConfig
from bentoml._internal.container.generate import generate_containerfile

ROOT = Path(__file__).parents[2]
NEVER = ("mlflow", "scikit-learn", "pandas", "optuna", "streamlit", "locust", "pytest", "xgboost")


@pytest.fixture(params=[True, False], ids=["buildkit", "without"])
def stages(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return the stages of the Dockerfile."""
    monkeypatch.chdir(ROOT)
    options = BentoBuildConfig.from_file("bentofile.yaml").with_defaults()
    text = generate_containerfile(
        options.docker,
        str(ROOT),
        conda=options.conda,
        bento_fs=tmp_path,
        enable_buildkit=request.param,
    )
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]


def test_the_last_of_two_stages_only_copies_what_the_first_installed(stages: list[str]) -> None:
    builder, image = stages

    assert "--require-hashes" in builder
    assert not re.search(r"\b(pip|apt-get|uv)\b", image)
    assert re.findall(r"^COPY .*", image, re.MULTILINE) == [
        "COPY --from=builder /app/.venv /app/.venv",
        "COPY --from=builder /home/bentoml/bento /home/bentoml/bento",
    ]


def test_it_is_run_by_a_user_whose_number_is_no_root(stages: list[str]) -> None:
    users = re.findall(r"^USER (\d+):(\d+)$", stages[-1], re.MULTILINE)

    assert [tuple(map(int, user)) for user in users] == [(1034, 1034)]


def test_it_writes_nowhere_but_to_the_temporary_folder(stages: list[str]) -> None:
    places = dict(re.findall(r"(BENTOML_HOME|CREDIT_HOME)=(\S+)", stages[-1]))

    assert set(places) == {"BENTOML_HOME", "CREDIT_HOME"}
    assert all(place.startswith("/tmp/") for place in places.values())


def test_it_listens_where_the_gate_wants_a_key(stages: list[str]) -> None:
    assert "BENTOML_HOST=0.0.0.0 " in stages[-1]
    assert not re.search("CREDIT_ALLOW_ANONYMOUS=|CREDIT_TOKEN_SECRET=", stages[-1])


def test_its_health_is_asked_by_a_script_that_the_bento_includes(stages: list[str]) -> None:
    (command,) = re.findall(r"^HEALTHCHECK .*\n +CMD (.*)", stages[-1], re.MULTILINE)
    script = json.loads(command)[-1].removeprefix("/home/bentoml/bento/src/")

    assert script in (BentoBuildConfig.from_file(str(ROOT / "bentofile.yaml")).include or [])
    assert (ROOT / script).is_file()


def test_files_that_the_template_copies_from_the_bento_are_in_it(stages: list[str]) -> None:
    included = BentoBuildConfig.from_file(str(ROOT / "bentofile.yaml")).include or []

    copied = re.findall(r"^COPY src/(\S+) ", stages[0], re.MULTILINE)
    assert len(copied) == 2
    assert set(copied) <= set(included)


@pytest.mark.parametrize("package", NEVER)
def test_no_package_of_training_is_installed(package: str) -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()

    pinned = [line for line in lines if line.startswith(f"{package}==")]
    assert all("sys_platform == 'darwin'" in line for line in pinned)


def test_every_package_is_installed_by_its_hash() -> None:
    text = (ROOT / "requirements.lock").read_text()

    packages = [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry]
    assert len(packages) > 50
    assert [entry for entry in packages if "--hash=sha256:" not in entry] == []
