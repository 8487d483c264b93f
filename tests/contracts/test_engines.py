"""DuckDB and Spark compute the same: every feature, of every client, from the same files.

Features that count or choose among a client's rows must have the same bits. Sums may be added up in
another order, so the others may differ by RELATIVE, or by ABSOLUTE where large terms cancel.
"""

from __future__ import annotations

import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from credit.features.catalog import HISTORY_FEATURE_NAMES
from credit.features.history import ClientHistories
from demo import make_demo_tables
from training.engines.name import EngineName
from training.engines.on_spark import collect_histories
from training.histories import build_histories
from training.tables import Tables, open_tables

if TYPE_CHECKING:
    from training.engines.spark_process import Spark

Column = NDArray[np.float32]

RELATIVE = 1e-6
ABSOLUTE = 1e-7
RARE = {"bureau_mortgage_max_overdue_max", "bureau_microloan_max_overdue_max"}
"""Not one of the few demo clients has been late with such a loan."""
_CHOOSES = re.compile(r"_(has_history|count|min|max)(_\d+[a-z]*)?$")

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class SharedSpark:
    """An engine on the Spark that all tests share."""

    spark: Spark
    name: EngineName = EngineName.SPARK

    def aggregate(self, tables: Tables) -> dict[int, pa.Table]:
        return self.spark.run(lambda session: collect_histories(session, tables))


def compare_engines(source: Path, spark: Spark) -> ClientHistories:
    """Return the history features, if both engines agree on them."""
    with open_tables(source) as tables:
        by_duckdb = build_histories(tables)
        by_spark = build_histories(tables, SharedSpark(spark))
    np.testing.assert_array_equal(by_spark.clients, by_duckdb.clients)
    differences = (
        find_difference(name, by_duckdb.features[:, place], by_spark.features[:, place])
        for place, name in enumerate(HISTORY_FEATURE_NAMES)
    )
    worst_first = sorted((found for found in differences if found is not None), reverse=True)
    told = [line for _, line in worst_first]
    assert not told, f"{len(told)} features differ, the worst first:\n" + "\n".join(told[:20])
    return by_duckdb


def find_difference(name: str, expected: Column, found: Column) -> tuple[float, str] | None:
    """Return how much a feature differs and where, or None if it does not."""
    if _CHOOSES.search(name):
        alike = expected.copy().view(np.uint32) == found.copy().view(np.uint32)
    else:
        alike = np.isclose(found, expected, rtol=RELATIVE, atol=ABSOLUTE)
    differs = ~(alike | (np.isnan(expected) & np.isnan(found)))
    if not differs.any():
        return None
    gap = np.where(differs, np.abs(found - expected) / np.maximum(np.abs(expected), ABSOLUTE), 0)
    gap = np.nan_to_num(gap, nan=math.inf)
    row = int(np.argmax(gap))
    return float(gap[row]), (
        f"{name}: {int(differs.sum())} clients, by {gap[row]:.2g}; client in row {row}: "
        f"duckdb {expected[row]!r}, spark {found[row]!r}"
    )


def test_every_feature_of_every_client_is_the_same_on_both_engines(
    few_clients: Path, spark: Spark
) -> None:
    histories = compare_engines(few_clients, spark)

    assert len(histories.clients) > 250
    empty = np.array(HISTORY_FEATURE_NAMES)[np.isnan(histories.features).all(axis=0)]
    assert set(empty) <= RARE, "features that no demo client has prove nothing"


@pytest.mark.slow
def test_both_engines_agree_when_tables_are_missing_and_others_are_zipped(
    tmp_path: Path, spark: Spark
) -> None:
    source = make_demo_tables(tmp_path / "with [blank]", clients=60).folder
    (source / "bureau.csv").unlink()
    (source / "credit_card_balance.csv").unlink()
    payments = source / "installments_payments.csv"
    with zipfile.ZipFile(f"{payments}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(payments, payments.name)
    payments.unlink()

    histories = compare_engines(source, spark)

    known = dict(zip(HISTORY_FEATURE_NAMES, histories.features.T, strict=True))
    assert np.isnan(known["bureau_credit_sum"]).all()
    assert not np.isnan(known["pos_months_count"]).all()


@pytest.mark.real
def test_every_feature_of_the_real_clients_is_the_same_on_both_engines(
    real_tables: Path, spark: Spark
) -> None:
    assert len(compare_engines(real_tables / "relational", spark).clients) > 9_000
