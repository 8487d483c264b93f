"""History tables written down row by row, and their features as DuckDB computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from credit.contract import TABLES, Column, Kind
from credit.features.catalog import HISTORY_FAMILIES, HISTORY_FEATURE_NAMES
from credit.features.history import aggregate_histories, assemble_histories
from training.histories import to_family_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, object]

Histories = dict[int, dict[str, float]]


class Aggregate(Protocol):
    """Returns each client's features by name; what a row does not name is null."""

    def __call__(self, **tables: Sequence[Row]) -> Histories: ...


class AggregateOne(Protocol):
    """Returns client 1's features of one table by name, without the table's prefix."""

    def __call__(
        self, table: str, rows: Sequence[Row], **others: Sequence[Row]
    ) -> dict[str, float]: ...


@pytest.fixture(scope="session")
def aggregate() -> Aggregate:
    return aggregate_with_duckdb


@pytest.fixture(scope="session")
def aggregate_one() -> AggregateOne:
    def compute(table: str, rows: Sequence[Row], **others: Sequence[Row]) -> dict[str, float]:
        families = (family for family in HISTORY_FAMILIES if family.table == table)
        names = [item.feature.name for family in families for item in family.features]
        prefix = names[0].removesuffix("has_history")
        features = aggregate_with_duckdb(**{table: rows, **others})[1]
        return {name.removeprefix(prefix): features[name] for name in names}

    return compute


def aggregate_with_duckdb(**tables: Sequence[Row]) -> Histories:
    with duckdb.connect() as connection:
        frames = {
            name: nw.from_native(connection.from_arrow(make_table(name, rows)))
            for name, rows in tables.items()
        }
        histories = assemble_histories(
            {
                number: to_family_values(family.to_native().to_arrow_table())
                for number, family in aggregate_histories(frames)
            }
        )
    clients, features = histories.clients.tolist(), histories.features
    assert clients == sorted(set(clients))
    assert features.dtype == np.float32
    assert features.shape == (len(clients), len(HISTORY_FEATURE_NAMES))
    return {
        client: dict(zip(HISTORY_FEATURE_NAMES, row, strict=True))
        for client, row in zip(clients, features.tolist(), strict=True)
    }


def make_table(name: str, rows: Sequence[Row]) -> pa.Table:
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], choose_type(column))
            for column in TABLES[name].columns
        }
    )


def choose_type(column: Column) -> pa.DataType:
    if column.kind is Kind.CATEGORY:
        return pa.string()
    whole = column.kind is Kind.KEY or (column.kind is Kind.INTEGER and not column.nullable)
    return pa.int64() if whole else pa.float64()
