"""`credit log …` and `credit replay`: what was decided, on what grounds, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.options import AsJson, read_settings
from console import say
from credit.errors import ReplayFailed

if TYPE_CHECKING:
    from serving.decision_log import DecisionLog
    from serving.decision_record import JsonObject
    from serving.replay import Replay
    from settings import Settings

Since = Annotated[
    datetime | None, typer.Option(help="From this day or moment on, UTC.", show_default=False)
]
Until = Annotated[
    datetime | None, typer.Option(help="Before this day or moment, UTC.", show_default=False)
]
WithHistory = Annotated[
    bool,
    typer.Option("--with-history", help="With the history's features, base64 of float32."),
]


def tail(
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="So many.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the last decisions, the newest first."""
    from serving.decision_record import describe_decision

    with _log(read_settings()) as log:
        decisions = [describe_decision(decision) for decision in log.tail(count)]
    if as_json:
        say(json.dumps(decisions))
        return
    for decision in decisions:
        say(_summarise(decision))


def export(
    out: Annotated[Path, typer.Option(help="File to write; - for the output.", show_default=False)],
    since: Since = None,
    until: Until = None,
    with_history: WithHistory = False,
) -> None:
    """Write decisions as JSON Lines, the oldest first.

    A file that is there is replaced when all is written.
    """
    from decisions import export_decisions

    with _log(read_settings()) as log:
        lines = export_decisions(log, _as_utc(since), _as_utc(until), with_history=with_history)
        if str(out) == "-":
            for line in lines:
                say(line)
            return
        count = _write_lines(out, lines)
    say(f"{count:,} decisions in {out}")


def erase(
    client: Annotated[int, typer.Argument(metavar="SK_ID_CURR", help="The person's identifier.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase all decisions on one person.

    They are found by every pseudonym key that is set or kept, and overwritten in the database.
    """
    from decisions import list_keys, list_names

    settings = read_settings()
    if not yes:
        typer.confirm("All decisions on this person will be gone for good. Go on?", abort=True)
    with _log(settings) as log:
        keys = list_keys(settings)
        erased = log.erase(list_names(client, keys))
    known = ", ".join(key.id for key in keys) or "none"
    say(f"{erased:,} decisions erased. Pseudonym keys they were looked for by: {known}.")


def prune(
    days: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Age from which on decisions are removed; default: CREDIT_LOG_RETENTION_DAYS.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Remove decisions whose time of retention is over; for a daily timer."""
    settings = read_settings()
    limit = timedelta(days=days or settings.log_retention_days)
    with _log(settings) as log:
        removed = log.remove_before(datetime.now(UTC) - limit)
    say(f"{removed:,} decisions of more than {limit.days:,} days ago removed.")


def rotate_key() -> None:
    """Make a new pseudonym key, and keep the old one to find older decisions by.

    The service takes it up when it is started again.
    """
    from decisions import rotate_key as rotate

    old, new = rotate(read_settings())
    say(f"The pseudonym key is {new} now; {old} is kept. Start the service again.")


def replay(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID", help="Of the answer.")],
    as_json: AsJson = False,
) -> None:
    """Compute a logged decision again, and compare every bit.

    Takes the model that decided from the BentoML store, and ends with an error if features,
    probability or decision differ.
    """
    from decisions import replay_request

    settings = read_settings()
    with _log(settings) as log:
        replays = replay_request(request_id, log, settings)
    if as_json:
        say(json.dumps([_describe(again) for again in replays]))
    else:
        for again in replays:
            _show(again)
    if differing := [text for again in replays for text in again.differences]:
        raise ReplayFailed(f"Not what the log says: {'; '.join(differing)}.")


@contextmanager
def _log(settings: Settings) -> Iterator[DecisionLog]:
    from decisions import open_log

    log = open_log(settings)
    try:
        yield log
    finally:
        log.close()


def _write_lines(out: Path, lines: Iterator[str]) -> int:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(f"{line}\n")
                count += 1
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


def _as_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _summarise(decision: JsonObject) -> str:
    return (
        f"{decision['time']}  {decision['request_id']}  {decision['client']}  "
        f"PD {decision['probability']:.4f}  {decision['decision']:8}  "
        f"version {decision['model_version']}  {decision['route']}"
    )


def _describe(again: Replay) -> JsonObject:
    return {
        "request_id": again.logged["request_id"],
        "position": again.logged["position"],
        "client": again.logged["client"],
        "model_version": again.logged["model_version"],
        "threshold": again.logged["threshold"],
        "probability": again.probability,
        "decision": again.decision,
        "features_sha256": again.features_sha256,
        "differences": list(again.differences),
    }


def _show(again: Replay) -> None:
    logged = again.logged
    say(f"Request {logged['request_id']}, applicant {logged['position'] + 1}: {logged['client']}")
    say(f"  model version {logged['model_version']}, fingerprint {logged['fingerprint']}")
    rows = (
        ("features", logged["features_sha256"][:16], again.features_sha256[:16]),
        ("probability", logged["probability"], again.probability),
        ("decision", logged["decision"], again.decision),
    )
    for name, was, now in rows:
        say(f"  {name:12} logged {was}   again {now}   {'equal' if was == now else 'DIFFERENT'}")
