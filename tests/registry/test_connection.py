from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credit.errors import RegistryError
from registry.connection import open_registry

if TYPE_CHECKING:
    from tests.registry.conftest import Registry


def test_a_registry_that_is_there_is_opened(registry: Registry) -> None:
    client = open_registry(registry.tracking_uri)

    assert str(client.get_model_version(registry.name, "1").version) == "1"


def test_looking_for_a_registry_does_not_make_one(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"

    with pytest.raises(RegistryError, match=rf"no model registry in {path}\. `credit train`"):
        open_registry(f"sqlite:///{path}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"a shopping list\n"], ids=["empty", "text"])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)

    with pytest.raises(RegistryError, match="is no SQLite database"):
        open_registry(f"sqlite:///{path}")

    assert path.read_bytes() == content


def test_a_database_of_another_mlflow_is_refused(registry: Registry, tmp_path: Path) -> None:
    registry.execute("UPDATE alembic_version SET version_num = 'from the future'")
    # Under another name, since MLflow looks once at each database that it is told.
    database = registry.database.rename(tmp_path / "other.db")

    with pytest.raises(RegistryError, match="cannot be used"):
        open_registry(f"sqlite:///{database}")


def test_half_a_database_is_refused(registry: Registry) -> None:
    registry.database.write_bytes(registry.database.read_bytes()[:8192])

    with pytest.raises(RegistryError, match="cannot be used"):
        open_registry(registry.tracking_uri)
