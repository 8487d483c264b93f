"""`credit data …` and `credit features`: tables, and what is computed from them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.options import (
    DEMO_CLIENTS,
    SEED,
    AsJson,
    Data,
    Engine,
    choose_history_engine,
    read_settings,
)
from console import say, show_progress


class FileFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


def make_data(
    out: Annotated[Path, typer.Option(help="Folder to make; must be new or empty.")],
    clients: Annotated[int, typer.Option(min=50, help="Applications in all.")] = DEMO_CLIENTS,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same tables.")] = SEED,
    file_format: Annotated[
        FileFormat, typer.Option("--format", help="How the files are written.")
    ] = FileFormat.CSV,
) -> None:
    """Make demo tables: all eight, under Kaggle's file names."""
    from functools import partial

    from demo.tables import make_demo_tables

    say(f"Making demo tables of {clients:,} clients in {out}")
    with show_progress() as track:
        made = make_demo_tables(
            out,
            clients=clients,
            seed=seed,
            file_format=file_format.value,
            on_progress=partial(track, "Clients"),
        )
    for table, rows in made.rows.items():
        say(f"{table:24}{rows:>12,} rows")
    say(f"Default rate {made.default_rate:.2%}. Next: credit train --data {out}")


def check_data(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder, or Kaggle's zip.")],
    lenient: Annotated[
        bool,
        typer.Option(
            "--lenient", help="As training does: missing histories and orphan rows are only notes."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check tables against the data contract.

    Exits with 3 when they break it, 4 when a file cannot be read, 5 when one that is needed is
    missing.
    """
    from rich.console import Console

    from training.check_report import render_report
    from training.table_check import check_tables

    report = check_tables(folder, memory_limit=read_settings().memory_limit, lenient=lenient)
    if as_json:
        typer.echo(report.to_json())
    else:
        Console().print(render_report(report))
    report.raise_for_violations()


def report_data(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder, or Kaggle's zip.")],
    out: Annotated[
        Path | None,
        typer.Option(help="File of the page; default: data_report.html in CREDIT_HOME."),
    ] = None,
) -> None:
    """Write a page about the tables: gaps, rates, distributions, joins, what tells most.

    One HTML file that needs no network. Tables that break the contract are shown as far as they
    can be read.
    """
    from credit.cost import CostMatrix
    from training.data_report.report import FILE_NAME, ReportOrder, write_data_report

    settings = read_settings()
    file = out or settings.home / FILE_NAME
    costs = CostMatrix(settings.false_negative_cost, settings.false_positive_cost)
    order = ReportOrder(folder, file, costs, settings.memory_limit)
    with show_progress() as track:
        write_data_report(order, track)
    say(f"The page is in {file}")


def features(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for features.parquet and the two stores.")],
    engine: Engine = None,
) -> None:
    """Compute the feature matrix, the history store and the application store, as files."""
    from training.feature_export import export_features
    from training.sound_tables import require_sound_tables

    settings = read_settings()
    chosen = choose_history_engine(engine, settings)
    require_sound_tables(data, say, settings.memory_limit)
    say("Computing features")
    exported = export_features(
        data, out, memory_limit=settings.memory_limit, say=say, engine=chosen
    )
    say(f"{exported.rows:,} rows of {exported.columns} features in {out / 'features.parquet'}")
    say(f"The clients' histories in {out / 'history.arrow'}")
    say(f"Their applications in {out / 'applications.arrow'}")
