"""What no schema can say of the workflow: what it runs is there, and what it may do is little."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from tests.deploy.deploy_files import ROOT, WORKFLOW, read_yaml

FLOW: dict[Any, Any] = read_yaml(WORKFLOW)
JOBS: dict[str, dict[str, Any]] = FLOW["jobs"]
TRIGGERS = FLOW[True]  # YAML 1.1 reads the word `on` so
GUIDE = (ROOT / "docs" / "deployment.md").read_text()


def list_steps() -> list[dict[str, Any]]:
    return [step for job in JOBS.values() for step in job["steps"]]


def list_scripts(job: str) -> str:
    return "\n".join(step.get("run", "") for step in JOBS[job]["steps"])


def test_actions_are_pinned_to_a_commit_and_the_version_stands_beside_it() -> None:
    used = re.findall(r"uses: (.+)", WORKFLOW.read_text())

    assert len(used) == sum("uses" in step for step in list_steps())
    for line in used:
        assert re.match(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_a_job_may_read_the_code_and_one_of_them_push_packages() -> None:
    rights = {name: job["permissions"] for name, job in JOBS.items()}

    assert FLOW["permissions"] == {}
    assert rights == {
        "check": {"contents": "read"},
        "image": {"contents": "read"},
        "publish": {"packages": "write"},
        "deploy": {},
    }


def test_no_checkout_leaves_a_token_behind() -> None:
    checkouts = [step for step in list_steps() if "actions/checkout" in step.get("uses", "")]

    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_order_is_checked_then_tried_then_pushed_then_told() -> None:
    assert JOBS["image"]["needs"] == "check"
    assert JOBS["publish"]["needs"] == "image"
    assert JOBS["deploy"]["needs"] == ["image", "publish"]
    scripts = list_scripts("image")
    steps = ["credit demo", "credit build", "container-check", "docker save"]
    places = [scripts.index(step) for step in steps]
    assert places == sorted(places)


def test_the_image_that_is_pushed_is_the_one_that_was_tried() -> None:
    tried = re.findall(r"container-check --image (\S+)", list_scripts("image"))
    saved = re.findall(r"docker save (\S+)", list_scripts("image"))
    pushed = re.findall(r"docker tag (\S+)", list_scripts("publish"))

    assert tried == saved == pushed != []
    assert "containerize" not in WORKFLOW.read_text()


def test_a_release_is_of_production_which_staging_no_longer_holds() -> None:
    (build,) = [line for line in list_scripts("image").splitlines() if "credit build" in line]

    assert build.endswith("credit build --stage Production")


def test_the_alerts_are_tested_since_promtool_is_installed_first() -> None:
    scripts = [step.get("run", "") for step in JOBS["check"]["steps"]]
    (installing,) = [number for number, script in enumerate(scripts) if "prometheus" in script]

    assert re.search(r"apt-get install .*\bprometheus\b", scripts[installing])
    assert installing < scripts.index(".ci/run")


def test_only_a_tag_pushes_and_only_the_registry_s_model_is_deployed() -> None:
    assert TRIGGERS["push"]["tags"] == ["v*"]
    assert JOBS["publish"]["if"] == "github.ref_type == 'tag'"
    assert JOBS["deploy"]["if"] == "needs.image.outputs.model == 'registry'"
    assert "docker push" not in "".join(list_scripts(name) for name in JOBS if name != "publish")


def test_every_python_that_the_project_supports_is_tested_weekly() -> None:
    supported = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert supported
    first, end = map(int, supported.groups())

    versions = [f'"3.{minor}"' for minor in range(first, end)]
    assert f"[{', '.join(versions)}]" in JOBS["check"]["strategy"]["matrix"]["python"]
    assert TRIGGERS["schedule"]


@pytest.mark.parametrize("script", [".ci/run"])
def test_a_script_that_is_run_is_there_and_can_be_run(script: str) -> None:
    assert any(script in step.get("run", "") for step in list_steps())
    assert os.access(ROOT / script, os.X_OK)


def test_every_variable_and_secret_is_explained_and_nothing_else_is() -> None:
    named = set(re.findall(r"\b(?:vars|secrets)\.(\w+)", WORKFLOW.read_text()))
    section = GUIDE.partition("## GitHub Actions")[2].partition("\n## ")[0]

    assert named == set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE))
