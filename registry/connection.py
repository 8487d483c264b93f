"""Opens a model registry that is there; whoever only reads must not make an empty database."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from credit.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SERVER_SECONDS = 10
_SQLITE_HEADER = b"SQLite format 3\0"


def open_registry(tracking_uri: str) -> MlflowClient:
    """Return a client of the registry in MLflow's database or behind its server.

    Raises:
        RegistryError: If the database is not there, or database or server cannot be used.
    """
    require_server(tracking_uri)
    if tracking_uri.startswith("sqlite:"):
        _require_database(Path(make_url(tracking_uri).database or ""))
    # Only now, since it takes seconds, and most of what goes wrong is known before.
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    logging.getLogger("mlflow").setLevel(logging.ERROR)
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


def require_server(tracking_uri: str) -> None:
    """Return unless MLflow is a server that does not answer; its client would try for minutes.

    Raises:
        RegistryError: If nothing answers.
    """
    if not tracking_uri.startswith(("http://", "https://")):
        return
    try:
        # An error that the server itself answers, such as 401, is for MLflow's client to see to.
        with (
            suppress(urllib.error.HTTPError),
            urllib.request.urlopen(  # noqa: S310 -- the scheme is known
                f"{tracking_uri.rstrip('/')}/health", timeout=SERVER_SECONDS
            ),
        ):
            pass
    except OSError as error:
        raise RegistryError(
            f"No MLflow server answers at {tracking_uri} ({error}). Start it, or name another "
            "with MLFLOW_TRACKING_URI."
        ) from None


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
