"""The engine that was asked for, refused at once where it cannot run."""

from __future__ import annotations

from importlib.util import find_spec

from credit.errors import EngineFailed
from training.engines.engine import HistoryEngine
from training.engines.name import EngineName
from training.engines.on_duckdb import DuckDbEngine


def choose_engine(
    name: EngineName, *, spark_master: str, memory_limit: str | None = None
) -> HistoryEngine:
    """Return the engine of the name.

    Args:
        name: Which.
        spark_master: Where Spark runs, such as ``local[*]`` or ``spark://host:7077``.
        memory_limit: Memory of a local Spark, such as ``4GB``. DuckDB keeps to the limit that its
            tables were opened with.

    Raises:
        EngineFailed: If what the engine needs is not installed, or the limit is too low for it.
    """
    if name is EngineName.DUCKDB:
        return DuckDbEngine()
    if find_spec("pyspark") is None:
        raise EngineFailed(
            "The engine spark needs PySpark, which is not installed. Install the extra with "
            "`uv sync --extra spark` (or `pip install 'credit-scoring[spark]'`), or use "
            "--engine duckdb."
        )
    from training.engines.on_spark import SparkEngine
    from training.engines.spark_settings import describe_spark

    return SparkEngine(describe_spark(spark_master, memory_limit))
