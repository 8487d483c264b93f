"""`credit promote`, `rollback`, `history`, `build`, `demo`: from a version to a service."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import (
    DEMO_CLIENTS,
    SEED,
    AsJson,
    Data,
    find_project,
    read_settings,
)
from console import say, say_nothing, show_progress
from credit.errors import GateFailed, RegistryError
from registry.stage import Stage

if TYPE_CHECKING:
    from registry.gate.report import GateReport
    from registry.history import Record
    from registry.transition import Outcome, Request
    from settings import Settings


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


Version = Annotated[str, typer.Argument(metavar="VERSION", help="Version in the model registry.")]
Approver = Annotated[
    str | None,
    typer.Option(help="Who approves of it; default: CREDIT_APPROVER.", show_default=False),
]


def promote(
    version: Version,
    to: Annotated[Stage, typer.Option(help="Stage.")],
    approver: Approver = None,
    reason: Annotated[
        str | None, typer.Option(help="Why; kept in the history.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote though the gate refuses; takes a --reason.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Promote a registered version through the gate.

    Every check is shown. If one fails, nothing is moved, unless --force and --reason say so. Who,
    when, from, to, why and the gate's report are kept: see `credit history`.
    """
    from registry.gate.table import render_table
    from registry.transition import Request
    from releasing import find_user, promote_version

    settings = read_settings()
    approver = approver or settings.approver
    if force and not reason:
        raise typer.BadParameter("give one with --force; it is kept.", param_hint="--reason")
    if to is Stage.PRODUCTION and not approver:
        raise typer.BadParameter(
            "Production takes one, here or as CREDIT_APPROVER.", param_hint="--approver"
        )
    request = Request(to, find_user(settings), approver, reason, force)
    if as_json:
        typer.echo(json.dumps(_promote_silently(settings, version, request), indent=1))
        return
    say(f"Promoting version {version} to {to}")
    outcome = promote_version(settings, version, request, lambda report: say(render_table(report)))
    _tell_completed(outcome)
    already = " already, by the history" if outcome.report is None else ""
    say(f"{outcome.model.name} version {version} is {to}{already}. {_tell_next(to)}")


def _promote_silently(settings: Settings, version: str, request: Request) -> dict[str, object]:
    """Return what came of a promotion; what the gate says is printed before it is refused."""
    from releasing import promote_version

    reports: list[GateReport] = []
    try:
        outcome = promote_version(settings, version, request, reports.append)
    except GateFailed:
        typer.echo(json.dumps({"promoted": False, "gate": reports[-1].model_dump(mode="json")}))
        raise
    gate = outcome.report.model_dump(mode="json") if outcome.report else None
    return {"promoted": True, "record": _describe_record(outcome.record), "gate": gate}


def rollback(
    stage: Annotated[
        Stage | None,
        typer.Option(help="Stage; default: Production if a version holds it.", show_default=False),
    ] = None,
    leaving: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="Version to leave; repeated, the command then goes no further back.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why.", show_default=False)] = None,
    approver: Approver = None,
) -> None:
    """Put the version that held the stage before back into it."""
    from registry.transition import Request
    from releasing import choose_rollback_stage, find_user, roll_back_version

    settings = read_settings()
    stage = stage or choose_rollback_stage(settings)
    request = Request(stage, find_user(settings), approver or settings.approver, reason)
    say(f"Rolling {stage} back")
    outcome = roll_back_version(settings, request, leaving)
    _tell_completed(outcome)
    moved = outcome.record.transition
    say(f"{stage}: back from version {moved.from_version} to {moved.version}. {_tell_next(stage)}")


def history(
    stage: Annotated[
        Stage | None, typer.Option(help="Only this stage.", show_default=False)
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Which version held a stage on that day (UTC).",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show who promoted what, when, and why."""
    from registry.history import find_breaks
    from registry.history_table import describe_tenure, render_day, render_history
    from registry.tenure import find_tenures_on, list_tenures
    from releasing import read_transitions

    records = read_transitions(read_settings())
    chosen = [item for item in records if stage in (None, item.transition.stage)]
    stages = [stage] if stage else list(Stage)
    if on is not None:
        held = find_tenures_on(list_tenures(records), on.date(), stages)
        told = [describe_tenure(tenure) for tenure in held]
        say(json.dumps(told, indent=1) if as_json else render_day(held, on.date(), stages))
    elif as_json:
        typer.echo(json.dumps([_describe_record(record) for record in chosen], indent=1))
    else:
        say(render_history(chosen))
    if breaks := find_breaks(records):
        raise RegistryError(
            f"The history was tampered with, or two promoted at once: {'; '.join(breaks)}. "
            "docs/runbook.md tells what to do."
        )


def build(
    stage: Annotated[Stage, typer.Option(help="Which version.")] = Stage.STAGING,
    as_json: AsJson = False,
) -> None:
    """Build a Bento of the Staging version.

    The version is imported into BentoML's store, and the Bento is pinned to it.
    """
    from releasing import build_version

    bento = build_version(read_settings(), stage, find_project(), say_nothing if as_json else say)
    if as_json:
        typer.echo(json.dumps({"bento": bento.tag, "model": bento.model_tag}))
        return
    say(f"Built {bento.tag}, pinned to {bento.model_tag}")
    say(f"Next: bentoml serve {bento.tag}, or bentoml containerize {bento.tag}")


def parity(
    data: Data,
    stage: Annotated[Stage, typer.Option(help="Which version.")] = Stage.STAGING,
    clients: Annotated[int, typer.Option(min=1, help="How many, drawn at random.")] = 500,
    bento: Annotated[
        str, typer.Option(help="Bento to start and ask; `none`: no Bento.")
    ] = "credit_scoring:latest",
    url: Annotated[
        list[str] | None,
        typer.Option(help="A running service to ask too, such as a container; repeatable."),
    ] = None,
) -> None:
    """Prove that registry, Bento and running services say what training said.

    The same clients' PD and decisions from each; anything but no difference at all is a failure.
    """
    from parity import ParityOrder, prove_parity
    from registry.parity import render_agreements, require_parity

    order = ParityOrder(data, stage, clients, None if bento == "none" else bento, tuple(url or ()))
    agreements = prove_parity(order, read_settings(), say)
    say(render_agreements(agreements))
    require_parity(agreements)


def _tell_completed(outcome: Outcome) -> None:
    for record in outcome.completed:
        moved = record.transition
        say(f"Completed what was cut short: version {moved.version} to {moved.stage}")


def _tell_next(stage: Stage) -> str:
    return "Next: credit build" + ("" if stage is Stage.STAGING else f" --stage {stage}")


def _describe_record(record: Record) -> dict[str, object]:
    ended = record.ended_at.isoformat() if record.ended_at else None
    return {**record.transition.model_dump(mode="json"), "ended_at": ended, "run": record.run_id}
