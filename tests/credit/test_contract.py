from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from credit.contract import APPLICATION_COLUMNS, HISTORY_TABLES, TABLES, Kind, Table
from credit.contract.column import Reference, category, count, days, flag, key, required
from credit.contract.document import main, render_contract

ROOT = Path(__file__).parents[2]
EACH_TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)


def test_declares_the_eight_tables_with_as_many_columns_as_kaggle_has() -> None:
    assert {name: len(table.columns) for name, table in TABLES.items()} == {
        "application_train": 122,
        "application_test": 121,
        "bureau": 17,
        "bureau_balance": 3,
        "previous_application": 37,
        "POS_CASH_balance": 8,
        "credit_card_balance": 23,
        "installments_payments": 8,
    }


def test_history_tables_are_all_but_the_two_application_tables() -> None:
    assert set(HISTORY_TABLES) == set(TABLES) - {"application_train", "application_test"}


def test_an_application_has_every_training_column_but_the_target() -> None:
    names = [column.name for column in APPLICATION_COLUMNS]
    trained_on = list(TABLES["application_train"].column_names)

    assert [name for name in trained_on if name != "TARGET"] == names
    assert TABLES["application_test"].columns == APPLICATION_COLUMNS


def test_a_scoring_request_must_name_eleven_fields() -> None:
    assert {column.name for column in APPLICATION_COLUMNS if column.required} == {
        "SK_ID_CURR",
        "CODE_GENDER",
        "FLAG_OWN_CAR",
        "AMT_CREDIT",
        "AMT_ANNUITY",
        "AMT_GOODS_PRICE",
        "DAYS_BIRTH",
        "DAYS_EMPLOYED",
        "EXT_SOURCE_1",
        "EXT_SOURCE_2",
        "EXT_SOURCE_3",
    }


@EACH_TABLE
def test_every_column_says_what_it_means_and_what_it_may_hold(table: Table) -> None:
    for column in table.columns:
        assert column.meaning, column.name
        if column.kind is Kind.CATEGORY:
            assert len(set(column.categories)) == len(column.categories) > 1, column.name
        else:
            assert column.minimum is not None, column.name
            assert column.maximum is not None, column.name
            assert column.minimum < column.maximum, column.name
            assert column.unit or column.kind is Kind.KEY, column.name


@EACH_TABLE
def test_a_sentinel_is_not_a_value_of_its_own(table: Table) -> None:
    for column in table.columns:
        assert column.sentinel not in column.categories
        assert "XNA" not in column.categories
        if isinstance(column.sentinel, int):
            assert column.minimum is not None
            assert column.maximum is not None
            assert not column.minimum <= column.sentinel <= column.maximum, column.name


@EACH_TABLE
def test_references_lead_to_primary_keys(table: Table) -> None:
    for reference in table.references:
        for referred in reference.tables:
            assert TABLES[referred].primary_key == (reference.key,)


@EACH_TABLE
def test_referred_tables_come_before_those_that_refer_to_them(table: Table) -> None:
    order = list(TABLES)
    for reference in table.references:
        for referred in reference.tables:
            assert order.index(referred) < order.index(table.name)


def test_codes_follow_the_order_where_categories_have_one() -> None:
    education = TABLES["application_train"].by_name["NAME_EDUCATION_TYPE"].categories
    status = TABLES["bureau_balance"].by_name["STATUS"].categories
    yields = TABLES["previous_application"].by_name["NAME_YIELD_GROUP"].categories

    assert education.index("Lower secondary") < education.index("Higher education")
    assert all(status.index(str(number)) == number for number in range(6))
    assert yields.index("low_normal") < yields.index("middle") < yields.index("high")


def test_the_meanings_are_not_shared_by_columns_of_a_table() -> None:
    for table in TABLES.values():
        meanings = [column.meaning for column in table.columns]
        assert len(set(meanings)) == len(meanings)


def test_refuses_categories_on_a_number() -> None:
    with pytest.raises(ValueError, match="categories are for"):
        replace(flag("FLAG_X", "x"), categories=("a", "b"))


def test_refuses_a_category_without_categories() -> None:
    with pytest.raises(ValueError, match="categories are for"):
        category("NAME_X", "x", ())


def test_refuses_a_sentinel_that_is_also_a_category() -> None:
    with pytest.raises(ValueError, match="also a category"):
        category("NAME_X", "x", ("A", "XNA"), sentinel="XNA")


def test_refuses_an_empty_range() -> None:
    with pytest.raises(ValueError, match="minimum 3 > maximum 2"):
        count("CNT_X", "x", 3, 2)


def test_refuses_two_columns_of_one_name() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Table(name="t", meaning="x", columns=(flag("A", "x"), flag("A", "y")))


def test_refuses_a_key_that_is_no_column() -> None:
    reference = Reference(column="B", tables=("u",), key="B")
    with pytest.raises(ValueError, match=r"\['B'\] are not columns"):
        Table(name="t", meaning="x", columns=(key("A", "x"),), references=(reference,))


def test_a_required_column_differs_in_nothing_else() -> None:
    column = days("DAYS_X", "x", -10, 0, nullable=True, sentinel=365243)

    assert required(column) == replace(column, required=True)
    assert not column.required


def test_the_page_of_the_contract_is_current() -> None:
    page = ROOT / "docs" / "data-contract.md"
    assert page.read_text(encoding="utf-8") == render_contract(), (
        "Run `python -m credit.contract.document docs/data-contract.md`."
    )


def test_the_page_names_every_column_and_category() -> None:
    page = render_contract()
    for table in TABLES.values():
        for column in table.columns:
            assert f"| `{column.name}` |" in page
            assert all(f"`{text}`" in page for text in column.categories)


def test_the_page_has_rows_of_one_width_in_each_section() -> None:
    for section in render_contract().split("\n## "):
        rows = [line for line in section.splitlines() if line.startswith("|")]
        assert len({row.count(" | ") for row in rows}) <= 1


def test_writes_the_page_where_it_is_told(tmp_path: Path) -> None:
    main([str(tmp_path / "page.md")])

    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render_contract()
