from __future__ import annotations

import re
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from credit.cost import CostMatrix
from credit.errors import TableMissing
from tests.training.data_report.conftest import ReadPage, Spoil, write_page
from training.data_report.report import ReportOrder, write_data_report

ALL = "FROM {source}"


pytestmark = pytest.mark.usefixtures("unpainted")


@pytest.fixture(scope="module")
def page(
    few_clients: Path,
    tmp_path_factory: pytest.TempPathFactory,
    unpainted: None,  # noqa: ARG001
) -> ReadPage:
    return write_page(few_clients, tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture(scope="module")
def train(few_clients: Path) -> duckdb.DuckDBPyRelation:
    return duckdb.read_parquet(str(few_clients / "application_train.parquet"))


def test_the_page_needs_no_other_file_and_no_network(page: ReadPage) -> None:
    assert "http:" not in page.html
    assert "https:" not in page.html
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(source.startswith("data:image/png") for source in page.attributes("img", "src"))


def test_every_picture_says_what_it_shows(page: ReadPage) -> None:
    alternatives = page.attributes("img", "alt")

    assert len(alternatives) > 40
    assert all(len(text) > 15 for text in alternatives)
    assert len(set(alternatives)) == len(alternatives)


def test_the_contents_lead_to_every_chapter(page: ReadPage) -> None:
    anchors = [name for name in page.attributes("section", "id") if name]

    assert [f"#{anchor}" for anchor in anchors] == page.attributes("a", "href")
    assert len(anchors) == 10


def test_all_that_opens_is_closed(page: ReadPage) -> None:
    assert page.unclosed == []


def test_no_identifier_is_on_the_page(page: ReadPage, few_clients: Path) -> None:
    numbers = {found.replace(",", "") for found in re.findall(r"\d[\d,]*", page.text)}
    for table, key in (
        ("application_train", "SK_ID_CURR"),
        ("application_test", "SK_ID_CURR"),
        ("bureau", "SK_ID_BUREAU"),
        ("previous_application", "SK_ID_PREV"),
    ):
        source = few_clients / f"{table}.parquet"
        keys = duckdb.read_parquet(str(source)).fetchnumpy()[key]
        assert numbers.isdisjoint(str(found) for found in keys.tolist())


def test_the_default_rate_and_its_interval_are_the_tables(
    page: ReadPage, train: duckdb.DuckDBPyRelation
) -> None:
    outcomes = train.fetchnumpy()["TARGET"]
    interval = binomtest(int(outcomes.sum()), len(outcomes)).proportion_ci(method="wilson")

    told = re.search(r"(\d+) of (\d+) clients with a known .*?: \S+ \(([^)]*)\)", page.text)

    assert told is not None
    assert (int(told[1]), int(told[2])) == (outcomes.sum(), len(outcomes))
    low, high = (float(end) / 100 for end in re.findall(r"([\d.]+)%", told[3]))
    assert low == pytest.approx(interval.low, abs=1e-3)
    assert high == pytest.approx(interval.high, abs=1e-3)


def test_approving_all_costs_ten_times_the_default_rate(
    page: ReadPage, train: duckdb.DuckDBPyRelation
) -> None:
    rate = train.fetchnumpy()["TARGET"].mean()

    assert page.find_row("approve all")[-1] == f"{10 * rate:.3f}"
    assert page.find_row("refuse all")[-1] == f"{1 - rate:.3f}"


def test_rows_columns_and_clients_are_the_files(page: ReadPage, few_clients: Path) -> None:
    for table in ("application_train", "bureau", "installments_payments"):
        source = few_clients / f"{table}.parquet"
        rows, clients = duckdb.execute(
            f"SELECT count(*), count(DISTINCT SK_ID_CURR) FROM read_parquet('{source}')"  # noqa: S608
        ).fetchall()[0]
        told = page.find_row(table)
        assert told[3] == f"{rows:,}"
        assert told[5] == f"{clients:,}"


def test_the_auc_of_a_column_alone_is_that_of_scikit_learn(
    page: ReadPage, train: duckdb.DuckDBPyRelation
) -> None:
    columns = train.fetchnumpy()
    score = np.ma.filled(columns["EXT_SOURCE_2"].astype(float), np.nan)
    known = ~np.isnan(score)
    auc = roc_auc_score(columns["TARGET"][known], -score[known])

    told = next(row for row in page.rows if row[0] == "EXT_SOURCE_2" and "values default" in row[1])

    assert told[1] == "lower values default more"
    assert float(told[2]) == pytest.approx(auc, abs=1e-4)


def test_the_missing_share_is_that_of_the_table(
    page: ReadPage, train: duckdb.DuckDBPyRelation
) -> None:
    missing = train.aggregate("1 - count(EXT_SOURCE_1) / count(*)").fetchall()[0][0]

    told = next(row for row in page.rows if row[:2] == ["EXT_SOURCE_1", "scores from outside"])

    assert told[2] == f"{missing:.1%}"


def test_coverage_counts_clients_with_any_row(page: ReadPage, few_clients: Path) -> None:
    train, cards = (
        f"read_parquet('{few_clients / table}.parquet')"
        for table in ("application_train", "credit_card_balance")
    )
    share = duckdb.execute(
        f"SELECT avg((SK_ID_CURR IN (SELECT SK_ID_CURR FROM {cards}))::INT) FROM {train}"  # noqa: S608
    ).fetchall()[0][0]

    told = [row for row in page.rows if row[0] == "credit_card_balance"][1]

    assert told[3] == f"{share:.1%}"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * REPLACE (0 AS TARGET) FROM {source}", "one outcome only"),
        ("SELECT * EXCLUDE (TARGET) FROM {source}", "No outcome is known"),
        ("SELECT * REPLACE (NULL::BIGINT AS TARGET) FROM {source}", "No outcome is known"),
        (
            "SELECT * REPLACE (if(SK_ID_CURR % 3 = 0, NULL, TARGET) AS TARGET) FROM {source}",
            "are left out of all default rates",
        ),
        ("FROM {source} UNION ALL FROM {source}", "rows repeat a client"),
        ("FROM {source} LIMIT 50", "of 50 clients with a known outcome"),
        ("FROM {source} LIMIT 9", "too few to be shown"),
        ("FROM {source} LIMIT 0", "No outcome is known"),
        ("SELECT * EXCLUDE (DAYS_BIRTH) FROM {source}", "Not shown, since columns lack: Age"),
        (
            "SELECT * REPLACE (NULL::DOUBLE AS EXT_SOURCE_1) FROM {source}",
            "Nobody has a value in EXT_SOURCE_1",
        ),
        ("SELECT * REPLACE (0.5 AS EXT_SOURCE_3) FROM {source}", "all have the same"),
        (
            "SELECT * REPLACE ('<b>$x$ and $' AS CODE_GENDER) FROM {source}",
            "break the data contract",
        ),
        ("SELECT * REPLACE ('many' AS AMT_CREDIT) FROM {source}", "break the data contract"),
    ],
)
def test_degenerate_applications_are_shown_with_a_note(
    spoil: Spoil, tmp_path: Path, query: str, told: str
) -> None:
    page = write_page(spoil(application_train=query, bureau=ALL), tmp_path / "page.html")

    assert told in page.text
    assert page.unclosed == []
    assert " nan" not in page.text


@pytest.mark.parametrize("table", ["application_test", "bureau", "bureau_balance"])
def test_a_table_alone_makes_a_page(spoil: Spoil, tmp_path: Path, table: str) -> None:
    page = write_page(spoil(**{table: ALL}), tmp_path / "page.html")

    assert "No outcome is known" in page.text
    assert "1 of 8 tables can be read" in page.text


def test_a_broken_file_is_named_and_the_others_are_shown(spoil: Spoil, tmp_path: Path) -> None:
    folder = spoil(application_train=ALL)
    (folder / "bureau.parquet").write_bytes(b"PAR1 cut off")

    page = write_page(folder, tmp_path / "page.html")

    assert "Not readable: bureau" in page.text
    assert "clients with a known outcome defaulted" in page.text


def test_a_rare_level_is_shown_with_others_only(spoil: Spoil, tmp_path: Path) -> None:
    rare = (
        "SELECT * REPLACE (CASE WHEN row_number() OVER () <= 4 THEN 'Maternity leave' "
        "ELSE 'Working' END AS NAME_INCOME_TYPE) FROM {source}"
    )

    page = write_page(spoil(application_train=rare), tmp_path / "page.html")

    assert "Maternity leave" not in page.text
    assert "NAME_INCOME_TYPE" in page.text


def test_nothing_is_written_where_there_is_no_table(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    order = ReportOrder(tmp_path, out, CostMatrix(), None)

    with pytest.raises(TableMissing):
        write_data_report(order, lambda *_: None)

    assert not out.exists()


def test_progress_ends_where_it_said(spoil: Spoil, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    tables = spoil(application_train=ALL, bureau=ALL)
    order = ReportOrder(tables, tmp_path / "page.html", CostMatrix(), None)

    write_data_report(order, lambda *step: steps.append(step))

    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1][1] == steps[-1][2]
