"""Ctrl-C while Spark works: the command ends as any other, and its Java with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

from tests.command import Home, Running


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("s"))


def find_javas(home: Home) -> list[psutil.Process]:
    """Return every Java that works in the home's temporary folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(home.temporary) in word for word in process.info["cmdline"] or [])
    ]


def spark_has_files(home: Home, pattern: str) -> Callable[[], bool]:
    return lambda: any(home.temporary.glob(f"credit-spark-*/{pattern}"))


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("spark.log", id="while Java starts", marks=[pytest.mark.slow]),
        pytest.param("blockmgr-*", id="while Spark works"),
        pytest.param("blockmgr-*/*/*.data", id="while Spark shuffles", marks=[pytest.mark.slow]),
    ],
)
def test_ctrl_c_ends_the_command_and_its_java(home: Home, few_clients: Path, pattern: str) -> None:
    out = home.cwd / "out"
    running: Running = home.start(
        "features", "--data", few_clients, "--out", out, "--engine", "spark"
    )
    assert running.wait_until(spark_has_files(home, pattern)), "it ended before"

    finished = running.interrupt()

    assert finished.exit_code == 130, finished
    assert finished.err == "credit: interrupted; nothing is left half-written.\n"
    assert find_javas(home) == []
    assert home.find_leftovers() == []
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("master", ["local[*]", "local-cluster[2,1,1024]"])
def test_features_by_spark_are_those_by_duckdb(home: Home, few_clients: Path, master: str) -> None:
    """A local-cluster's workers are processes of their own, as on a cluster."""
    for engine in ("duckdb", "spark"):
        finished = home.run(
            "features",
            *("--data", few_clients, "--out", home.cwd / engine),
            CREDIT_ENGINE=engine,
            CREDIT_SPARK_MASTER=master,
        )
        assert finished.exit_code == 0, finished
        assert finished.err == ""

    by_duckdb, by_spark = (
        pq.read_table(home.cwd / engine / "features.parquet") for engine in ("duckdb", "spark")
    )
    assert by_spark.schema.equals(by_duckdb.schema, check_metadata=True)
    for name in by_duckdb.column_names:
        if name != "TARGET":
            expected, found = by_duckdb[name].to_numpy(), by_spark[name].to_numpy()
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7, err_msg=name)
    assert find_javas(home) == []
    assert home.find_leftovers() == []
