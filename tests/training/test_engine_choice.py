from __future__ import annotations

import sys

import pytest

from credit.errors import EngineFailed
from training.engines.choice import choose_engine
from training.engines.name import EngineName
from training.engines.on_duckdb import DuckDbEngine
from training.engines.on_spark import SparkEngine
from training.engines.spark_settings import describe_spark


def test_duckdb_is_the_engine_that_needs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    assert choose_engine(EngineName.DUCKDB, spark_master="local[*]") == DuckDbEngine()


def test_spark_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(EngineFailed, match="extra spark"):
        choose_engine(EngineName.SPARK, spark_master="local[*]")


def test_spark_with_too_little_memory_is_refused_before_it_starts() -> None:
    with pytest.raises(EngineFailed, match="512MiB"):
        choose_engine(EngineName.SPARK, spark_master="local[*]", memory_limit="400MiB")


@pytest.mark.parametrize(
    ("limit", "heap"), [("4GB", "3814m"), ("1.5 GiB", "1536m"), ("900MB", "858m")]
)
def test_the_memory_limit_becomes_the_heap_of_a_local_spark(limit: str, heap: str) -> None:
    assert describe_spark("local[*]", limit)["spark.driver.memory"] == heap


def test_a_cluster_keeps_its_own_addresses_and_memory() -> None:
    settings = describe_spark("spark://cluster.example:7077", "4GB")

    assert not settings.keys() & {
        "spark.driver.bindAddress",
        "spark.driver.host",
        "spark.driver.memory",
    }


def test_the_choice_of_spark_carries_its_master() -> None:
    engine = choose_engine(EngineName.SPARK, spark_master="local[1]")

    assert isinstance(engine, SparkEngine)
    assert engine.settings["spark.master"] == "local[1]"


@pytest.mark.parametrize("master", ["nowhere", "local[many]", "http://host", ""])
def test_a_master_that_is_none_is_refused_before_it_is_asked(master: str) -> None:
    with pytest.raises(EngineFailed, match="CREDIT_SPARK_MASTER"):
        choose_engine(EngineName.SPARK, spark_master=master)


@pytest.mark.parametrize("master", ["local", "local[2]", "spark://a:7077", "k8s://b:443", "yarn"])
def test_a_master_is_taken_as_spark_writes_it(master: str) -> None:
    assert describe_spark(master, None)["spark.master"] == master
