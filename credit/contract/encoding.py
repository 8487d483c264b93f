"""Turns the cells of a table into float64: the one place where values become numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from credit.contract.column import Column, Kind, Table

FloatArray = NDArray[np.float64]
Cells = Sequence[object] | NDArray[np.generic]


def encode_columns(table: Table, rows: Mapping[str, Cells]) -> dict[str, FloatArray]:
    """Return every declared column as float64 of shape (n,), absent columns all NaN.

    Categories become their codes, the contract's order 0, 1, 2 …; nulls and sentinels become NaN.
    Columns that the contract does not declare are ignored.

    Raises:
        ValueError: If the columns differ in length, or a text is not a category of its column.
    """
    lengths = {len(cells) for name, cells in rows.items() if name in table.by_name}
    if len(lengths) > 1:
        raise ValueError(f"{table.name}: columns of different lengths {sorted(lengths)}.")
    count = lengths.pop() if lengths else 0
    missing = np.full(count, np.nan)
    missing.flags.writeable = False
    return {
        column.name: encode_column(column, rows[column.name]) if column.name in rows else missing
        for column in table.columns
    }


def encode_column(column: Column, cells: Cells) -> FloatArray:
    """Return the cells as float64 of shape (n,); null and sentinel are NaN, categories codes.

    Raises:
        ValueError: If a text is not a category of the column.
    """
    if column.kind is Kind.CATEGORY:
        return _encode_category(column, cells)
    numbers = np.array(cells, dtype=np.float64)  # None becomes NaN
    numbers += 0.0  # -0.0, which a table may hold and JSON's integers can't say, becomes 0.0
    if column.sentinel is not None:
        numbers[numbers == column.sentinel] = np.nan
    return numbers


def _encode_category(column: Column, cells: Cells) -> FloatArray:
    codes: dict[object, float] = {text: float(code) for code, text in enumerate(column.categories)}
    codes[None] = np.nan
    if column.sentinel is not None:
        codes[column.sentinel] = np.nan
    try:
        return np.array([codes[cell] for cell in cells], dtype=np.float64)
    except KeyError as unknown:
        raise ValueError(
            f"{column.name}: {unknown} is not one of {', '.join(column.categories)}."
        ) from None
