"""The model that all contestants serve, made by the project's own commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.processes import PROJECT

DEMO_CLIENTS = 3_000


@dataclass(frozen=True, slots=True)
class ModelHome:
    """Folder of a registry, a BentoML store and a history store, with one version in Staging.

    Attributes:
        folder: Where they are.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which every command and server finds them."""
        return {
            "CREDIT_HOME": str(self.folder / "var"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db",
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    @property
    def history_store(self) -> Path:
        """The clients' history features."""
        return self.folder / "var" / "history.arrow"

    @property
    def is_complete(self) -> bool:
        """Whether a model was imported here."""
        return any(self.folder.glob("bentoml/models/*/latest"))


def provide_model(home: ModelHome, data: Path | None, say: Callable[[str], None]) -> Path:
    """Return the folder of the tables, after a version was trained on them unless one is there.

    Args:
        home: Where to.
        data: Folder of the tables; None: demo tables, made at home.
        say: Told what is being done.

    Raises:
        SystemExit: If a command fails; what it printed is shown.
    """
    credit = (sys.executable, "-m", "cli")
    tables = data or home.folder / "demo"
    if data is None and not tables.exists():
        say(f"Making demo tables of {DEMO_CLIENTS:,} clients")
        size = ("--clients", str(DEMO_CLIENTS))
        _run(home, *credit, "data", "make", *size, "--out", str(tables), "--format", "parquet")
    if home.is_complete:
        say(f"Using the model in {home.folder}")
        return tables
    say("Training")
    _run(home, *credit, "train", "--data", str(tables))
    reason = ("--force", "--reason", "benchmark")
    _run(home, *credit, "promote", "1", "--to", "Staging", *reason)
    say("Building")
    _run(home, *credit, "build")
    return tables


def _run(home: ModelHome, *command: str) -> None:
    home.folder.mkdir(parents=True, exist_ok=True)
    finished = subprocess.run(  # noqa: S603 -- our own commands
        command,
        cwd=PROJECT,
        env=os.environ | home.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        print(finished.stdout)
        raise SystemExit(f"{' '.join(command[2:])} ended with {finished.returncode}")
