from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.contract import HISTORY_TABLES, TABLES
from credit.errors import ContractViolation, TableMissing, UnreadableTable
from training.tables import open_tables

if TYPE_CHECKING:
    from tests.training.conftest import TableFolder

Rows = list[tuple[object, ...]]


def read_all(source: Path) -> dict[str, Rows]:
    with open_tables(source) as tables:
        return {name: tables.relation(name).fetchall() for name in tables.present}


def read_column(source: Path, table: str, column: str) -> list[object]:
    with open_tables(source) as tables:
        return [row[0] for row in tables.relation(table).select(column).fetchall()]


def describe(source: Path, table: str) -> dict[str, str]:
    with open_tables(source) as tables:
        return {row[0]: row[1] for row in tables.connection.execute(f"DESCRIBE {table}").fetchall()}


def test_opens_all_eight_tables_in_the_contracts_order(folder: TableFolder) -> None:
    with open_tables(folder.write_all()) as tables:
        assert tables.present == tuple(TABLES)
        assert tables.missing == ()


def test_says_which_histories_are_missing_and_opens_the_rest(folder: TableFolder) -> None:
    folder.write("application_train")
    folder.write("bureau")

    with open_tables(folder.path) as tables:
        assert tables.present == ("application_train", "bureau")
        assert set(tables.missing) == {"application_test", *HISTORY_TABLES} - {"bureau"}
        assert len(tables.relation("bureau").fetchall()) == 6


def test_types_each_column_as_the_contract_declares_it(folder: TableFolder) -> None:
    types = describe(folder.write_all(), "application_train")

    assert tuple(types) == TABLES["application_train"].column_names
    assert types["SK_ID_CURR"] == "BIGINT"
    assert types["CNT_CHILDREN"] == "BIGINT"
    assert types["OWN_CAR_AGE"] == "DOUBLE", "an integer that may be empty"
    assert types["AMT_CREDIT"] == "DOUBLE"
    assert types["CODE_GENDER"] == "VARCHAR"


def test_reads_integers_that_are_written_with_a_fraction_of_zero(folder: TableFolder) -> None:
    folder.rows["application_train"][0]["SK_ID_CURR"] = "100001.0"
    folder.rows["application_train"][0]["CNT_FAM_MEMBERS"] = "2.0"
    source = folder.write_all()

    assert read_column(source, "application_train", "SK_ID_CURR")[0] == 100_001
    assert read_column(source, "application_train", "CNT_FAM_MEMBERS")[0] == 2.0


def test_leaves_sentinels_as_they_are(folder: TableFolder) -> None:
    folder.rows["application_train"][0]["DAYS_EMPLOYED"] = "365243"
    folder.rows["application_train"][0]["CODE_GENDER"] = "XNA"
    source = folder.write_all()

    assert read_column(source, "application_train", "DAYS_EMPLOYED")[0] == 365_243
    assert read_column(source, "application_train", "CODE_GENDER")[0] == "XNA"


def test_reads_empty_and_quoted_empty_cells_as_null(folder: TableFolder) -> None:
    folder.rows["application_train"][0]["AMT_ANNUITY"] = ""
    folder.write_all()
    path = folder.path / "application_train.csv"
    path.write_text(path.read_text().replace(",Unaccompanied,", ',"",'))

    assert read_column(folder.path, "application_train", "AMT_ANNUITY")[0] is None
    assert read_column(folder.path, "application_train", "NAME_TYPE_SUITE")[0] is None


def test_drops_extra_columns_and_puts_the_others_in_order(folder: TableFolder) -> None:
    rows = folder.rows["bureau_balance"]
    folder.rows["bureau_balance"] = [{"note": "x", **dict(reversed(row.items()))} for row in rows]

    with open_tables(folder.write_all()) as tables:
        relation = tables.relation("bureau_balance")
        assert tuple(relation.columns) == ("SK_ID_BUREAU", "MONTHS_BALANCE", "STATUS")
        assert relation.fetchall()[0][0] == int(rows[0]["SK_ID_BUREAU"])


def test_parquet_gives_the_same_as_csv(folder: TableFolder) -> None:
    from_csv = read_all(folder.write_all())
    types = {table: describe(folder.path, table) for table in TABLES}
    for table in TABLES:
        folder.write_parquet(table)

    assert read_all(folder.path) == from_csv
    assert {table: describe(folder.path, table) for table in TABLES} == types


def test_parquet_that_holds_texts_gives_the_same_as_csv(folder: TableFolder) -> None:
    from_csv = read_all(folder.write_all())
    for table in TABLES:
        folder.write_parquet(table, texts=True)

    assert read_all(folder.path) == from_csv


def test_narwhals_takes_the_relation_as_a_lazy_frame(folder: TableFolder) -> None:
    with open_tables(folder.write_all()) as tables:
        frame = nw.from_native(tables.relation("POS_CASH_balance"))
        assert isinstance(frame, nw.LazyFrame)
        assert len(frame.select("SK_DPD").collect()) == 6


def test_keeps_to_the_memory_limit_and_spills_where_it_is_cleaned_up(folder: TableFolder) -> None:
    with open_tables(folder.write_all(), memory_limit="100MB", threads=1) as tables:
        spill, limit = tables.connection.execute(
            "SELECT current_setting('temp_directory'), current_setting('memory_limit')"
        ).fetchall()[0]
        tables.connection.execute(
            "CREATE TEMP TABLE wide AS SELECT range AS number, hash(range) AS noise "
            "FROM range(20_000_000)"
        )
        assert any(Path(spill).iterdir())
    assert limit == "95.3 MiB"
    assert not Path(spill).exists()


def test_prints_no_progress_of_its_own(folder: TableFolder) -> None:
    with open_tables(folder.write_all()) as tables:
        setting = "SELECT current_setting('enable_progress_bar')"
        assert tables.connection.execute(setting).fetchall() == [(False,)]


def test_without_application_train_nothing_opens(folder: TableFolder) -> None:
    folder.write("bureau")

    with (
        pytest.raises(TableMissing, match=r"application_train is not in .*found bureau"),
        open_tables(folder.path),
    ):
        pass


def test_a_missing_table_is_not_handed_out(folder: TableFolder) -> None:
    folder.write("application_train")

    with (
        open_tables(folder.path) as tables,
        pytest.raises(TableMissing, match="bureau is not there; found application_train"),
    ):
        tables.relation("bureau")


def test_a_table_that_lacks_a_column_is_not_opened(folder: TableFolder) -> None:
    for row in folder.rows["bureau"]:
        del row["CREDIT_TYPE"]

    with (
        pytest.raises(ContractViolation, match=r"bureau\.csv lacks CREDIT_TYPE"),
        open_tables(folder.write_all()),
    ):
        pass


def test_a_cut_off_table_is_not_opened(folder: TableFolder) -> None:
    folder.write_all()
    path = folder.path / "bureau.csv"
    path.write_bytes(path.read_bytes()[:-40])

    with (
        pytest.raises(UnreadableTable, match=r"bureau\.csv: cut off"),
        open_tables(folder.path),
    ):
        pass


@pytest.mark.parametrize("cell", ["abc", "12.5", "NaN", "inf", "1e400", "0x10"])
def test_a_cell_that_is_no_integer_is_an_error_and_not_a_number(
    folder: TableFolder, cell: str
) -> None:
    folder.rows["bureau"][3]["DAYS_CREDIT"] = cell

    with open_tables(folder.write_all()) as tables, pytest.raises(duckdb.Error):
        tables.relation("bureau").select("DAYS_CREDIT").fetchall()


def test_not_a_number_in_parquet_is_an_error_and_not_a_number(folder: TableFolder) -> None:
    folder.write_all()
    folder.rows["bureau"][3]["AMT_CREDIT_SUM"] = "nan"
    folder.write_parquet("bureau")

    with (
        open_tables(folder.path) as tables,
        pytest.raises(duckdb.Error, match="AMT_CREDIT_SUM holds what is no number"),
    ):
        tables.relation("bureau").select("AMT_CREDIT_SUM").fetchall()


@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        min_size=1,
        max_size=200,
    )
)
def test_numbers_come_back_to_the_last_bit_from_csv_and_parquet(
    numbers: list[float | None],
) -> None:
    cells = ["" if number is None else repr(number) for number in numbers]
    header = TABLES["application_train"].column_names
    lines = [",".join(cell if name == "AMT_ANNUITY" else "1" for name in header) for cell in cells]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "application_train.csv"
        path.write_text("\n".join([",".join(header), *lines]) + "\n")
        from_csv = read_column(Path(folder), "application_train", "AMT_ANNUITY")
        columns = dict.fromkeys(header, ["1"] * len(cells)) | {"AMT_ANNUITY": numbers}
        pq.write_table(pa.table(columns), path.with_suffix(".parquet"))
        path.unlink()
        from_parquet = read_column(Path(folder), "application_train", "AMT_ANNUITY")

    assert from_csv == numbers
    assert from_parquet == numbers


@pytest.mark.real
@pytest.mark.parametrize("kind", ["relational", "application"])
def test_the_real_tables_open_and_read_to_their_end(kind: str) -> None:
    home = os.environ.get("HOME_CREDIT_DIR")
    if home is None:
        pytest.skip("HOME_CREDIT_DIR is not set")

    with open_tables(Path(home) / kind) as tables:
        relation = tables.relation("application_train")
        assert tuple(relation.columns) == TABLES["application_train"].column_names
        ((rows, shares),) = relation.aggregate("count(*), avg(TARGET)").fetchall()
    assert rows > 3_000
    assert 0.05 < shares < 0.12
