"""The demo tables beside the real ones: what is measured on both must agree."""

from __future__ import annotations

import pytest

from demo import DemoTables
from demo.comparison import Difference, compare_tables, main

# Figures about the tails of few rows: at 5,000 clients they say little.
RARE = {
    *("AMT_CREDIT_SUM_OVERDUE", "CREDIT_DAY_OVERDUE", "AMT_CREDIT_SUM_LIMIT", "SK_DPD_DEF"),
    *("SK_DPD", "AMT_REQ_CREDIT_BUREAU_HOUR", "AMT_REQ_CREDIT_BUREAU_DAY"),
    *("AMT_REQ_CREDIT_BUREAU_WEEK", "RATE_INTEREST_PRIMARY", "RATE_INTEREST_PRIVILEGED"),
    *("FLAG_CONT_MOBILE", "DAYS_FIRST_DRAWING", "CNT_CREDIT_PROLONG", "AMT_CREDIT_MAX_OVERDUE"),
}


@pytest.fixture(scope="module")
def differences(demo_tables: DemoTables) -> list[Difference]:
    return compare_tables(demo_tables.folder)


def _find(
    differences: list[Difference], *tables: str, figure: str, limit: float
) -> list[Difference]:
    return [
        found
        for found in differences
        if found.table in tables
        and found.figure.startswith(figure)
        and found.column not in RARE
        and found.relative > limit
    ]


MODELLED = ("application_train", "bureau", "previous_application", "POS_CASH_balance")


def test_as_much_is_missing_as_in_the_real_tables(differences: list[Difference]) -> None:
    assert _find(differences, *MODELLED, figure="missing", limit=0.03) == []


def test_texts_have_the_shares_of_the_real_tables(differences: list[Difference]) -> None:
    assert _find(differences, *MODELLED, figure="share of", limit=0.03) == []


def test_values_have_the_quantiles_of_the_real_tables(differences: list[Difference]) -> None:
    for level in (0.25, 0.5, 0.75):
        assert _find(differences, *MODELLED, figure=f"quantile {level}", limit=0.08) in (
            [],
            [  # most families count two or three: the quantile stands on the edge between them
                found
                for found in differences
                if found.column == "CNT_FAM_MEMBERS" and found.figure == f"quantile {level}"
            ],
        )


def test_values_have_the_means_of_the_real_tables(differences: list[Difference]) -> None:
    assert _find(differences, *MODELLED, figure="mean", limit=0.15) == []


def test_months_of_cards_and_of_other_lenders_come_near_the_real_ones(
    differences: list[Difference],
) -> None:
    simulated = ("bureau_balance", "credit_card_balance")
    assert _find(differences, *simulated, figure="share of", limit=0.08) == []
    assert _find(differences, *simulated, figure="missing", limit=0.05) == []
    assert _find(differences, *simulated, figure="quantile 0.5", limit=0.2) == []


def test_clients_have_as_many_rows_as_in_the_real_tables(differences: list[Difference]) -> None:
    assert _find(differences, *MODELLED, figure="rows a client, train", limit=0.1) == []
    simulated = ("bureau_balance", "credit_card_balance")
    assert _find(differences, *simulated, figure="rows a client, train", limit=0.25) == []


def test_as_many_clients_have_each_history_as_in_the_real_tables(
    differences: list[Difference],
) -> None:
    histories = (*MODELLED, "bureau_balance", "credit_card_balance")
    assert _find(differences, *histories, figure="clients with any, train", limit=0.03) == []


def test_installments_have_the_published_number_of_rows(demo_tables: DemoTables) -> None:
    published = 13_605_401 / 356_255

    rows = demo_tables.rows["installments_payments"] / demo_tables.clients

    assert rows == pytest.approx(published, rel=0.1)


def test_prints_the_largest_differences_first(
    demo_tables: DemoTables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(demo_tables.folder), "--worst", "5"]) == 0

    lines = capsys.readouterr().out.splitlines()
    shares = [float(line.split()[-1].rstrip("%")) for line in lines]
    assert len(lines) == 5
    assert shares == sorted(shares, reverse=True)
