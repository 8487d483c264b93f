"""What several commands share: their options, the settings, the engine, the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import complain
from training.engines.name import EngineName

if TYPE_CHECKING:
    from settings import Settings
    from training.engines.engine import HistoryEngine

DEMO_CLIENTS = 12_000
SEED = 0
WRONG_CALL = 2

Data = Annotated[
    Path, typer.Option("--data", help="Folder of the tables, or Kaggle's zip.", show_default=False)
]
Engine = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="What computes history features; default: CREDIT_ENGINE, or duckdb.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def read_settings() -> Settings:
    """Return the settings, or end as on a wrong call."""
    from pydantic import ValidationError

    from settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = str(wrong["loc"][0]).upper()
            setting = name if name.startswith(("CREDIT_", "MLFLOW_")) else f"CREDIT_{name}"
            complain(f"{setting} is {wrong['input']!r}: {wrong['msg']}.")
        raise typer.Exit(WRONG_CALL) from None


def choose_history_engine(name: EngineName | None, settings: Settings) -> HistoryEngine:
    """Return the engine that was asked for, else the one of the settings."""
    from training.engines.choice import choose_engine

    return choose_engine(
        name or EngineName(settings.engine),
        spark_master=settings.spark_master,
        memory_limit=settings.memory_limit,
    )


def find_project() -> Path:
    """Return the checkout this command belongs to: where bentofile.yaml stands."""
    return Path(__file__).resolve().parent.parent
