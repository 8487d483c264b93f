from __future__ import annotations

import filecmp
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from credit.contract import TABLES
from credit.errors import OutputExists
from demo import DemoTables, make_demo_tables
from demo.chunk import CHUNK_CLIENTS, count_tested, draw_chunk
from demo.figures import load_figures
from demo.writing import FileFormat
from training.table_check import check_tables

SMALL = 300


def _list_files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_keeps_the_data_contract(demo_tables: DemoTables) -> None:
    report = check_tables(demo_tables.folder)

    assert [found.message for found in report.violations] == []
    assert report.rows == demo_tables.rows


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("clients", [50, 700])
def test_keeps_the_data_contract_at_any_size_and_seed(
    tmp_path: Path, clients: int, seed: int
) -> None:
    made = make_demo_tables(tmp_path / "demo", clients=clients, seed=seed, file_format="csv")

    report = check_tables(made.folder)

    assert [found.message for found in report.violations] == []
    assert made.defaults > 0


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_names_the_files_as_kaggle_does(tmp_path: Path, file_format: FileFormat) -> None:
    make_demo_tables(tmp_path / "demo", clients=SMALL, file_format=file_format)

    assert _list_files(tmp_path / "demo") == sorted(f"{name}.{file_format}" for name in TABLES)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_size_and_seed_give_the_same_bytes(tmp_path: Path, file_format: FileFormat) -> None:
    for name in ("first", "second"):
        make_demo_tables(tmp_path / name, clients=SMALL, seed=7, file_format=file_format)

    names = _list_files(tmp_path / "first")
    same, different, failed = filecmp.cmpfiles(
        tmp_path / "first", tmp_path / "second", names, shallow=False
    )
    assert (sorted(same), different, failed) == (names, [], [])


def test_another_seed_gives_other_clients(tmp_path: Path) -> None:
    for seed in (1, 2):
        make_demo_tables(tmp_path / str(seed), clients=SMALL, seed=seed)

    first, second = ((tmp_path / str(seed) / "application_train.csv") for seed in (1, 2))
    assert first.read_bytes() != second.read_bytes()


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    make_demo_tables(tmp_path / "csv", clients=SMALL, file_format="csv")
    make_demo_tables(tmp_path / "parquet", clients=SMALL, file_format="parquet")

    with duckdb.connect() as connection:
        for name in TABLES:
            written = f"'{tmp_path}/parquet/{name}.parquet'"
            columns = connection.execute(f"describe from {written}").fetchall()
            types = ", ".join(f"'{column[0]}': '{column[1]}'" for column in columns)
            read = f"read_csv('{tmp_path}/csv/{name}.csv', columns = {{{types}}})"
            for left, right in ((read, written), (written, read)):
                differing = connection.execute(f"from {left} except all from {right}").fetchall()
                assert differing == [], name


def test_a_chunk_does_not_depend_on_the_chunks_before_it(demo_tables: DemoTables) -> None:
    chunk = draw_chunk(load_figures(), seed=0, index=1, clients=demo_tables.clients)

    written = pq.read_table(demo_tables.folder / "bureau.parquet")
    last = slice(written.num_rows - len(chunk["bureau"]["SK_ID_CURR"]), None)
    for column in ("SK_ID_CURR", "DAYS_CREDIT"):
        assert np.array_equal(written[column].to_numpy()[last], chunk["bureau"][column])


def test_splits_clients_as_kaggle_does() -> None:
    assert count_tested(356_255) == 48_744
    assert count_tested(356_255 * 2) == 48_744 * 2


def test_numbers_clients_without_a_gap(demo_tables: DemoTables) -> None:
    ids = np.concatenate(
        [
            pq.read_table(demo_tables.folder / f"{name}.parquet")["SK_ID_CURR"].to_numpy()
            for name in ("application_train", "application_test")
        ]
    )

    assert sorted(ids) == list(range(100_001, 100_001 + demo_tables.clients))


def test_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    clients = CHUNK_CLIENTS + 100

    make_demo_tables(
        tmp_path / "demo",
        clients=clients,
        file_format="parquet",
        on_progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(CHUNK_CLIENTS, clients), (clients, clients)]


def test_refuses_so_few_clients_that_tables_could_be_empty(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 50 clients; got 49"):
        make_demo_tables(tmp_path / "demo", clients=49)

    assert _list_files(tmp_path) == []


def test_refuses_to_write_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputExists, match=r"mine\.txt"):
        make_demo_tables(tmp_path, clients=SMALL)

    assert _list_files(tmp_path) == ["mine.txt"]


def test_refuses_to_write_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file", encoding="utf-8")

    with pytest.raises(OutputExists, match="is a file"):
        make_demo_tables(tmp_path / "demo", clients=SMALL, overwrite=True)


def test_overwrites_tables_when_asked_to(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    make_demo_tables(out, clients=SMALL, file_format="csv")

    make_demo_tables(out, clients=SMALL, file_format="parquet", overwrite=True)

    assert _list_files(out) == sorted(f"{name}.parquet" for name in TABLES)
    assert _list_files(tmp_path) == ["demo"]


def test_never_overwrites_anything_but_tables(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    make_demo_tables(out, clients=SMALL)
    (out / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(OutputExists, match=r"notes\.txt"):
        make_demo_tables(out, clients=SMALL, overwrite=True)

    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_fills_a_folder_that_is_empty(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()

    make_demo_tables(tmp_path / "demo", clients=SMALL)

    assert len(_list_files(tmp_path / "demo")) == len(TABLES)


def test_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError(f"{done} of {total}")

    with pytest.raises(RuntimeError, match="300 of 300"):
        make_demo_tables(tmp_path / "demo", clients=SMALL, on_progress=fail)

    assert _list_files(tmp_path) == []


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from demo import make_demo_tables; "
        "make_demo_tables(Path(sys.argv[1]), clients=1_000_000)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "demo")],
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".demo*/bureau.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    started = _list_files(tmp_path)

    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)

    assert [name.split(".partial")[0] for name in started] == [".demo"]
    assert b"KeyboardInterrupt" in complaint
    assert _list_files(tmp_path) == []
