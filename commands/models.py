"""`credit select`, `ablate`, `compare`, `tune`, `train`: from tables to a registered version."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import AsJson, Data, Engine, choose_history_engine, read_settings
from console import say, say_nothing, show_progress, warn
from training.tuning.family_name import SERVED, FamilyName

if TYPE_CHECKING:
    from training.pipeline import TrainingResult

TRIALS = 40

Parameters = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="File of `credit tune`; default: the package's."
    ),
]


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

    settings = read_settings()
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


def ablate(
    data: Data,
    out: Annotated[Path, typer.Option(help="File of the table, in Markdown.")],
    title: Annotated[str, typer.Option(help="What the tables are, for the heading.")] = "",
) -> None:
    """Measure what each family of features is worth, in AUC and cost."""
    from credit.cost import CostMatrix
    from training.ablation_report import AblationOrder, write_ablation

    settings = read_settings()
    costs = CostMatrix(settings.false_negative_cost, settings.false_positive_cost)
    order = AblationOrder(data, out, title or data.name, costs, settings.memory_limit)
    write_ablation(order, say)
    say(f"The table is in {out}")


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
    parameters: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Compare model families and imbalance strategies on the same folds.

    The table is also in MLflow, a run a model under one run named "compare".
    """
    from credit.cost import CostMatrix
    from registry.connection import require_server

    settings = read_settings()
    require_server(settings.mlflow_tracking_uri)
    from training.comparison.run import ComparisonOrder, compare_models
    from training.comparison.table import print_table, to_frame
    from training.tuning.best_parameters import read_family_parameters

    order = ComparisonOrder(
        data,
        settings.mlflow_tracking_uri,
        models=tuple(name.strip() for name in models.split(",") if name.strip()),
        full=full,
        out=out,
        costs=CostMatrix(settings.false_negative_cost, settings.false_positive_cost),
        memory_limit=settings.memory_limit,
        parameters=read_family_parameters(parameters),
    )
    with show_progress() as track:
        compared = compare_models(order, say_nothing if as_json else say, track)
    if as_json:
        typer.echo(to_frame(compared.rows).to_json(orient="records"))
        return
    print_table(compared.rows)
    say(f"Next: mlflow ui{f', or {out}/comparison.md' if out else ''}")


def tune(
    data: Data,
    model: Annotated[FamilyName, typer.Option(help="What to tune.")] = SERVED,
    trials: Annotated[
        int, typer.Option(min=1, help="Trials in all, with those of earlier calls; not of a grid.")
    ] = TRIALS,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="Minutes after which no further trial begins.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="SQLite file; default: studies.db in CREDIT_HOME."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Default: best_parameters.json in CREDIT_HOME."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search a model family's parameters, on folds, for `--parameters` of train and compare.

    `credit train` fits xgboost, `credit compare` takes every family's. Trees are searched by
    Optuna, small models by a grid. Interrupted and called again, it goes on.
    """
    from road import TuningPlan, tune_family

    settings = read_settings()
    file = out or settings.home / "best_parameters.json"
    plan = TuningPlan(model, file, trials, timeout, study)
    if as_json:
        with redirect_stdout(sys.stderr), show_progress() as track:  # MLflow prints links
            tuned = tune_family(data, settings, plan, say_nothing, track)
        typer.echo(tuned.model_dump_json())
        return
    with show_progress() as track:
        tuned = tune_family(data, settings, plan, say, track)
    say(f"Log loss {tuned.log_loss:.5f}   AUC {tuned.auc:.4f}   cost {tuned.cost:.4f}")
    say(f"The parameters are in {file}")
    if model is SERVED:
        say(f"Next: credit train --data {data} --parameters {file}")
    else:
        say(f"Next: credit compare --data {data} --models {model.value} --parameters {file}")


def train(
    data: Data,
    feature_list: Annotated[
        Path | None,
        typer.Option("--features", exists=True, dir_okay=False, help="List of `credit select`."),
    ] = None,
    refer_share: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.9,
            help="Share of applicants to refer to a person, where an error is dearest.",
            show_default=False,
        ),
    ] = None,
    parameters: Parameters = None,
    engine: Engine = None,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate and register a model version.

    Its threshold is registered with it, and the clients' histories are written for the service.
    """
    from road import TrainOptions, describe_evaluation, locate_card, train_version

    settings = read_settings()
    chosen = choose_history_engine(engine, settings)
    options = TrainOptions(feature_list, parameters, refer_share)
    if as_json:
        with redirect_stdout(sys.stderr), show_progress() as track:  # MLflow prints links
            result = train_version(data, settings, chosen, warn, track, options)
        typer.echo(json.dumps(_describe_training(result)))
        return
    with show_progress() as track:
        result = train_version(data, settings, chosen, say, track, options)
    say(describe_evaluation(result))
    say(f"Its model card: {locate_card(result)}")
    say(f"Next: credit promote {result.published.version} --to Staging")


def _describe_training(result: TrainingResult) -> dict[str, object]:
    from road import locate_card

    return {
        "model": result.published.model_name,
        "version": result.published.version,
        "run_id": result.published.run_id,
        "model_card": locate_card(result),
        "clients": result.clients,
        "features": result.features,
        "missing_tables": list(result.missing),
        **result.metrics,
    }
