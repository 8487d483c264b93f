"""The Locust scenario against the real service, started as its users start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.conftest import Published, Service

ROOT = Path(__file__).parents[2]


def run_locust(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # Requests in flight at the end are waited for, so that a slow machine makes some too.
    duration = ["--run-time", "3s", "--stop-timeout", "60"]
    clients = ["--headless", "--users", "8", "--spawn-rate", "8", *duration]
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", *clients, "--host", url],
        cwd=ROOT,
        env=os.environ | {"CREDIT_LOADTEST_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(
            lambda table, folder: parquet.write_table(table, folder / "application_test.parquet"),
            id="parquet",
        ),
        pytest.param(
            lambda table, folder: csv.write_csv(table, folder / "application_test.csv"),
            id="csv",
            marks=[pytest.mark.slow],
        ),
    ],
)
def test_answers_that_are_right_end_with_exit_code_0(
    service: Service,
    published: Published,
    tmp_path: Path,
    write: Callable[[pa.Table, Path], None],
) -> None:
    write(pa.Table.from_pylist(list(published.applicants)), tmp_path)
    before = service.read_metric("credit_pd_count")

    finished = run_locust(service.url, tmp_path)

    assert finished.returncode == 0, finished.stderr
    assert service.read_metric("credit_pd_count") > before


def test_requests_that_fail_end_with_exit_code_1(
    service: Service, published: Published, tmp_path: Path
) -> None:
    broken = [row | {"AMT_CREDIT": -1.0} for row in published.applicants]
    parquet.write_table(pa.Table.from_pylist(broken), tmp_path / "application_test.parquet")

    finished = run_locust(service.url, tmp_path)

    assert finished.returncode == 1
    assert "greater than or equal" in finished.stdout + finished.stderr
