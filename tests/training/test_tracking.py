from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow.db
import pytest
from mlflow import MlflowClient

from credit.errors import RegistryError
from training.tracking import locate_database, prepare_tracking


def test_a_database_that_was_not_there_was_made_with_its_folder_and_nothing_else(
    empty_mlflow: Path,
) -> None:
    assert list(empty_mlflow.parent.iterdir()) == [empty_mlflow]
    assert list(MlflowClient(f"sqlite:///{empty_mlflow}").search_registered_models()) == []


def test_an_interrupt_while_the_database_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(uri: str) -> None:
        Path(uri.removeprefix("sqlite:///")).write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(mlflow.db.upgrade, "callback", interrupt)

    with pytest.raises(KeyboardInterrupt):
        prepare_tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")

    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_database_stays(tracking_uri: str) -> None:
    MlflowClient(tracking_uri).create_registered_model("mine")

    prepare_tracking(tracking_uri)

    (model,) = MlflowClient(tracking_uri).search_registered_models()
    assert model.name == "mine"


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("a shopping list\n" * 100)

    with pytest.raises(RegistryError, match=r"mlflow.db cannot be used: .*not a database"):
        prepare_tracking(f"sqlite:///{path}")

    assert path.read_text() == "a shopping list\n" * 100


def test_a_database_of_another_mlflow_is_refused(tracking_uri: str) -> None:
    with closing(sqlite3.connect(tracking_uri.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from the future'")
        connection.commit()

    with pytest.raises(RegistryError, match="cannot be used"):
        prepare_tracking(tracking_uri)


@pytest.mark.parametrize(
    ("tracking_uri", "path"),
    [
        ("sqlite:////data/mlflow.db", Path("/data/mlflow.db")),
        ("sqlite:///mlflow.db", Path("mlflow.db").absolute()),
        ("sqlite:///some%20where/mlflow.db?timeout=5", Path("some where/mlflow.db").absolute()),
        ("http://localhost:5000", None),
        ("postgresql://me@server/mlflow", None),
    ],
)
def test_only_sqlite_has_a_file(tracking_uri: str, path: Path | None) -> None:
    assert locate_database(tracking_uri) == path
