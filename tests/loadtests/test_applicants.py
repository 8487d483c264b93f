from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from credit.errors import TableMissing
from loadtests.applicants import make_questions, read_questions
from serving.applicant import check_applicant

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
