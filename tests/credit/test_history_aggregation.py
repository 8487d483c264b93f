"""What holds for the features of every history table: who has one, and what is not there."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.contract import HISTORY_TABLES, TABLES, Column, Kind
from credit.features.catalog import (
    HISTORY_FAMILIES,
    HISTORY_FEATURE_NAMES,
    HISTORY_FEATURES,
    empty_history,
)
from credit.features.history import aggregate_histories, look_up_histories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.credit.conftest import Aggregate, Histories

    Row = Mapping[str, object]

CLIENT = 1
OTHER = 2
NO_DATE = 365_243
TWIN = 100
FLAGS = {family.table: family.features[0].feature.name for family in HISTORY_FAMILIES}


def test_a_sentinel_in_a_history_is_missing_and_not_a_date(aggregate: Aggregate) -> None:
    features = aggregate(
        previous_application=[
            {"SK_ID_CURR": CLIENT, "DAYS_LAST_DUE_1ST_VERSION": NO_DATE, "DAYS_LAST_DUE": -5},
            {"SK_ID_CURR": CLIENT, "DAYS_LAST_DUE_1ST_VERSION": -90, "DAYS_LAST_DUE": NO_DATE},
        ]
    )[CLIENT]

    assert features["previous_last_due_max"] == -90
    assert np.isnan(features["previous_last_due_moved_mean"])


def test_a_ratio_to_nothing_is_missing(aggregate: Aggregate) -> None:
    features = aggregate(bureau=[{"SK_ID_CURR": CLIENT, "AMT_CREDIT_SUM_DEBT": 10}])[CLIENT]

    assert features["bureau_debt_sum"] == 10
    assert np.isnan(features["bureau_debt_to_credit"])


def test_of_amounts_that_are_all_unknown_the_sum_is_zero_and_the_mean_unknown(
    aggregate: Aggregate,
) -> None:
    features = aggregate(bureau=[{"SK_ID_CURR": CLIENT}])[CLIENT]

    assert features["bureau_credit_sum"] == 0
    assert np.isnan(features["bureau_credit_mean"])


def test_a_client_in_one_table_has_no_history_in_the_others(aggregate: Aggregate) -> None:
    histories = aggregate(bureau=[{"SK_ID_CURR": CLIENT}], POS_CASH_balance=[{"SK_ID_CURR": OTHER}])

    owned = {
        client: [table for table, flag in FLAGS.items() if features[flag]]
        for client, features in histories.items()
    }
    assert owned == {CLIENT: ["bureau"], OTHER: ["POS_CASH_balance"]}
    assert np.isnan(histories[CLIENT]["pos_months_count"])
    assert np.isnan(histories[OTHER]["bureau_loans_count"])


@pytest.mark.parametrize("table", HISTORY_TABLES)
def test_a_client_without_rows_has_what_the_catalog_says_of_an_absent_table(
    aggregate: Aggregate, table: str
) -> None:
    other = "bureau" if table != "bureau" else "previous_application"

    features = aggregate(**{other: [{"SK_ID_CURR": CLIENT}]})[CLIENT]

    absent = {item.name: item.when_absent for item in HISTORY_FEATURES if item.table == table}
    assert {name: features[name] for name in absent} == pytest.approx(absent, nan_ok=True)


def test_an_empty_table_is_like_an_absent_one(aggregate: Aggregate) -> None:
    rows = [{"SK_ID_CURR": CLIENT, "DAYS_CREDIT": -5}]

    with_empty_table = aggregate(bureau=rows, POS_CASH_balance=[])

    assert with_empty_table[CLIENT] == pytest.approx(aggregate(bureau=rows)[CLIENT], nan_ok=True)


def test_empty_tables_alone_give_no_client(aggregate: Aggregate) -> None:
    assert aggregate(**{table: [] for table in HISTORY_TABLES}) == {}


def test_no_history_table_at_all_gives_nothing() -> None:
    assert aggregate_histories({}) is None


def test_months_at_the_bureau_are_nobodys_without_the_bureaus_loans(aggregate: Aggregate) -> None:
    months = [{"SK_ID_BUREAU": 11}]

    assert aggregate(bureau_balance=months) == {}
    histories = aggregate(bureau_balance=months, previous_application=[{"SK_ID_CURR": CLIENT}])
    assert histories[CLIENT]["bureau_balance_has_history"] == 0


def test_months_of_a_loan_that_the_bureau_does_not_list_are_left_out(aggregate: Aggregate) -> None:
    months = [{"SK_ID_BUREAU": loan, "MONTHS_BALANCE": -1, "STATUS": "0"} for loan in (11, 99)]
    loans = [{"SK_ID_CURR": CLIENT, "SK_ID_BUREAU": 11}]

    histories = aggregate(bureau=loans, bureau_balance=months)

    assert list(histories) == [CLIENT]
    assert histories[CLIENT]["bureau_balance_months_count"] == 1


def test_every_history_table_has_a_family() -> None:
    assert tuple(family.table for family in HISTORY_FAMILIES) == HISTORY_TABLES


def draw_row(table: str, client: int, seed: int) -> dict[str, object]:
    """Return a row all over the contract's ranges; amounts are whole, so that sums are exact."""
    random = Random(seed)  # noqa: S311 -- the same row for the same seed is what is wanted
    row = {column.name: draw_cell(column, random) for column in TABLES[table].columns}
    return row | {"SK_ID_CURR": client, "SK_ID_BUREAU": client}


def draw_cell(column: Column, random: Random) -> object:
    if column.nullable and random.random() < 0.2:
        return None
    if column.sentinel is not None and random.random() < 0.2:
        return column.sentinel
    if column.kind is Kind.CATEGORY:
        return random.choice(column.categories)
    assert column.minimum is not None
    assert column.maximum is not None
    return random.randint(int(column.minimum), min(int(column.maximum), 10_000_000))


def with_owners(table: str, rows: Sequence[Row]) -> dict[str, Sequence[Row]]:
    """Return the rows as a table, and what says whose they are."""
    if table != "bureau_balance":
        return {table: rows}
    clients = {row["SK_ID_CURR"] for row in rows}
    loans = [{"SK_ID_CURR": client, "SK_ID_BUREAU": client} for client in clients]
    return {table: rows, "bureau": loans}


@pytest.mark.parametrize("table", HISTORY_TABLES)
@settings(max_examples=4)
@given(
    drawn=st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 2**32 - 1)), min_size=1, max_size=30
    ),
    random=st.randoms(use_true_random=False),
)
def test_neither_the_order_of_the_rows_nor_other_clients_change_a_clients_features(
    aggregate: Aggregate, table: str, drawn: list[tuple[int, int]], random: Random
) -> None:
    rows = [draw_row(table, client, seed) for client, seed in drawn]
    twins = [draw_row(table, client + TWIN, seed) for client, seed in drawn]
    random.shuffle(twins)

    histories = aggregate(**with_owners(table, [*rows, *twins]))

    clients = {client for client, _ in drawn}
    assert set(histories) == clients | {client + TWIN for client in clients}
    for client in clients:
        twin = histories[client + TWIN]
        assert histories[client] == pytest.approx(twin, rel=1e-5, abs=1e-5, nan_ok=True)


@settings(max_examples=8)
@given(clients=st.dictionaries(st.sampled_from(HISTORY_TABLES), st.lists(st.integers(1, 4))))
def test_a_flag_says_whether_the_client_has_rows_and_the_count_how_many(
    aggregate: Aggregate, clients: dict[str, list[int]]
) -> None:
    owners = set(clients.pop("bureau", []))
    rows = {
        table: [{"SK_ID_CURR": c, "SK_ID_BUREAU": c} for c in clients[table]] for table in clients
    }
    rows["bureau"] = [{"SK_ID_CURR": client, "SK_ID_BUREAU": client} for client in owners]

    histories = aggregate(**rows)

    counted = count_rows(histories)
    clients["bureau"] = list(owners)
    clients["bureau_balance"] = [
        client for client in clients.get("bureau_balance", []) if client in owners
    ]
    assert counted == {
        (client, table): owned.count(client) for table, owned in clients.items() for client in owned
    }


def count_rows(histories: Histories) -> dict[tuple[int, str], int]:
    """Return how many rows a client has in a table, where the flag says that they have any."""
    counted = {}
    for family in HISTORY_FAMILIES:
        flag, count = (item.feature.name for item in family.features[:2])
        for client, features in histories.items():
            if features[flag]:
                counted[client, family.table] = int(features[count])
            else:
                assert np.isnan(features[count])
    return counted


@given(st.lists(st.integers(0, 40), unique=True).map(sorted), st.lists(st.integers(0, 45)))
def test_looking_up_gives_each_wanted_client_their_own_row_or_the_empty_history(
    clients: list[int], wanted: list[int]
) -> None:
    width = len(HISTORY_FEATURE_NAMES)
    stored = np.arange(len(clients) * width, dtype=np.float32).reshape(-1, width)

    features, found = look_up_histories(
        np.array(clients, np.int64), stored, np.array(wanted, np.int64)
    )

    nothing = empty_history(1)[0]
    expected = [
        stored[clients.index(client)] if client in clients else nothing for client in wanted
    ]
    assert found.tolist() == [client in clients for client in wanted]
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, np.array(expected).reshape(-1, width))


def test_an_empty_history_has_flags_that_are_0_and_knows_nothing_else() -> None:
    (history,) = empty_history(1)

    known = {
        name: value
        for name, value in zip(HISTORY_FEATURE_NAMES, history, strict=True)
        if not np.isnan(value)
    }
    assert known == dict.fromkeys(FLAGS.values(), 0)
