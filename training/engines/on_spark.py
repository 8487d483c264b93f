"""History features by Spark: on this machine, or on a cluster that sees the same files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from credit.contract import HISTORY_TABLES
from credit.errors import ContractViolation, CreditError, EngineFailed, UnreadableTable
from credit.features.feature import CLIENT
from credit.features.history import aggregate_histories
from training.engines.name import EngineName
from training.engines.spark_process import start_spark
from training.engines.spark_tables import read_table
from training.tables import Tables

_UNREADABLE = ("MALFORMED_RECORD", "MALFORMED_CSV", "FAILED_READ_FILE", "CAST_INVALID_INPUT")


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Starts a Spark for each aggregation, and ends it.

    Attributes:
        settings: What `training.engines.spark_settings.describe_spark` returned.
    """

    settings: Mapping[str, str]

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        return EngineName.SPARK

    def aggregate(self, tables: Tables) -> pa.Table | None:
        """Return the history features as `HistoryEngine.aggregate` says.

        Raises:
            EngineFailed: If Spark does not start or breaks off.
            ContractViolation: If a number is not of its column's kind.
            UnreadableTable: If a file breaks off, or a cell is no number.
        """
        with start_spark(self.settings) as spark:
            return spark.run(lambda session: collect_histories(session, tables))


def collect_histories(session: SparkSession, tables: Tables) -> pa.Table | None:
    """Return the history features as `HistoryEngine.aggregate` says, by a running Spark.

    Raises:
        CreditError: As `SparkEngine.aggregate`.
    """
    try:
        frames = {
            name: nw.from_native(read_table(session, tables.scans[name]))
            for name in HISTORY_TABLES
            if name in tables.present
        }
        aggregated = aggregate_histories(frames)
        # Sorted here: Spark would compute everything twice, to find where to part the clients.
        return None if aggregated is None else aggregated.to_native().toArrow().sort_by(CLIENT)
    except (PySparkException, Py4JError) as error:
        raise explain_spark_error(error) from error


def explain_spark_error(error: PySparkException | Py4JError) -> CreditError:
    """Return what Spark found wrong, in one line and without the cells of a row."""
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    if isinstance(error, PySparkException) and condition == "USER_RAISED_EXCEPTION":
        parameters = error.getMessageParameters() or {}
        return ContractViolation(
            f"{parameters.get('errorMessage', '')} `credit data check` tells where."
        )
    if condition is not None and condition.startswith(_UNREADABLE):
        return UnreadableTable(
            f"A history table cannot be read by Spark ({condition}). "
            "`credit data check` tells which, and where."
        )
    return EngineFailed(
        f"Spark broke off ({condition or type(error).__name__}). If memory was short, raise "
        "CREDIT_MEMORY_LIMIT, or use --engine duckdb."
    )
