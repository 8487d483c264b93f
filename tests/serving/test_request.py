from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.contract import APPLICATION_COLUMNS, HISTORY_TABLES, TABLES
from serving.rejection import RequestRejected
from serving.request import (
    MAX_BODY_BYTES,
    MAX_HISTORY_ROWS,
    MAX_ROWS,
    MAX_VALUES,
    choose_request_id,
    parse_body,
    parse_include_all,
    parse_threshold,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.just("data") | st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_any_json_is_either_understood_or_rejected(content: object) -> None:
    body = json.dumps(content).encode()

    try:
        request = parse_body(body)
    except RequestRejected:
        return

    assert isinstance(content, dict)
    assert request.rows == (content["data"] if request.several else [content["data"]])


@given(st.binary(max_size=200))
def test_any_bytes_are_either_understood_or_rejected(body: bytes) -> None:
    with suppress(RequestRejected):
        parse_body(body)


def test_one_object_and_a_list_are_told_apart() -> None:
    one, several = parse_body(b'{"data": {"a": 1}}'), parse_body(b'{"data": [{"a": 1}, 2]}')

    assert (one.rows, one.several, one.locate(0)) == ([{"a": 1}], False, ("body", "data"))
    assert (several.rows, several.several) == ([{"a": 1}, 2], True)
    assert several.locate(1) == ("body", "data", 1)


def test_not_a_number_is_left_to_the_row() -> None:
    (row,) = parse_body(b'{"data": {"a": NaN}}').rows

    assert isinstance(row, dict)
    assert math.isnan(row["a"])


@pytest.mark.parametrize(("rows", "accepted"), [(MAX_ROWS, True), (MAX_ROWS + 1, False)])
def test_a_request_has_a_largest_number_of_rows(rows: int, *, accepted: bool) -> None:
    body = json.dumps({"data": [{}] * rows}).encode()

    if accepted:
        assert len(parse_body(body).rows) == rows
    else:
        with pytest.raises(RequestRejected) as rejection:
            parse_body(body)
        assert rejection.value.http_status == 413


def test_a_body_has_a_largest_size() -> None:
    with pytest.raises(RequestRejected) as rejection:
        parse_body(b" " * (MAX_BODY_BYTES + 1))

    assert rejection.value.http_status == 413


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_threshold_keeps_every_bit(threshold: float) -> None:
    assert parse_threshold([("threshold", repr(threshold))]) == threshold


def test_no_query_asks_for_no_threshold() -> None:
    assert parse_threshold([]) is None


@pytest.mark.parametrize("text", ["0", "1", "-0.1", "nan", "inf", "", "0,5", "half"])
def test_a_threshold_lies_between_0_and_1(text: str) -> None:
    with pytest.raises(RequestRejected):
        parse_threshold([("threshold", text)])


@pytest.mark.parametrize(
    "query",
    [[("Threshold", "0.5")], [("threshold", "0.5"), ("threshold", "0.6")], [("x", "1")]],
)
def test_a_query_that_cannot_be_meant_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(RequestRejected):
        parse_threshold(query)


@pytest.mark.parametrize(
    ("query", "include_all"),
    [
        ([], False),
        ([("include_all", "true")], True),
        ([("include_all", "1")], True),
        ([("include_all", "FALSE")], False),
    ],
)
def test_a_flag_is_read(query: list[tuple[str, str]], *, include_all: bool) -> None:
    assert parse_include_all(query) is include_all


@pytest.mark.parametrize("query", [[("include_all", "yes")], [("all", "true")]])
def test_a_flag_that_is_none_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(RequestRejected):
        parse_include_all(query)


@pytest.mark.parametrize("given_id", ["a", "case-17", "3f2b:1.0_x", "x" * 128])
def test_a_harmless_request_id_is_kept(given_id: str) -> None:
    assert choose_request_id(given_id) == given_id


@pytest.mark.parametrize("given_id", [None, "", "two words", "line\nbreak", "x" * 129, "é"])
def test_any_other_request_id_is_replaced_by_a_fresh_one(given_id: str | None) -> None:
    chosen = choose_request_id(given_id)

    assert chosen != given_id
    assert chosen != choose_request_id(given_id)


def test_a_body_of_more_values_than_the_most_rows_have_is_too_large() -> None:
    body = b'{"data": [' + b"{}," * (MAX_VALUES + 1) + b"{}]}"

    with pytest.raises(RequestRejected) as refused:
        parse_body(body)

    assert (refused.value.http_status, refused.value.details[0].loc) == (413, ("body",))
    assert f"at most {MAX_VALUES} values" in refused.value.details[0].msg


def test_the_fields_of_the_most_rows_are_fewer() -> None:
    widest = max(len(TABLES[name].columns) for name in HISTORY_TABLES)

    fields = MAX_ROWS * len(APPLICATION_COLUMNS) + MAX_HISTORY_ROWS * widest

    assert fields < MAX_VALUES


def test_a_name_as_long_as_a_body_is_not_told_in_full() -> None:
    with pytest.raises(RequestRejected) as refused:
        parse_body(b'{"data": {}, "' + b"k" * 100_000 + b'": 1}')

    (fault,) = refused.value.details
    assert fault.loc == ("body", f"{'k' * 64}…")
