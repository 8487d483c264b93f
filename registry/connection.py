"""Opens a model registry that is there; whoever only reads must not make an empty database."""

from __future__ import annotations

import logging
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import RegistryError

_SQLITE_HEADER = b"SQLite format 3\0"


def open_registry(tracking_uri: str) -> MlflowClient:
    """Return a client of the registry in MLflow's database or behind its server.

    Raises:
        RegistryError: If the database is not there, or database or server cannot be used.
    """
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    if tracking_uri.startswith("sqlite:"):
        _require_database(Path(make_url(tracking_uri).database or ""))
    try:
        client = MlflowClient(tracking_uri)
        client.search_registered_models(max_results=1)
    except (MlflowException, SQLAlchemyError) as error:
        reason = str(error).partition("\n")[0].strip(" .")
        raise RegistryError(
            f"The model registry at {tracking_uri} cannot be used: {reason}. Does "
            "MLFLOW_TRACKING_URI name the right one?"
        ) from None
    return client


def _require_database(path: Path) -> None:
    """Return if the file is there and a database: MLflow would make it, or try for minutes."""
    if not path.is_file():
        raise RegistryError(
            f"There is no model registry in {path.absolute()}. `credit train` makes it; "
            "MLFLOW_TRACKING_URI names another."
        )
    with path.open("rb") as file:
        if file.read(len(_SQLITE_HEADER)) != _SQLITE_HEADER:
            raise RegistryError(
                f"{path.absolute()} is no SQLite database. Does MLFLOW_TRACKING_URI name the "
                "right file?"
            )
