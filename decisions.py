"""What `credit log` and `credit replay` do, apart from printing: the log, its keys, its models."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.bundle import STORED_MODEL_FILE, Bundle, compute_fingerprint
from credit.errors import LogUnavailable, ReplayFailed
from credit.pseudonym import PseudonymKey, read_key
from serving.decision_log import DecisionLog
from serving.decision_record import describe_decision
from serving.log_writer import name_client
from serving.replay import Replay, replay

if TYPE_CHECKING:
    from bentoml import Model

    from settings import Settings


def open_log(settings: Settings) -> DecisionLog:
    """Return the log that the service writes.

    Raises:
        LogUnavailable: If it is off, not there yet, or cannot be opened.
    """
    location = settings.decision_log
    if location is None:
        raise LogUnavailable("CREDIT_DECISION_LOG is off: there is no decision log to look at.")
    return DecisionLog.open(location, settings.log_durability, make=False)


def export_decisions(
    log: DecisionLog, since: datetime | None, until: datetime | None, *, with_history: bool
) -> Iterator[str]:
    """Yield a line of JSON a decision, the oldest first.

    Raises:
        LogUnavailable: If the log cannot be read.
    """
    for decision in log.read(since=since, until=until):
        yield json.dumps(describe_decision(decision, with_history=with_history))


def list_names(client: int, keys: Iterable[PseudonymKey]) -> list[str]:
    """Return every name that a client may have in the log: plain, and by each of the keys."""
    return [str(client), *(name_client(client, key) for key in keys)]


def list_keys(settings: Settings) -> list[PseudonymKey]:
    """Return today's key and those that were used before.

    Raises:
        PseudonymKeyUnusable: If one is none, or there is none at all where clients have pseudonyms:
            nobody would be found.
    """
    texts = [
        (text, "CREDIT_PREVIOUS_PSEUDONYM_KEYS") for text in settings.previous_pseudonym_key_texts
    ]
    if settings.pseudonym_key_text is not None:
        texts.insert(0, (settings.pseudonym_key_text, "CREDIT_PSEUDONYM_KEY"))
    keys = [PseudonymKey.from_text(*text) for text in texts]
    keys += [read_key(None, file) for file in list_key_files(settings)]
    if not keys and settings.log_pseudonyms:
        keys.append(read_key(None, settings.pseudonym_key_file))
    return keys


def list_key_files(settings: Settings) -> list[Path]:
    """Return the key's file, though another key may be set by now, and those put aside."""
    file = settings.pseudonym_key_file
    aside = sorted(file.parent.glob(f"{file.stem}.*{file.suffix}"))
    return [file, *aside] if file.exists() else aside


def rotate_key(settings: Settings) -> tuple[str, str]:
    """Put the key of the key file aside, make a new one, and return the ids of both.

    Raises:
        PseudonymKeyUnusable: If there is none yet, or the key comes from the environment.
    """
    from credit.errors import PseudonymKeyUnusable
    from credit.pseudonym import provide_key

    file = settings.pseudonym_key_file
    if settings.pseudonym_key_text is not None:
        raise PseudonymKeyUnusable(
            "The pseudonym key comes from CREDIT_PSEUDONYM_KEY: move its value to "
            "CREDIT_PREVIOUS_PSEUDONYM_KEYS, set a new one (`openssl rand -hex 32`), and start the "
            "service again."
        )
    old = read_key(None, file)
    with suppress(FileExistsError):  # put aside by a rotation that was interrupted then
        os.link(file, file.with_name(f"{file.stem}.{old.id}{file.suffix}"))
    file.unlink()
    return old.id, provide_key(None, file).id


def replay_request(request_id: str, log: DecisionLog, settings: Settings) -> list[Replay]:
    """Return a request's decisions, computed again by the models that made them.

    Raises:
        LogUnavailable: If the log cannot be read.
        ReplayFailed: If it does not know the request, or the model or the code is not at hand.
    """
    found = log.find(request_id)
    if not found:
        raise ReplayFailed(
            f"The decision log has no request {request_id}. `credit log tail` shows the last ones; "
            "it may have been erased, or its time of retention is over."
        )
    return [_replay(decision, settings) for decision in found]


def _replay(decision: Any, settings: Settings) -> Replay:  # noqa: ANN401 -- a row by column
    from credit.prediction import find_columns, predict_pd
    from serving.booster import load_booster

    if decision["fingerprint"] != compute_fingerprint():
        raise ReplayFailed(
            f"The decision was made by code of fingerprint {decision['fingerprint']}, this is "
            f"{compute_fingerprint()}. Check out the commit that `/model-info` told, or the label "
            "of the Bento tells, and replay it there."
        )
    model = _find_model(decision["model_version"], settings)
    bundle = Bundle.from_metadata(model.info.metadata)
    file = Path(model.path_of(STORED_MODEL_FILE))
    bundle.require_model_file(file)
    booster = load_booster(file)
    return replay(decision, bundle, partial(predict_pd, booster, columns=find_columns(booster)))


def _find_model(version: str, settings: Settings) -> Model:
    import bentoml
    from bentoml.exceptions import NotFound

    tag = f"{settings.model_name}:mlflow-v{version}"
    try:
        return bentoml.models.get(tag)
    except NotFound:
        raise ReplayFailed(
            f"The model {tag}, which decided, is not in the BentoML store. Set BENTOML_HOME to the "
            "store that served it, or import it there again."
        ) from None
