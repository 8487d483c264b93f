from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from credit.errors import TableMissing
from loadtests.applicants import (
    find_folder,
    gather_population,
    make_questions,
    read_questions,
)
from loadtests.histories import read_histories
from serving.applicant import check_applicant
from serving.history_block import check_history

ROWS: list[dict[str, Any]] = [
    {"SK_ID_CURR": 1, "TARGET": 0, "EXT_SOURCE_1": None, "OWN_CAR_AGE": 2.0, "NAME_TYPE_SUITE": ""},
    {"SK_ID_CURR": 2, "TARGET": 1, "EXT_SOURCE_1": 0.5, "OWN_CAR_AGE": None, "NAME_TYPE_SUITE": ""},
]


def read_applicants(folder: Path, limit: int = 10) -> list[dict[str, Any]]:
    return [json.loads(question.body)["data"] for question in read_questions(folder, limit)]


def test_empty_cells_are_left_out_unless_the_field_must_be_named(tmp_path: Path) -> None:
    csv.write_csv(pa.Table.from_pylist(ROWS), tmp_path / "application_train.csv")

    assert read_applicants(tmp_path) == [
        {"SK_ID_CURR": 1, "EXT_SOURCE_1": None, "OWN_CAR_AGE": 2},
        {"SK_ID_CURR": 2, "EXT_SOURCE_1": 0.5},
    ]


def test_not_a_number_counts_as_empty(tmp_path: Path) -> None:
    row = {"SK_ID_CURR": 1, "EXT_SOURCE_1": float("nan"), "OWN_CAR_AGE": float("nan")}
    parquet.write_table(pa.Table.from_pylist([row]), tmp_path / "application_test.parquet")

    assert read_applicants(tmp_path) == [{"SK_ID_CURR": 1, "EXT_SOURCE_1": None}]


def test_questions_know_their_client_and_have_a_limit(tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "application_test.parquet")

    assert [question.client for question in read_questions(tmp_path, 10)] == [1, 2]
    assert [question.client for question in read_questions(tmp_path, 1)] == [1]


def test_a_folder_without_an_application_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableMissing, match="application_test"):
        read_questions(tmp_path, 10)


def test_a_table_without_rows_is_told(tmp_path: Path) -> None:
    table = pa.table({"SK_ID_CURR": pa.array([], pa.int64())})
    parquet.write_table(table, tmp_path / "application_test.parquet")

    with pytest.raises(TableMissing, match="no rows"):
        read_questions(tmp_path, 10)


def test_applicants_who_are_made_up_keep_the_contract() -> None:
    for question in make_questions(clients=50, seed=3):
        applicant = json.loads(question.body)["data"]
        assert check_applicant(applicant, ())["SK_ID_CURR"] == question.client


def test_the_folder_that_was_asked_for_comes_before_the_real_tables(tmp_path: Path) -> None:
    (tmp_path / "application").mkdir()
    parquet.write_table(
        pa.Table.from_pylist(ROWS), tmp_path / "application" / "application_test.parquet"
    )

    assert find_folder(tmp_path / "given", tmp_path) == tmp_path / "given"
    assert find_folder(None, tmp_path) == tmp_path / "application"
    assert find_folder(None, None) is None


def test_real_tables_that_are_not_where_they_should_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(TableMissing, match="HOME_CREDIT_DIR"):
        find_folder(None, tmp_path)


def test_a_population_says_where_its_applicants_come_from(tmp_path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "application_test.parquet")

    read = gather_population(tmp_path, limit=10, seed=1, histories=10)
    made = gather_population(None, limit=50, seed=1, histories=0)

    assert read.origin == f"2 of {tmp_path / 'application_test.parquet'}"
    assert (read.made_up, read.histories) == (False, {})
    assert (made.made_up, made.histories) == (True, {})
    assert "made up" in made.origin


def test_histories_are_the_rows_of_their_clients_whatever_the_file(tmp_path: Path) -> None:
    loans = [{"SK_ID_CURR": 1 + number // 2, "SK_ID_BUREAU": number} for number in range(6)]
    debts = [loan | {"DAYS_CREDIT": -5.0, "AMT_ANNUITY": None} for loan in loans]
    months = [{"SK_ID_BUREAU": n, "MONTHS_BALANCE": -1, "STATUS": "0"} for n in (0, 3, 4, 4)]
    for folder, write, ending in (
        (tmp_path / "csv", csv.write_csv, "csv"),
        (tmp_path / "parquet", parquet.write_table, "parquet"),
    ):
        folder.mkdir()
        write(pa.Table.from_pylist(debts), folder / f"bureau.{ending}")
        write(pa.Table.from_pylist(months), folder / f"bureau_balance.{ending}")

        histories = read_histories(folder, [1, 2, 9])

        assert set(histories) == {1, 2}
        assert histories[1] == {
            "bureau": [{"SK_ID_BUREAU": number, "DAYS_CREDIT": -5} for number in (0, 1)],
            "bureau_balance": [{"SK_ID_BUREAU": 0, "MONTHS_BALANCE": -1, "STATUS": "0"}],
        }
        assert [row["SK_ID_BUREAU"] for row in histories[2]["bureau_balance"]] == [3]


def test_histories_of_demo_clients_keep_the_contract(few_clients: Path) -> None:
    population = gather_population(few_clients, limit=20, seed=1, histories=20)

    assert population.histories
    for client, history in population.histories.items():
        assert check_history(history, client, ()) == check_history(
            json.loads(json.dumps(history)), client, ()
        )


@pytest.mark.real
@pytest.mark.parametrize("folder", ["relational", "application"])
def test_every_real_applicant_keeps_the_contract_over_http(folder: str) -> None:
    home = os.environ.get("HOME_CREDIT_DIR")
    if home is None:
        pytest.skip("HOME_CREDIT_DIR is unset")

    questions = read_questions(Path(home) / folder, 5_000)

    for question in questions:
        applicant = json.loads(question.body)["data"]
        assert check_applicant(applicant, ())["SK_ID_CURR"] == question.client
