"""MLflow's database or server, made ready before the long work: nobody likes to learn it after."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from urllib.parse import quote

import mlflow.db
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import RegistryError


def locate_database(tracking_uri: str) -> Path | None:
    """Return the SQLite file; None where MLflow is something else."""
    if not tracking_uri.startswith("sqlite:"):
        return None
    return Path(make_url(tracking_uri).database or "").absolute()


def prepare_tracking(tracking_uri: str) -> None:
    """Return when MLflow can be written to; an SQLite database that is not there is made.

    MLflow would make it in place by some seventy migrations, and one that is interrupted among
    them can never be used again. Here the file appears when it is whole.

    Raises:
        RegistryError: If the database or the server cannot be used.
    """
    quiet_mlflow()
    try:
        database = locate_database(tracking_uri)
        if database is not None and not database.exists():
            _create_database(database)
        MlflowClient(tracking_uri).search_registered_models(max_results=1)
    except (MlflowException, SQLAlchemyError) as error:
        reason = str(error).partition("\n")[0].strip(" .")
        raise RegistryError(
            f"MLflow at {tracking_uri} cannot be used: {reason}. Mend it, or name another "
            "with MLFLOW_TRACKING_URI."
        ) from None


def quiet_mlflow() -> None:
    """Leave only errors of MLflow's in the log."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)


def _create_database(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # What `mlflow db upgrade` does; the command around it would take Ctrl-C for itself.
        mlflow.db.upgrade.callback(f"sqlite:///{quote(str(part))}")  # type: ignore[misc]
        if not path.exists():  # or somebody else was quicker
            part.replace(path)
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)
