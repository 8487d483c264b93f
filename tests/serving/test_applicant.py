from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.contract import APPLICATION_COLUMNS, TABLES, Column, Kind
from credit.contract.encoding import encode_columns
from serving.applicant import check_applicant, describe_features
from serving.row_model import InvalidApplicant

REQUIRED = [column for column in APPLICATION_COLUMNS if column.required]
NAMES = [column.name for column in APPLICATION_COLUMNS]


def cells(column: Column) -> st.SearchStrategy[Any]:
    """What the contract lets a field say."""
    choices: list[st.SearchStrategy[Any]] = []
    if column.kind is Kind.CATEGORY:
        choices.append(st.sampled_from(column.categories))
    elif column.kind is Kind.NUMBER:
        choices.append(st.floats(column.minimum, column.maximum, allow_nan=False))
    else:
        low, high = (None if end is None else int(end) for end in (column.minimum, column.maximum))
        choices.append(st.integers(low, high))
        if column.kind is Kind.INTEGER:
            choices.append(st.integers(low, high).map(float))
    if column.sentinel is not None:
        choices.append(st.just(column.sentinel))
    if column.nullable:
        choices.append(st.none())
    return st.one_of(choices)


APPLICANTS = st.fixed_dictionaries(
    {column.name: cells(column) for column in REQUIRED},
    optional={column.name: cells(column) for column in APPLICATION_COLUMNS if not column.required},
)


def find_faults(row: object) -> list[tuple[tuple[str | int, ...], str]]:
    try:
        check_applicant(row, ("body", "data"))
    except InvalidApplicant as invalid:
        return [(fault.loc[2:], fault.type) for fault in invalid.details]
    return []


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(APPLICANTS)
def test_what_the_contract_admits_is_accepted_unchanged_and_can_be_encoded(
    row: dict[str, Any],
) -> None:
    checked = check_applicant(row, ())

    assert list(checked) == NAMES
    assert {name: cell for name, cell in checked.items() if name in row} == row
    assert all(checked[name] is None for name in NAMES if name not in row)
    encode_columns(TABLES["application_test"], {name: [checked[name]] for name in NAMES})


@pytest.mark.parametrize("column", REQUIRED, ids=lambda column: column.name)
def test_a_required_field_must_be_named(applicant: dict[str, Any], column: Column) -> None:
    del applicant[column.name]

    assert find_faults(applicant) == [((column.name,), "missing")]


@pytest.mark.parametrize("column", APPLICATION_COLUMNS, ids=lambda column: column.name)
def test_null_is_accepted_where_the_contract_allows_it_and_nowhere_else(
    applicant: dict[str, Any], column: Column
) -> None:
    faults = find_faults(applicant | {column.name: None})

    assert [location for location, _ in faults] == ([] if column.nullable else [(column.name,)])


NUMERIC = [column for column in APPLICATION_COLUMNS if column.numeric]


@pytest.mark.parametrize("column", NUMERIC, ids=lambda column: column.name)
@pytest.mark.parametrize("cell", ["1", True, float("nan"), float("inf"), [1], {}, 10**400])
def test_a_number_must_be_a_finite_number(
    applicant: dict[str, Any], column: Column, cell: object
) -> None:
    assert [location for location, _ in find_faults(applicant | {column.name: cell})] == [
        (column.name,)
    ]


LIMITED = [
    (column, limit + step)
    for column in NUMERIC
    for limit, step in ((column.minimum, -1), (column.maximum, 1))
    if limit is not None
]


@pytest.mark.parametrize(("column", "cell"), LIMITED, ids=str)
def test_a_number_must_lie_in_its_range(
    applicant: dict[str, Any], column: Column, cell: float
) -> None:
    if cell == column.sentinel:
        pytest.fail("the sentinel would be in reach of the range")
    number = cell if column.kind is Kind.NUMBER else int(cell)

    (fault,) = find_faults(applicant | {column.name: number})

    assert fault[0] == (column.name,)
    assert fault[1] in {"greater_than_equal", "less_than_equal"}


INTEGERS = [column for column in NUMERIC if column.kind is Kind.INTEGER]


@pytest.mark.parametrize("column", INTEGERS, ids=lambda column: column.name)
def test_an_integer_has_no_fraction(applicant: dict[str, Any], column: Column) -> None:
    inside = column.minimum if column.minimum is not None else column.maximum or 0

    faults = find_faults(applicant | {column.name: inside + 0.000_001})

    assert faults == [((column.name,), "int_from_float")]


@pytest.mark.parametrize("cell", [1.5, "100002", -1, 2**53, float(2**53), 2**53 + 1])
def test_a_client_is_an_integer_that_a_float_can_hold(
    applicant: dict[str, Any], cell: object
) -> None:
    assert [location for location, _ in find_faults(applicant | {"SK_ID_CURR": cell})] == [
        ("SK_ID_CURR",)
    ]


def test_a_client_whom_json_writes_with_a_point_is_the_same(applicant: dict[str, Any]) -> None:
    client = check_applicant(applicant | {"SK_ID_CURR": 2.0**53 - 1}, ())["SK_ID_CURR"]

    assert (client, type(client)) == (2**53 - 1, int)


CATEGORIES = [column for column in APPLICATION_COLUMNS if not column.numeric]


@pytest.mark.parametrize("column", CATEGORIES, ids=lambda column: column.name)
@pytest.mark.parametrize("cell", ["", "nobody", 1, ["F"]])
def test_a_category_is_one_of_the_list(
    applicant: dict[str, Any], column: Column, cell: object
) -> None:
    assert find_faults(applicant | {column.name: cell}) == [((column.name,), "literal_error")]


def test_unknown_fields_are_refused(applicant: dict[str, Any]) -> None:
    faults = find_faults(applicant | {"TARGET": 1, "amt_credit": 1})

    assert faults == [(("TARGET",), "extra_forbidden"), (("amt_credit",), "extra_forbidden")]


@pytest.mark.parametrize("row", [None, 1, "text", [], [1]])
def test_an_applicant_is_an_object(row: object) -> None:
    assert find_faults(row) == [((), "model_type")]


def test_every_fault_is_told_at_once(applicant: dict[str, Any]) -> None:
    del applicant["AMT_CREDIT"]

    faults = find_faults(applicant | {"CNT_CHILDREN": -1, "CODE_GENDER": "?"})

    assert {location for location, _ in faults} == {
        ("AMT_CREDIT",),
        ("CNT_CHILDREN",),
        ("CODE_GENDER",),
    }


@given(text=st.text(min_size=12), number=st.floats(1e8, 1e300))
def test_faults_never_quote_the_values_at_fault(text: str, number: float) -> None:
    row = {"CODE_GENDER": text, "CNT_CHILDREN": number, "DAYS_EMPLOYED": number, "SK_ID_CURR": text}

    with pytest.raises(InvalidApplicant) as invalid:
        check_applicant(row, ())

    said = str(invalid.value) + "".join(fault.msg for fault in invalid.value.details)
    assert text not in said
    assert repr(number) not in said


def test_descriptions_cover_the_contract() -> None:
    described = describe_features(include_all=True)

    assert [feature["name"] for feature in described["required"]] == [
        column.name for column in REQUIRED
    ]
    assert {feature["name"] for feature in described["required"] + described["optional"]} == set(
        NAMES
    )


def test_a_few_unknown_fields_are_named_and_of_many_only_how_many_there_may_be(
    applicant: dict[str, Any],
) -> None:
    few = {f"unknown_{number}": 1 for number in range(20)}
    many = {f"unknown_{number}": 1 for number in range(1_000)}

    assert {kind for _, kind in find_faults(applicant | few)} == {"extra_forbidden"}
    assert len(find_faults(applicant | few)) == 20
    assert find_faults(applicant | many) == [((), "too_long")]


def test_a_name_as_long_as_a_body_is_not_told_in_full(applicant: dict[str, Any]) -> None:
    ((location, _),) = find_faults(applicant | {"k" * 1_000_000: 1})

    assert location == (f"{'k' * 64}…",)
