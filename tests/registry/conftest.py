"""A model registry that a test may change, with one version in it that training registered."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Trained


class Registry:
    """MLflow on a database of its own; the models' files stay where training left them."""

    def __init__(self, database: Path, name: str) -> None:
        self.database = database
        self.name = name
        # MLflow looks models up by id in whatever was named last, whichever client is asked.
        mlflow.set_tracking_uri(self.tracking_uri)
        self.client = MlflowClient(self.tracking_uri)

    @property
    def tracking_uri(self) -> str:
        return f"sqlite:///{self.database}"

    def add_version(
        self, tags: Mapping[str, str | None] | None = None, source: str | None = None
    ) -> str:
        """Register the first version's model again; tags are changed, or dropped where None."""
        first = self.client.get_model_version(self.name, "1")
        all_tags = {**first.tags, **(tags or {})}
        version = self.client.create_model_version(
            self.name,
            source or str(first.source),
            run_id=None if source else first.run_id,
            tags={tag: text for tag, text in all_tags.items() if text is not None},
        )
        return str(version.version)

    def find_stages(self) -> dict[str, str]:
        """Return the stage of every version."""
        versions = self.client.search_model_versions(f"name='{self.name}'")
        return {str(version.version): str(version.current_stage) for version in versions}

    def find_alias(self) -> str | None:
        """Return the version with the alias `staging`."""
        version = self.client.get_registered_model(self.name).aliases.get("staging")
        return None if version is None else str(version)

    def execute(self, script: str) -> None:
        """Change the database behind MLflow's back."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(script)


@pytest.fixture
def registry(trained: Trained, tmp_path: Path) -> Registry:
    database = tmp_path / "mlflow.db"
    shutil.copy(trained.database, database)
    return Registry(database, trained.order.model_name)


@pytest.fixture
def three_versions(registry: Registry) -> Registry:
    registry.add_version()
    registry.add_version({"threshold": "0.2"})
    return registry
