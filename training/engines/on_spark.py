"""History features by Spark: on this machine, or on a cluster that sees the same files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import pyarrow as pa
from pyspark.sql import SparkSession

from credit.contract import HISTORY_TABLES
from credit.features.feature import CLIENT
from credit.features.history import aggregate_histories
from training.engines.name import EngineName
from training.engines.spark_errors import spark_errors_explained
from training.engines.spark_process import start_spark
from training.engines.spark_tables import read_table
from training.tables import Tables


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
    with spark_errors_explained():
        frames = {
            name: nw.from_native(read_table(session, tables.scans[name]))
            for name in HISTORY_TABLES
            if name in tables.present
        }
        aggregated = aggregate_histories(frames)
        # Sorted here: Spark would first take a sample, to find where to part the clients.
        return None if aggregated is None else aggregated.to_native().toArrow().sort_by(CLIENT)
