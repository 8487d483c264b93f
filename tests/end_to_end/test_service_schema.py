"""The running service keeps to its own OpenAPI description, whatever it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from serving.route_scopes import AccessScope
from tests.end_to_end.bearer import SECRET, make_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Published, Service, Start

ROOT = Path(__file__).parents[2]
CONFIGURATION = "tests/end_to_end/schemathesis.toml"
LARGE = ["--exclude-path", "/predict", "--exclude-path", "/explain"]


@pytest.fixture(scope="module")
def guarded_service(start_service: Start, published: Published) -> Iterator[Service]:
    """A service with a secret, which answers on all its routes."""
    with start_service(
        published.bentoml_home,
        published.history_store,
        application_store=published.application_store,
        settings={"CREDIT_TOKEN_SECRET": SECRET},
    ) as running:
        yield running


def ask_by_the_description(service: Service, *options: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis with all its checks, and a token that allows everything."""
    token = make_token(*AccessScope, lifetime_s=3_600)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIGURATION, "run"]
    command += [f"{service.url}/docs.json", "--url", service.url, "--checks", "all"]
    command += ["--exclude-checks", "positive_data_acceptance"]  # `is_accepted_if_valid` instead
    command += ["--no-color", "-H", f"Authorization: Bearer {token}", *options]
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": "."},
    )


def require_success(asked: subprocess.CompletedProcess[str]) -> None:
    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2_000:]


def test_every_route_answers_as_described(guarded_service: Service) -> None:
    asked = ask_by_the_description(guarded_service, "--phases", "fuzzing", "--max-examples", "30")

    require_success(asked)
    assert "Tested: 11" in asked.stdout


def test_small_routes_answer_as_described_at_the_edges_of_every_parameter(
    guarded_service: Service,
) -> None:
    asked = ask_by_the_description(guarded_service, "--phases", "coverage", *LARGE)

    require_success(asked)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_route_answers_as_described_at_the_edges_of_every_field(
    guarded_service: Service,
) -> None:
    asked = ask_by_the_description(
        guarded_service, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "300"
    )

    require_success(asked)
