"""From tables to the model's input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.errors import ContractViolation
from credit.features.application import compute_application_features
from credit.features.catalog import FEATURE_NAMES, assemble_features
from credit.features.feature import CLIENT
from credit.features.history import ClientHistories
from training.tables import Tables

TARGET = "TARGET"
TRAINING_TABLE = "application_train"
LATER_TABLE = "application_test"


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """The model's input for one population.

    Attributes:
        clients: SK_ID_CURR, ascending, shape (n,).
        features: float32 of shape (n, len(FEATURES)), columns in the catalog's order.
        defaulted: Outcomes of shape (n,); None where the table has no TARGET.
        columns: The application's own columns, as the contract encodes them, each of shape (n,).
    """

    clients: NDArray[np.int64]
    features: NDArray[np.float32]
    defaulted: NDArray[np.bool_] | None
    columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def build_matrix(tables: Tables, population: str, histories: ClientHistories) -> FeatureMatrix:
    """Return features and outcomes of the clients of an application table, ordered by client.

    Args:
        tables: The open tables.
        population: ``application_train`` or ``application_test``.
        histories: What `build_histories` returned.
    """
    columns = read_encoded(tables, population)
    clients = columns[CLIENT].astype(np.int64)
    history, _ = histories.look_up(clients)
    features = assemble_features(compute_application_features(columns), history)
    defaulted = _read_outcomes(columns[TARGET]) if TARGET in columns else None
    return FeatureMatrix(clients, features, defaulted, columns)


def find_varying(features: NDArray[np.float32], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns that have two values, missing being one.

    The others, those of absent tables among them, say nothing about anybody.

    Args:
        features: Shape (n, columns), n at least 1.
        names: Of the columns.
    """
    first = features[0]
    same = (features == first) | (np.isnan(features) & np.isnan(first))
    return tuple(name for name, alike in zip(names, same.all(axis=0), strict=True) if not alike)


def tell_dull_columns(columns: Mapping[str, NDArray[np.float64]]) -> str | None:
    """Return which of the application's columns are empty or hold one value; None if none is."""
    empty, constant = [], []
    for name, values in columns.items():
        known = values[~np.isnan(values)]
        if not len(known):
            empty.append(name)
        elif len(known) == len(values) and (known == known[0]).all():
            constant.append(name)
    told = [
        f"{said}: {', '.join(names)}"
        for names, said in ((empty, "empty"), (constant, "the same for everybody"))
        if names
    ]
    if not told:
        return None
    return f"Columns of {TRAINING_TABLE} tell nothing and are left out; {'; '.join(told)}"


def take_columns(features: NDArray[np.float32], names: Iterable[str]) -> NDArray[np.float32]:
    """Return the catalog's features of these names, in the catalog's order."""
    wanted = set(names)
    return features[:, [name in wanted for name in FEATURE_NAMES]]


def read_encoded(tables: Tables, name: str) -> dict[str, NDArray[np.float64]]:
    """Return every column of a table as float64, ordered by client."""
    table = tables.relation(name).order(CLIENT).to_arrow_table()
    cells = {
        column: values.to_pylist() if pa.types.is_string(values.type) else values.to_numpy()
        for column, values in zip(table.column_names, table.columns, strict=True)
    }
    return encode_columns(TABLES[name], cells)


def _read_outcomes(target: NDArray[np.float64]) -> NDArray[np.bool_]:
    if missing := int(np.isnan(target).sum()):
        raise ContractViolation(
            f"application_train: TARGET is missing for {missing} clients; it must be 0 or 1. "
            "Run `credit data check` on the folder."
        )
    return np.asarray(target == 1.0)
