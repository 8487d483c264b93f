"""`credit …`: one thin function a command.

Nothing heavy is imported before a command runs, so that `credit --help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from console import complain, say, say_nothing, show_progress
from credit.errors import CreditError
from credit.interrupt import Ending
from training.engines.name import EngineName

if TYPE_CHECKING:
    from settings import Settings
    from training.engines.engine import HistoryEngine
    from training.pipeline import TrainingResult

DEMO_CLIENTS = 12_000
SEED = 0
WRONG_CALL = 2

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
Engine = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="What computes history features; default: CREDIT_ENGINE, or duckdb.",
        show_default=False,
    ),
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
    """Go the whole road, from tables to a decision.

    Tables, features, training, registry, Bento, service, and one applicant decided on.
    """
    from road import RoadOrder, travel

    order = RoadOrder(
        data=data, clients=clients, seed=SEED, port=port, keep_serving=serve, project=_project()
    )
    with show_progress() as track:
        travel(order, _settings(), say, track)


@data_app.command("make")
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


@data_app.command("check")
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

    report = check_tables(folder, memory_limit=_settings().memory_limit, lenient=lenient)
    if as_json:
        typer.echo(report.to_json())
    else:
        Console().print(render_report(report))
    report.raise_for_violations()


@app.command()
def features(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for features.parquet and history.arrow.")],
    engine: Engine = None,
) -> None:
    """Compute the feature matrix and the history store, as files."""
    from training.feature_export import export_features
    from training.sound_tables import require_sound_tables

    settings = _settings()
    chosen = _choose_engine(engine, settings)
    require_sound_tables(data, say, settings.memory_limit)
    say("Computing features")
    exported = export_features(
        data, out, memory_limit=settings.memory_limit, say=say, engine=chosen
    )
    say(f"{exported.rows:,} rows of {exported.columns} features in {out / 'features.parquet'}")
    say(f"The clients' histories in {out / 'history.arrow'}")


@app.command()
def select(
    data: Data,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="Features by correlation to compare with; default: as many."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File of the list; default: selected_features.json in CREDIT_HOME."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose features by null importance, and measure what the smaller set costs.

    The list is for `credit train --features`.
    """
    from training.feature_choice import ChoiceOrder, choose_features, describe_figures
    from training.feature_list import FILE_NAME

    settings = _settings()
    file = out or settings.home / FILE_NAME
    order = ChoiceOrder(data, file, top, settings.memory_limit)
    with show_progress() as track:
        chosen = choose_features(order, say_nothing if as_json else say, track)
    if as_json:
        typer.echo(chosen.model_dump_json())
        return
    say(describe_figures(chosen.figures))
    say(f"{len(chosen.names)} features in {file}")
    say(f"Next: credit train --data {data} --features {file}")


@app.command()
def ablate(
    data: Data,
    out: Annotated[Path, typer.Option(help="File of the table, in Markdown.")],
    title: Annotated[str, typer.Option(help="What the tables are, for the heading.")] = "",
) -> None:
    """Measure what each family of features is worth, in AUC and cost."""
    from credit.cost import CostMatrix
    from training.ablation_report import AblationOrder, write_ablation

    settings = _settings()
    costs = CostMatrix(settings.false_negative_cost, settings.false_positive_cost)
    order = AblationOrder(data, out, title or data.name, costs, settings.memory_limit)
    write_ablation(order, say)
    say(f"The table is in {out}")


@app.command()
def compare(
    data: Data,
    full: Annotated[
        bool, typer.Option("--full", help="Every imbalance strategy, and fits without bounds.")
    ] = False,
    models: Annotated[
        str, typer.Option(help="Families to compare with the served model, such as mlp,catboost.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page, the table and the plots.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare model families and imbalance strategies on the same folds.

    The table is also in MLflow, a run a model under one run named "compare".
    """
    from credit.cost import CostMatrix
    from registry.connection import require_server

    settings = _settings()
    require_server(settings.mlflow_tracking_uri)
    from training.comparison.run import ComparisonOrder, compare_models
    from training.comparison.table import print_table, to_frame

    order = ComparisonOrder(
        data,
        settings.mlflow_tracking_uri,
        models=tuple(name.strip() for name in models.split(",") if name.strip()),
        full=full,
        out=out,
        costs=CostMatrix(settings.false_negative_cost, settings.false_positive_cost),
        memory_limit=settings.memory_limit,
    )
    with show_progress() as track:
        compared = compare_models(order, say_nothing if as_json else say, track)
    if as_json:
        typer.echo(to_frame(compared.rows).to_json(orient="records"))
        return
    print_table(compared.rows)
    say(f"Next: mlflow ui{f', or {out}/comparison.md' if out else ''}")


@app.command()
def train(
    data: Data,
    feature_list: Annotated[
        Path | None,
        typer.Option("--features", exists=True, dir_okay=False, help="List of `credit select`."),
    ] = None,
    engine: Engine = None,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate and register a model version.

    Its threshold is registered with it, and the clients' histories are written for the service.
    """
    from road import describe_evaluation, train_version

    settings = _settings()
    chosen = _choose_engine(engine, settings)
    if as_json:
        with redirect_stdout(sys.stderr), show_progress() as track:  # MLflow prints links
            result = train_version(data, settings, chosen, say_nothing, track, feature_list)
        typer.echo(json.dumps(_describe_training(result)))
        return
    with show_progress() as track:
        result = train_version(data, settings, chosen, say, track, feature_list)
    say(describe_evaluation(result))
    say(f"Next: credit promote {result.published.version} --to Staging")


@app.command()
def promote(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="Version in the model registry.")
    ],
    to: Annotated[Stage, typer.Option(help="Stage.")],
) -> None:
    """Promote a registered version, by stage and by alias."""
    from road import promote_version

    say(f"Promoting version {version} to {to.value}")
    model = promote_version(_settings(), version)
    say(f"{model.name} version {model.version} is {to.value}. Next: credit build")


@app.command()
def build(as_json: AsJson = False) -> None:
    """Build a Bento of the Staging version.

    The version is imported into BentoML's store, and the Bento is pinned to it.
    """
    from road import build_staging

    bento = build_staging(_settings(), _project(), say_nothing if as_json else say)
    if as_json:
        typer.echo(json.dumps({"bento": bento.tag, "model": bento.model_tag}))
        return
    say(f"Built {bento.tag}, pinned to {bento.model_tag}")
    say(f"Next: bentoml serve {bento.tag}, or bentoml containerize {bento.tag}")


def main() -> NoReturn:
    """Run the command line; a failure ends with its own exit code and one clear line."""
    ending = Ending()
    ending.listen()
    _prepare_environment()
    try:
        app(prog_name="credit")
    except BaseException as error:
        ending.stop_listening()
        if ending.signal is not None:
            complain("interrupted; nothing is left half-written.")
            sys.exit(ending.exit_code)
        if not _is_told_in_one_line(error):
            raise
        complain(str(error) or type(error).__name__)
        sys.exit(getattr(error, "exit_code", CreditError.exit_code))
    sys.exit(0)


def _is_told_in_one_line(error: BaseException) -> bool:
    """Return whether the error explains itself: ours, the system's, or a library's own kind."""
    libraries = ("bentoml", "duckdb", "_duckdb", "mlflow", "sqlalchemy")
    return isinstance(error, CreditError | OSError) or any(
        kind.__module__.partition(".")[0] in libraries for kind in type(error).__mro__
    )


def _prepare_environment() -> None:
    """Set what the libraries and the processes that they start read from the environment."""
    # Threads that spin while they wait slow a busy machine's fits down fivefold (ADR 0006).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if home := os.environ.get("BENTOML_HOME"):
        # BentoML's processes run in folders of their own, where a relative path leads elsewhere.
        os.environ["BENTOML_HOME"] = str(Path(home).absolute())


def _settings() -> Settings:
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


def _choose_engine(name: EngineName | None, settings: Settings) -> HistoryEngine:
    from training.engines.choice import choose_engine

    return choose_engine(
        name or EngineName(settings.engine),
        spark_master=settings.spark_master,
        memory_limit=settings.memory_limit,
    )


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


if __name__ == "__main__":
    main()
