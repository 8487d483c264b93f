"""`credit promote`, `build`, `demo`: from a registered version to a service."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.options import DEMO_CLIENTS, SEED, AsJson, find_project, read_settings
from console import say, say_nothing, show_progress


class Stage(StrEnum):
    """Where a version can be promoted to."""

    STAGING = "Staging"


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
        data=data, clients=clients, seed=SEED, port=port, keep_serving=serve, project=find_project()
    )
    with show_progress() as track:
        travel(order, read_settings(), say, track)


def promote(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="Version in the model registry.")
    ],
    to: Annotated[Stage, typer.Option(help="Stage.")],
) -> None:
    """Promote a registered version, by stage and by alias."""
    from road import promote_version

    say(f"Promoting version {version} to {to.value}")
    model = promote_version(read_settings(), version)
    say(f"{model.name} version {model.version} is {to.value}. Next: credit build")


def build(as_json: AsJson = False) -> None:
    """Build a Bento of the Staging version.

    The version is imported into BentoML's store, and the Bento is pinned to it.
    """
    from road import build_staging

    bento = build_staging(read_settings(), find_project(), say_nothing if as_json else say)
    if as_json:
        typer.echo(json.dumps({"bento": bento.tag, "model": bento.model_tag}))
        return
    say(f"Built {bento.tag}, pinned to {bento.model_tag}")
    say(f"Next: bentoml serve {bento.tag}, or bentoml containerize {bento.tag}")
