"""`credit …`: one thin function a command.

Nothing heavy is imported before a command runs, so that `credit --help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from credit.errors import CreditError

if TYPE_CHECKING:
    from settings import Settings
    from training.pipeline import TrainingResult

DEMO_CLIENTS = 12_000
SEED = 0
INTERRUPTED = 130

app = typer.Typer(
    help="Credit scoring: from eight tables to a decision over HTTP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Make tables, and check them.", no_args_is_help=True)
app.add_typer(data_app, name="data")


class FileFormat(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


class Stage(StrEnum):
    """Where a version can be promoted to."""

    STAGING = "Staging"


Data = Annotated[
    Path, typer.Option("--data", help="Folder of the tables, or Kaggle's zip.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the tables, or Kaggle's zip; without it: demo tables."),
    ] = None,
    clients: Annotated[int, typer.Option(min=500, help="Clients of the demo tables.")] = (
        DEMO_CLIENTS
    ),
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Go on serving until Ctrl-C.")
    ] = True,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; default 3000, or any free one.")
    ] = None,
) -> None:
    """Go the whole road: tables, features, training, registry, Bento, service, one decision."""
    from road import RoadOrder, travel

    order = RoadOrder(
        data=data, clients=clients, seed=SEED, port=port, keep_serving=serve, project=_project()
    )
    travel(order, _settings(), _say)


@data_app.command("make")
def make_data(
    out: Annotated[Path, typer.Option(help="Folder to make; must be new or empty.")],
    clients: Annotated[int, typer.Option(min=50, help="Applications in all.")] = DEMO_CLIENTS,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same tables.")] = SEED,
    file_format: Annotated[FileFormat, typer.Option("--format")] = FileFormat.CSV,
) -> None:
    """Make demo tables: all eight, under Kaggle's file names."""
    from rich.progress import Progress

    from demo.tables import make_demo_tables

    with Progress(transient=True) as progress:
        task = progress.add_task("Demo tables", total=clients)
        made = make_demo_tables(
            out,
            clients=clients,
            seed=seed,
            file_format=file_format.value,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for table, rows in made.rows.items():
        _say(f"{table:24}{rows:>12,} rows")
    _say(f"Made in {out}")


@data_app.command("check")
def check_data(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder, or Kaggle's zip.")],
    lenient: Annotated[
        bool,
        typer.Option(help="As training does: missing histories and orphan rows are only notes."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check tables against the data contract; exit 3, 4 or 5 when they break it."""
    from rich.console import Console

    from training.check_report import render_report
    from training.table_check import check_tables

    report = check_tables(folder, lenient=lenient)
    if as_json:
        typer.echo(report.to_json())
    else:
        Console().print(render_report(report))
    report.raise_for_violations()


@app.command()
def features(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for features.parquet and history.arrow.")],
) -> None:
    """Compute the feature matrix of all applications, and the history store."""
    from training.feature_export import export_features

    exported = export_features(data, out, memory_limit=_settings().memory_limit, say=_say)
    _say(f"{exported.rows:,} rows of {exported.columns} features in {out}")


@app.command()
def train(data: Data, as_json: AsJson = False) -> None:
    """Train, evaluate and register a model with its threshold; write the history store."""
    from road import order_training
    from training.pipeline import train as train_model

    result = train_model(order_training(data, _settings()), _say_nothing if as_json else _say)
    if as_json:
        typer.echo(json.dumps(_describe_training(result)))
        return
    from road import describe_evaluation

    _say(describe_evaluation(result))
    _say(f"Next: credit promote {result.published.version} --to Staging")


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="Version in the model registry.")],
    to: Annotated[Stage, typer.Option(help="Stage.")],
) -> None:
    """Promote a registered version, by stage and by alias."""
    from mlflow import MlflowClient

    from registry.staging import promote_to_staging

    settings = _settings()
    client = MlflowClient(settings.mlflow_tracking_uri)
    model = promote_to_staging(client, settings.model_name, version)
    _say(f"{model.name} version {model.version} is {to.value}. Next: credit build")


@app.command()
def build(as_json: AsJson = False) -> None:
    """Import the Staging version into BentoML's store, and build the Bento pinned to it."""
    from road import build_staging

    bento = build_staging(_settings(), _project())
    if as_json:
        typer.echo(json.dumps({"bento": bento.tag, "model": bento.model_tag}))
        return
    _say(f"Built {bento.tag}, pinned to {bento.model_tag}")
    _say(f"Next: bentoml serve {bento.tag}, or bentoml containerize {bento.tag}")


def main() -> NoReturn:
    """Run the command line; a failure ends with its own exit code and one clear line."""
    # Threads that spin while they wait slow a busy machine's fits down fivefold (ADR 0006).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        app(standalone_mode=True)
    except CreditError as error:
        typer.secho(f"credit: {error}", fg="red", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.secho("credit: interrupted; nothing is left half-written.", err=True)
        sys.exit(INTERRUPTED)
    sys.exit(0)


def _settings() -> Settings:
    from settings import Settings

    return Settings()


def _project() -> Path:
    """Return the checkout this command belongs to: where bentofile.yaml stands."""
    return Path(__file__).resolve().parent


def _describe_training(result: TrainingResult) -> dict[str, object]:
    return {
        "model": result.published.model_name,
        "version": result.published.version,
        "run_id": result.published.run_id,
        "clients": result.clients,
        "features": result.features,
        "missing_tables": list(result.missing),
        **result.evaluation.to_metrics(),
    }


def _say(line: str) -> None:
    typer.echo(line)


def _say_nothing(_line: str) -> None:
    pass


if __name__ == "__main__":
    main()
