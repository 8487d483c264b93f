"""A history that comes with the request gives, feature by feature, what the store would hold."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.contract import HISTORY_TABLES, TABLES
from credit.features.catalog import HISTORY_FEATURE_NAMES, empty_history
from credit.features.history import ClientHistories
from serving.history_block import HistoryBlock, check_history
from serving.raw_histories import RawHistories
from training.histories import build_histories
from training.tables import Tables, open_tables

REAL_CLIENTS = 200
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
OWNERS = {"bureau_balance": "bureau"}


@pytest.fixture(scope="module")
def engine() -> RawHistories:
    return RawHistories()


def read_blocks(tables: Tables, clients: list[int]) -> list[HistoryBlock]:
    """Return the clients' rows as a request would carry them, through JSON."""
    blocks: dict[int, dict[str, list[dict[str, Any]]]] = {client: {} for client in clients}
    owner: dict[int, int] = {}
    for name in HISTORY_TABLES:
        key = "SK_ID_BUREAU" if name in OWNERS else "SK_ID_CURR"
        wanted = list(owner) if name in OWNERS else clients
        if name not in tables.present or not wanted:
            continue
        relation = tables.relation(name).filter(f"{key} IN ({', '.join(map(str, wanted))})")
        by_client = defaultdict(list)
        for values in relation.fetchall():
            row = dict(zip(TABLES[name].column_names, values, strict=True))
            client = owner[row[key]] if name in OWNERS else row[key]
            if name == "bureau":
                owner[row["SK_ID_BUREAU"]] = client
            by_client[client].append(row)
        for client, rows in by_client.items():
            blocks[client][name] = rows
    return [check_history(json.loads(json.dumps(blocks[client])), client, ()) for client in clients]


def compare(offline: NDArray[np.float32], online: NDArray[np.float32], clients: list[int]) -> None:
    """Return if every feature has the same bits; whatever is missing is missing in both."""
    same = (online.view(np.uint32) == offline.view(np.uint32)) | (
        np.isnan(online) & np.isnan(offline)
    )
    told = [
        f"{HISTORY_FEATURE_NAMES[column]} of {clients[row]}: "
        f"offline {offline[row, column]!r}, online {online[row, column]!r}"
        for row, column in np.argwhere(~same)[:20]
    ]
    assert not told, f"{int((~same).sum())} of {same.size} cells differ:\n" + "\n".join(told)


def require_equality(engine: RawHistories, folder: Path, count: int) -> ClientHistories:
    """Return the histories that were compared, some alone and all together."""
    with open_tables(folder) as tables:
        histories = build_histories(tables)
        chosen = np.linspace(0, len(histories.clients) - 1, count).astype(int)
        clients = histories.clients[chosen].tolist()
        blocks = read_blocks(tables, clients)
    offline = histories.features[chosen]
    compare(offline, engine.compute(blocks), clients)
    for place in range(0, count, max(1, count // 5)):
        alone = engine.compute(blocks[place : place + 1])
        compare(offline[place : place + 1], alone, clients[place : place + 1])
    return ClientHistories(histories.clients[chosen], offline)


def test_demo_clients_have_the_same_history_features_raw_and_stored(
    engine: RawHistories, few_clients: Path
) -> None:
    histories = require_equality(engine, few_clients, 60)

    lowest = np.fmin.reduce(histories.features)
    varying = np.fmax.reduce(histories.features) > lowest
    assert varying.mean() > 0.8


@pytest.mark.real
def test_real_clients_have_the_same_history_features_raw_and_stored(
    engine: RawHistories, real_tables: Path
) -> None:
    require_equality(engine, real_tables / "relational", REAL_CLIENTS)


def test_applicants_with_the_same_loans_are_told_apart(engine: RawHistories) -> None:
    months = [{"SK_ID_BUREAU": 5, "MONTHS_BALANCE": -n, "STATUS": "0"} for n in range(3)]
    block = check_history({"bureau": [LOAN], "bureau_balance": months}, 7, ())

    both = engine.compute([block, block])

    np.testing.assert_array_equal(both[0], both[1])
    position = HISTORY_FEATURE_NAMES.index("bureau_balance_months_count")
    assert both[0, position] == 3


def test_without_rows_there_is_the_empty_history(engine: RawHistories) -> None:
    np.testing.assert_array_equal(engine.compute([{}, {"bureau": []}]), empty_history(2))


def test_a_ratio_beyond_float32_is_missing_and_harms_nobody(engine: RawHistories) -> None:
    tiny = LOAN | {"AMT_CREDIT_SUM": 1e-35, "AMT_CREDIT_SUM_DEBT": 4e8}
    usual = LOAN | {"AMT_CREDIT_SUM": 1_000, "AMT_CREDIT_SUM_DEBT": 400}
    blocks = [check_history({"bureau": [row]}, 7, ()) for row in (tiny, usual)]

    of_tiny, of_usual = engine.compute(blocks)

    position = HISTORY_FEATURE_NAMES.index("bureau_debt_to_credit")
    assert np.isnan(of_tiny[position])
    assert of_usual[position] == np.float32(0.4)
    assert np.isfinite(of_tiny[~np.isnan(of_tiny)]).all()


def test_after_a_failure_the_next_applicants_find_no_rows_of_others(engine: RawHistories) -> None:
    block = check_history({"bureau": [LOAN]}, 7, ())
    alone = engine.compute([block])

    with pytest.raises(KeyError):
        engine.compute([block, {"POS_CASH_balance": [{"SK_ID_PREV": 1}]}])

    np.testing.assert_array_equal(engine.compute([block]), alone)
