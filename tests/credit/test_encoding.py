from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.contract import TABLES, Column, Kind
from credit.contract.column import Table, category, count, days, key
from credit.contract.encoding import encode_column, encode_columns

NAN = float("nan")
ALL_COLUMNS = [column for table in TABLES.values() for column in table.columns]
CATEGORIES = [column for column in ALL_COLUMNS if column.kind is Kind.CATEGORY]
NUMBERS = [column for column in ALL_COLUMNS if column.numeric]
SMALL = Table(
    name="small",
    meaning="x",
    columns=(
        key("SK_ID", "x"),
        days("DAYS_X", "x", -10, 0, nullable=True, sentinel=365_243),
        category("NAME_X", "x", ("low", "middle", "high"), nullable=True, sentinel="XNA"),
        count("CNT_X", "x", 0, 5),
    ),
)


def test_every_declared_column_becomes_numbers() -> None:
    encoded = encode_columns(
        SMALL,
        {
            "SK_ID": [3, 4, 5],
            "DAYS_X": [-7, None, 365_243],
            "NAME_X": ["high", "XNA", None],
            "CNT_X": np.array([0, 1, 2], np.int32),
        },
    )

    assert list(encoded) == ["SK_ID", "DAYS_X", "NAME_X", "CNT_X"]
    assert all(numbers.dtype == np.float64 for numbers in encoded.values())
    np.testing.assert_array_equal(encoded["SK_ID"], [3, 4, 5])
    np.testing.assert_array_equal(encoded["DAYS_X"], [-7, NAN, NAN])
    np.testing.assert_array_equal(encoded["NAME_X"], [2, NAN, NAN])
    np.testing.assert_array_equal(encoded["CNT_X"], [0, 1, 2])


def test_columns_that_are_absent_are_missing_in_every_row() -> None:
    encoded = encode_columns(SMALL, {"SK_ID": [1, 2]})

    np.testing.assert_array_equal(encoded["NAME_X"], [NAN, NAN])
    np.testing.assert_array_equal(encoded["CNT_X"], [NAN, NAN])


def test_columns_that_are_not_declared_are_ignored() -> None:
    encoded = encode_columns(SMALL, {"SK_ID": [1, 2], "NAME_OF_CLIENT": ["a", "b", "c"]})

    assert set(encoded) == set(SMALL.column_names)


def test_no_rows_give_empty_columns() -> None:
    assert {len(numbers) for numbers in encode_columns(SMALL, {}).values()} == {0}


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"small: columns of different lengths \[1, 2\]"):
        encode_columns(SMALL, {"SK_ID": [1, 2], "CNT_X": [1]})


def test_a_text_that_is_no_category_is_refused_and_told() -> None:
    with pytest.raises(ValueError, match="NAME_X: 'medium' is not one of low, middle, high"):
        encode_columns(SMALL, {"NAME_X": ["low", "medium"]})


def test_what_is_encoded_stays_as_it_was() -> None:
    cells = np.array([1.0, 365_243.0])

    encode_column(SMALL.by_name["DAYS_X"], cells)

    assert cells.tolist() == [1.0, 365_243.0]


def test_the_largest_key_keeps_its_last_digit() -> None:
    largest = 2**53 - 1

    encoded = encode_column(SMALL.by_name["SK_ID"], [largest, largest - 1])

    assert encoded.astype(np.int64).tolist() == [largest, largest - 1]


@pytest.mark.parametrize("column", CATEGORIES, ids=lambda column: column.name)
def test_a_category_is_its_place_in_the_contract(column: Column) -> None:
    encoded = encode_column(column, list(column.categories))

    assert encoded.tolist() == list(range(len(column.categories)))


@pytest.mark.parametrize(
    "column", [column for column in ALL_COLUMNS if column.sentinel], ids=lambda column: column.name
)
def test_a_sentinel_is_missing_like_a_null(column: Column) -> None:
    assert np.isnan(encode_column(column, [column.sentinel, None])).all()


def test_there_is_one_zero() -> None:
    encoded = encode_column(SMALL.by_name["CNT_X"], [-0.0, 0.0, 0])

    assert not np.signbit(encoded).any()


@given(
    st.sampled_from(NUMBERS),
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=10),
)
def test_numbers_keep_every_bit_whether_they_come_as_a_list_or_as_an_array(
    column: Column, cells: list[float | None]
) -> None:
    missing = [cell is None or cell == column.sentinel for cell in cells]
    expected = np.array(
        [NAN if gap else cell or 0.0 for cell, gap in zip(cells, missing, strict=True)], np.float64
    )

    from_list = encode_column(column, cells)
    from_array = encode_column(column, np.array(cells, np.float64))

    assert from_list.tobytes() == expected.tobytes()
    assert from_array.tobytes() == expected.tobytes()
