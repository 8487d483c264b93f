"""An application as one row of numbers, from which every cell comes back as the table has it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan

import numpy as np
from numpy.typing import NDArray

from credit.contract.column import Column, Kind
from credit.contract.encoding import Cells

Cell = float | int | str | None


def pack_column(column: Column, cells: Cells) -> NDArray[np.float64]:
    """Return the cells of a column as numbers, shape (n,), NaN for null.

    Unlike the model's encoding (`credit.contract.encoding`) nothing is lost: a sentinel stays what
    it is, or, of a category, is numbered after the last of its texts.

    Raises:
        ValueError: If a text is not a category of the column.
    """
    if column.kind is not Kind.CATEGORY:
        return np.array(cells, np.float64)
    texts = _list_texts(column)
    codes: dict[object, float] = {text: float(code) for code, text in enumerate(texts)}
    try:
        return np.array([nan if cell is None else codes[cell] for cell in cells], np.float64)
    except KeyError:
        raise ValueError(
            f"{column.name} holds a text that is none of {', '.join(texts)}."
        ) from None


def unpack_row(columns: Sequence[Column], packed: NDArray[np.float64]) -> dict[str, Cell]:
    """Return the cells of one row by column, null as None.

    Args:
        columns: Of the table.
        packed: A number a column, shape (columns,).
    """
    numbers = packed.tolist()
    return {
        column.name: _unpack(column, number)
        for column, number in zip(columns, numbers, strict=True)
    }


def _unpack(column: Column, number: float) -> Cell:
    if isnan(number):
        return None
    if column.kind is Kind.CATEGORY:
        return _list_texts(column)[int(number)]
    return number if column.kind is Kind.NUMBER else int(number)


def _list_texts(column: Column) -> tuple[str, ...]:
    sentinel = () if column.sentinel is None else (str(column.sentinel),)
    return (*column.categories, *sentinel)
