from __future__ import annotations

import pytest

from serving.history_block import MOST_FAULTS, MOST_ROWS, check_history
from serving.row_model import InvalidApplicant

LOAN = {
    "SK_ID_BUREAU": 5,
    "CREDIT_ACTIVE": "Active",
    "CREDIT_CURRENCY": "currency 1",
    "DAYS_CREDIT": -300,
    "CREDIT_DAY_OVERDUE": 0,
    "CNT_CREDIT_PROLONG": 0,
    "AMT_CREDIT_SUM_OVERDUE": 0,
    "CREDIT_TYPE": "Credit card",
    "DAYS_CREDIT_UPDATE": -20,
}
MONTH = {"SK_ID_BUREAU": 5, "MONTHS_BALANCE": -1, "STATUS": "C"}


def fail(block: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(InvalidApplicant) as raised:
        check_history(block, 7, ("history",))
    return [(detail.loc, detail.type) for detail in raised.value.details]


def test_rows_get_every_column_of_the_contract() -> None:
    checked = check_history({"bureau": [LOAN], "bureau_balance": [MONTH]}, 7, ())

    (loan,) = checked["bureau"]
    assert loan["AMT_CREDIT_SUM"] is None
    assert loan["DAYS_CREDIT"] == -300
    assert checked["bureau_balance"] == [MONTH]


def test_an_empty_block_is_a_history_without_rows() -> None:
    assert check_history({}, 7, ()) == {}


def test_rows_may_name_the_applicant_and_nobody_else() -> None:
    assert check_history({"bureau": [LOAN | {"SK_ID_CURR": 7}]}, 7, ())

    faults = fail({"bureau": [LOAN | {"SK_ID_CURR": 8}]})

    assert faults == [(("history", "bureau", 0, "SK_ID_CURR"), "value_error")]


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        ([], (("history",), "dict_type")),
        ({"loans": []}, (("history", "loans"), "extra_forbidden")),
        ({"": []}, (("history", ""), "extra_forbidden")),
        ({"bureau_balance": [MONTH]}, (("history", "bureau_balance"), "unknown_key")),
        ({"bureau": {}}, (("history", "bureau"), "list_type")),
        ({"bureau": [3]}, (("history", "bureau", 0), "model_type")),
        ({"bureau": [LOAN | {"X": 1}]}, (("history", "bureau", 0, "X"), "extra_forbidden")),
        (
            {"bureau": [LOAN | {"DAYS_CREDIT": 3}]},
            (("history", "bureau", 0, "DAYS_CREDIT"), "less_than_equal"),
        ),
        (
            {"bureau_balance": [{"SK_ID_BUREAU": 5, "STATUS": "C"}]},
            (("history", "bureau_balance", 0, "MONTHS_BALANCE"), "missing"),
        ),
        ({"bureau": [LOAN, LOAN]}, (("history", "bureau"), "duplicate_key")),
        ({"bureau_balance": [MONTH] * (MOST_ROWS + 1)}, (("history",), "too_long")),
    ],
)
def test_a_block_that_breaks_the_contract_is_told_where(
    block: object, fault: tuple[tuple[str | int, ...], str]
) -> None:
    assert fail(block) == [fault]


def test_every_faulty_row_is_told_up_to_a_page() -> None:
    broken = [LOAN | {"SK_ID_BUREAU": number, "CREDIT_TYPE": "?"} for number in range(3)]

    assert len(fail({"bureau": [*broken, LOAN]})) == 3
    assert len(fail({"previous_application": [{}] * MOST_ROWS})) == MOST_FAULTS


def test_months_of_a_faulty_loan_are_no_fault_of_their_own() -> None:
    block = {"bureau": [LOAN | {"DAYS_CREDIT": 3}], "bureau_balance": [MONTH]}

    assert fail(block) == [(("history", "bureau", 0, "DAYS_CREDIT"), "less_than_equal")]
