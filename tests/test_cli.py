from __future__ import annotations

import csv
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from credit.bundle import Bundle, compute_fingerprint
from demo import make_demo_tables
from serving.history_store import HistoryStore
from tests.command import Finished, Home, call_main
from tests.promotion import promote_unjudged
from training.tuning.best_parameters import read_fit_settings

COMMANDS = [
    [],
    ["demo"],
    ["data"],
    ["data", "make"],
    ["data", "check"],
    ["data", "report"],
    ["features"],
    ["select"],
    ["compare"],
    ["tune"],
    ["train"],
    ["promote"],
    ["rollback"],
    ["history"],
    ["build"],
    ["dashboard"],
    ["token"],
]
HEAVY = ["bentoml", "duckdb", "mlflow", "numpy", "pandas", "pyarrow", "sklearn", "xgboost"]
LIST_HEAVY = f"""
import atexit, sys
atexit.register(lambda: print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr))
import cli
sys.argv = ["credit", *sys.argv[1:]]
cli.main()
"""
MODEL = "credit_scoring_model"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture(scope="session")
def csv_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound tables as CSV, with too few clients to learn from."""
    return make_demo_tables(tmp_path_factory.mktemp("csv") / "tables", clients=60).folder


@pytest.fixture
def tables(csv_tables: Path, home: Home) -> Path:
    """Sound tables that the test may spoil."""
    return Path(shutil.copytree(csv_tables, home.cwd / "tables"))


@pytest.fixture
def registry(home: Home, empty_mlflow: Path) -> MlflowClient:
    """The home's own registry, which holds nothing."""
    shutil.copy(empty_mlflow, home.database)
    return MlflowClient(home.tracking_uri)


Call = Callable[..., Finished]


@pytest.fixture
def call(home: Home, capfd: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Calls a command in this process, which has loaded MLflow and BentoML already."""

    def run(*arguments: str) -> Finished:
        capfd.readouterr()
        exit_code = call_main(*arguments)
        said = capfd.readouterr()
        return Finished(exit_code, said.out, said.err)

    with home.in_this_process():
        yield run


def register(client: MlflowClient, source: Path, tags: dict[str, str]) -> None:
    """Register version 1 of a model that may not be there."""
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, source.as_uri(), tags=tags)


def make_tags() -> dict[str, str]:
    bundle = Bundle(
        model_version="",
        threshold=0.1,
        false_negative_cost=10.0,
        false_positive_cost=1.0,
        fingerprint=compute_fingerprint(),
        trained_at="2026-01-01T00:00:00+00:00",
        oof_auc=0.75,
        training_tables=("application_train",),
        model_sha256="5e" * 32,
        feature_count=5,
        git_commit="c0ffee",
    )
    return bundle.to_metadata()


def assert_fails_with_one_line(finished: Finished, exit_code: int, *words: str) -> None:
    assert finished.exit_code == exit_code, finished
    (line,) = finished.err.splitlines()
    assert line.startswith("credit: ")
    for word in words:
        assert word in line


def edit(table: Path, change: Callable[[list[list[str]]], None]) -> None:
    """Change a CSV's cells, header included."""
    with table.open(newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def put(column: str, cell: str) -> Callable[[Path], None]:
    """Return what puts a cell into the third row of application_train."""

    def change(rows: list[list[str]]) -> None:
        rows[3][rows[0].index(column)] = cell

    return lambda folder: edit(folder / "application_train.csv", change)


def remove_application_train(folder: Path) -> None:
    (folder / "application_train.csv").unlink()


def write_semicolons(folder: Path) -> None:
    table = folder / "bureau.csv"
    table.write_text(table.read_text().replace(",", ";"))


def cut_off(folder: Path) -> None:
    table = folder / "application_train.csv"
    table.write_bytes(table.read_bytes()[:-200])


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


SPOILED = [
    pytest.param(remove_folder, 5, ["tables does not exist"], id="no folder"),
    pytest.param(remove_application_train, 5, ["application_train"], id="no application_train"),
    pytest.param(write_semicolons, 4, ["bureau.csv", "semicolons"], id="semicolons"),
    pytest.param(cut_off, 4, ["application_train.csv", "cut off"], id="cut off"),
    pytest.param(put("AMT_CREDIT", "much"), 3, ["AMT_CREDIT", "wrong type", "3"], id="wrong type"),
    pytest.param(put("EXT_SOURCE_2", "7.5"), 3, ["EXT_SOURCE_2", "out of range"], id="range"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(home: Home, command: list[str]) -> None:
    finished = home.run(*command, "--help")

    assert (finished.exit_code, finished.err) == (0, "")
    assert finished.out.startswith(" ".join(["Usage: credit", *command]))


@pytest.mark.parametrize("command", [[], ["demo"], ["data", "check"]], ids=" ".join)
def test_help_loads_nothing_heavy(home: Home, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_HEAVY, *command, "--help"],
        cwd=home.cwd,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("Usage: credit")
    assert done.stderr.split() == []


@pytest.mark.parametrize(("spoil", "exit_code", "words"), SPOILED)
def test_checking_spoiled_tables_ends_with_the_code_of_what_is_wrong(
    home: Home, tables: Path, spoil: Callable[[Path], None], exit_code: int, words: list[str]
) -> None:
    spoil(tables)

    finished = home.run("data", "check", "tables")

    assert_fails_with_one_line(finished, exit_code, *words)


@pytest.mark.parametrize("command", [["features", "--out", "made"], ["train"]], ids=lambda c: c[0])
def test_spoiled_tables_are_refused_before_anything_is_made(
    home: Home, call: Call, tables: Path, command: list[str]
) -> None:
    put("AMT_CREDIT", "much")(tables)

    finished = call(*command, "--data", "tables")

    assert_fails_with_one_line(finished, 3, "AMT_CREDIT", "wrong type")
    assert not (home.cwd / "made").exists()
    assert not home.database.exists()


@pytest.mark.usefixtures("tables")
def test_sound_tables_are_said_to_be_sound_from_any_folder(home: Home) -> None:
    finished = home.run("data", "check", "tables")

    assert (finished.exit_code, finished.err) == (0, "")
    assert "The tables keep the data contract." in finished.out


def test_a_check_answers_with_json_whether_the_tables_are_sound_or_not(
    home: Home, tables: Path
) -> None:
    sound = home.run("data", "check", "tables", "--json")
    put("CNT_CHILDREN", "-4")(tables)
    broken = home.run("data", "check", "tables", "--json")

    assert (sound.exit_code, json.loads(sound.out)["sound"]) == (0, True)
    report = json.loads(broken.out)
    assert (broken.exit_code, report["sound"]) == (3, False)
    assert [finding["column"] for finding in report["findings"]] == ["CNT_CHILDREN"]


def test_only_a_lenient_check_takes_a_missing_history_for_a_note(call: Call, tables: Path) -> None:
    (tables / "bureau_balance.csv").unlink()

    strict = call("data", "check", "tables")
    lenient = call("data", "check", "tables", "--lenient")

    assert_fails_with_one_line(strict, 3, "bureau_balance", "missing file")
    assert (lenient.exit_code, lenient.err) == (0, "")
    assert "bureau_balance" in lenient.out


def test_the_page_about_tables_is_written_to_the_home_and_shows_what_is_broken(
    home: Home, call: Call, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("AMT_CREDIT", "much")(tables)
    monkeypatch.setattr("training.data_report.page.Picture.size", (1, 1))
    monkeypatch.setattr("training.data_report.page._reduce_colours", lambda png: png)
    monkeypatch.setattr("training.data_report.page.render_png", lambda _: b"")  # half a minute

    finished = call("data", "report", "tables")

    page = home.folder / "var" / "data_report.html"
    assert (finished.exit_code, finished.err) == (0, "")
    assert finished.out == f"The page is in {page}\n"
    assert "application_train.AMT_CREDIT" in page.read_text(encoding="utf-8")


def test_there_is_no_page_about_a_folder_without_tables(home: Home, call: Call) -> None:
    finished = call("data", "report", "nowhere", "--out", "page.html")

    assert_fails_with_one_line(finished, 5, "nowhere", "does not exist")
    assert not (home.cwd / "page.html").exists()


@pytest.fixture(scope="module")
def trained_home(
    tmp_path_factory: pytest.TempPathFactory, few_clients: Path
) -> tuple[Home, Finished]:
    """A home where nothing was, and the training that ran there."""
    home = Home(tmp_path_factory.mktemp("trained"))
    return home, home.run("train", "--data", few_clients, "--json")


def test_training_prints_one_json_object_and_nothing_else(
    trained_home: tuple[Home, Finished], few_clients: Path
) -> None:
    home, finished = trained_home

    answer = json.loads(finished.out)
    assert finished.exit_code == 0
    assert all(line.startswith("Note: ") for line in finished.err.splitlines())
    assert (answer["model"], answer["version"]) == (MODEL, "1")
    clients = pq.read_metadata(few_clients / "application_train.parquet").num_rows
    assert answer["clients"] == clients
    tags = MlflowClient(home.tracking_uri).get_model_version(MODEL, "1").tags
    assert Bundle.from_metadata({**tags, "model_version": "1"}).threshold == answer["threshold"]
    assert home.find_leftovers() == []


@pytest.mark.usefixtures("registry", "undrawn")
def test_training_writes_the_histories_at_home_if_the_service_reads_them_from_a_url(
    home: Home, call: Call, few_clients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_HISTORY_STORE", "s3://bucket/history.arrow")

    finished = call("train", "--data", str(few_clients))

    assert (finished.exit_code, finished.err) == (0, "")
    assert f"The clients' histories are in {home.history_store}" in finished.out
    assert "CREDIT_HISTORY_STORE" in finished.out
    store = HistoryStore.open(home.history_store, compute_fingerprint())
    assert len(store) > 0


@pytest.mark.usefixtures("registry", "tables")
def test_too_few_defaults_are_not_fitted(home: Home, call: Call) -> None:
    finished = call("train", "--data", "tables")

    assert_fails_with_one_line(finished, 8, "defaults", "needs at least 20")
    assert not home.history_store.exists()


def test_a_list_of_features_that_is_none_is_not_trained_on(home: Home, call: Call) -> None:
    (home.cwd / "list.json").write_text("{}")

    finished = call("train", "--data", "tables", "--features", "list.json")

    assert_fails_with_one_line(finished, 6, "list.json", "credit select")
    assert not home.database.exists()


def test_a_file_of_parameters_that_is_none_is_not_trained_on(home: Home, call: Call) -> None:
    (home.cwd / "best.json").write_text('{"schema_version": 2}')

    finished = call("train", "--data", "tables", "--parameters", "best.json")

    assert_fails_with_one_line(finished, 14, "best.json", "schema_version", "credit tune")
    assert not home.database.exists()


def test_training_fits_with_the_parameters_of_the_package(
    trained_home: tuple[Home, Finished],
) -> None:
    home, finished = trained_home

    assert finished.exit_code == 0
    client = MlflowClient(home.tracking_uri)
    run = client.get_run(client.get_model_version(MODEL, "1").run_id or "")
    for name, value in read_fit_settings().parameters:
        assert run.data.params[name] == str(value)


@pytest.mark.usefixtures("registry", "undrawn")
def test_training_fits_with_the_parameters_that_tuning_wrote(
    home: Home, call: Call, few_clients: Path
) -> None:
    tuned = call("tune", "--data", str(few_clients), "--trials", "1", "--json")
    assert (tuned.exit_code, tuned.err) == (0, "")
    written = home.folder / "var" / "best_parameters.json"

    trained = call("train", "--data", str(few_clients), "--parameters", str(written))

    assert trained.exit_code == 0
    client = MlflowClient(home.tracking_uri)
    run = client.get_run(client.get_model_version(MODEL, "1").run_id or "")
    for name, value in json.loads(tuned.out)["parameters"].items():
        assert float(run.data.params[name]) == value
    assert home.find_leftovers() == []


@pytest.mark.usefixtures("registry")
def test_a_column_that_knows_the_outcome_ends_with_its_own_code(
    home: Home, call: Call, few_clients: Path
) -> None:
    tables = Path(shutil.copytree(few_clients, home.cwd / "leaking"))
    rows = pq.read_table(tables / "application_train.parquet")
    place = rows.schema.get_field_index("OWN_CAR_AGE")
    leaking = rows.set_column(place, "OWN_CAR_AGE", rows["TARGET"])
    pq.write_table(leaking, tables / "application_train.parquet")

    finished = call("train", "--data", "leaking")

    assert_fails_with_one_line(finished, 12, "OWN_CAR_AGE", "AUC alone 1.000", "limit")
    assert not home.history_store.exists()


@pytest.mark.usefixtures("registry")
def test_without_a_staging_version_there_is_nothing_to_build(call: Call) -> None:
    assert_fails_with_one_line(call("build"), 7, "No version", "credit train")


@pytest.mark.usefixtures("registry")
def test_an_unknown_version_is_not_promoted(call: Call) -> None:
    finished = call("promote", "7", "--to", "Staging")

    assert_fails_with_one_line(finished, 7, "no version 7", "it has none")


@pytest.mark.parametrize(
    "command", [["build"], ["promote", "1", "--to", "Staging"], ["rollback"], ["history"]]
)
def test_who_only_reads_the_registry_does_not_make_one(home: Home, command: list[str]) -> None:
    finished = home.run(*command)

    assert_fails_with_one_line(finished, 7, "no model registry", "credit train")
    assert not home.database.exists()


def test_a_version_that_training_did_not_register_is_not_promoted(
    home: Home, call: Call, registry: MlflowClient
) -> None:
    register(registry, home.folder, tags={})

    finished = call("promote", "1", "--to", "Staging")

    assert_fails_with_one_line(finished, 6, "threshold", "credit train")


def test_a_version_without_its_file_is_not_built(
    home: Home, call: Call, registry: MlflowClient
) -> None:
    register(registry, home.folder / "gone", make_tags())
    promote_unjudged(registry, MODEL, "1")

    finished = call("build")

    assert_fails_with_one_line(finished, 11, "model.ubj", "cannot be read")


def test_a_folder_that_holds_something_is_not_overwritten(home: Home) -> None:
    kept = home.cwd / "made" / "letter.txt"
    kept.parent.mkdir()
    kept.write_text("Dear")

    finished = home.run("data", "make", "--clients", "50", "--out", "made")

    assert_fails_with_one_line(finished, 9, "made", "letter.txt")
    assert kept.read_text() == "Dear"


def test_what_the_system_does_not_allow_is_said_in_one_line(home: Home) -> None:
    (home.cwd / "file").touch()

    finished = home.run("data", "make", "--clients", "50", "--out", "file/made")

    assert_fails_with_one_line(finished, 1, "file")


def test_a_taken_port_is_told_before_anything_is_made(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finished = home.run("demo", "--clients", "500", "--port", str(port))

    assert_fails_with_one_line(finished, 10, f"Port {port}", "--port")
    assert not home.database.exists()
    assert not (home.folder / "var").exists()


def test_a_server_that_does_not_answer_is_told_at_once(home: Home) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
        finished = home.run("promote", "1", "--to", "Staging", MLFLOW_TRACKING_URI=uri)

    assert_fails_with_one_line(finished, 7, uri, "MLFLOW_TRACKING_URI")


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "make", "--out", "made", "--clients", "few"],
        ["data", "make", "--out", "made", "--format", "xlsx"],
        ["data", "make"],
        ["train", "--date", "tables"],
        ["promote", "1", "--to", "Heaven"],
        ["promote", "1", "--to", "Production"],
        ["promote", "1", "--to", "Staging", "--force"],
        ["history", "--on", "yesterday"],
        ["demo", "--port", "70000"],
        ["deploy"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_explained(home: Home, arguments: list[str]) -> None:
    finished = home.run(*arguments)

    assert (finished.exit_code, finished.out) == (2, "")
    assert finished.err.startswith("Usage: credit")
    assert "Traceback" not in finished.err


def test_a_wrong_setting_is_named(home: Home) -> None:
    finished = home.run("build", CREDIT_FALSE_NEGATIVE_COST="-3")

    assert_fails_with_one_line(finished, 2, "CREDIT_FALSE_NEGATIVE_COST", "'-3'", "greater than 0")


def test_tables_are_made_and_read_where_the_command_is_given(home: Home) -> None:
    made = home.run("data", "make", "--clients", "50", "--seed", "3", "--out", "here")
    features = home.run("features", "--data", "here", "--out", "there")

    assert (made.exit_code, made.err) == (0, "")
    assert len(list((home.cwd / "here").iterdir())) == 8
    assert (features.exit_code, features.err) == (0, "")
    assert {path.name for path in (home.cwd / "there").iterdir()} == {
        "applications.arrow",
        "features.parquet",
        "history.arrow",
    }


def test_an_unknown_family_is_told_before_anything_is_read(home: Home, call: Call) -> None:
    finished = call("compare", "--data", "nowhere", "--models", "dummy,xgbost")

    assert_fails_with_one_line(finished, 8, "no model family xgbost", "lightgbm")
    assert not home.database.exists()


def test_a_comparison_is_printed_for_a_script(
    registry: MlflowClient, home: Home, few_clients: Path, call: Call
) -> None:
    finished = call("compare", "--data", str(few_clients), "--models", "dummy", "--json")

    rows = json.loads(finished.out)
    assert (finished.exit_code, finished.err) == (0, "")
    assert {row["family"] for row in rows} == {"xgboost", "dummy"}
    assert [row["served"] for row in rows].count(True) == 1
    (parent,) = registry.search_runs(
        [row.experiment_id for row in registry.search_experiments()], "run_name = 'compare'"
    )
    assert parent.info.status == "FINISHED"
    assert list(home.cwd.iterdir()) == []
