from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.contract import APPLICATION_COLUMNS, Column, Kind
from credit.stored_cells import Cell, pack_column, unpack_row


def draw_cells(column: Column) -> st.SearchStrategy[Cell]:
    """Cells of the column: its values, its sentinel, and null where the contract allows it."""
    if column.kind is Kind.CATEGORY:
        values: st.SearchStrategy[Cell] = st.sampled_from(column.categories)
    elif column.kind is Kind.NUMBER:
        values = st.floats(column.minimum, column.maximum, allow_nan=False)
    else:
        values = st.integers(int(column.minimum or 0), int(column.maximum or 0))
    if column.sentinel is not None:
        values |= st.just(column.sentinel)
    return values | st.none() if column.nullable else values


@settings(max_examples=25)
@given(st.data())
def test_every_cell_comes_back_as_it_was(data: st.DataObject) -> None:
    row = {column.name: data.draw(draw_cells(column)) for column in APPLICATION_COLUMNS}

    packed = [pack_column(column, [row[column.name]]) for column in APPLICATION_COLUMNS]

    assert unpack_row(APPLICATION_COLUMNS, np.concatenate(packed)) == row


def test_integers_come_back_as_integers() -> None:
    (birth,) = (column for column in APPLICATION_COLUMNS if column.name == "DAYS_BIRTH")

    cell = unpack_row([birth], pack_column(birth, [-9_461.0]))["DAYS_BIRTH"]

    assert isinstance(cell, int)


def test_a_text_that_is_no_category_is_refused_without_telling_it() -> None:
    (gender,) = (column for column in APPLICATION_COLUMNS if column.name == "CODE_GENDER")

    with pytest.raises(ValueError, match="none of F, M, XNA") as refused:
        pack_column(gender, ["F", "Kjeldsen"])

    assert "Kjeldsen" not in str(refused.value)
