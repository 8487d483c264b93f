"""Parity wired with the settings: training process, registry, Bento and any running service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from credit.contract import APPLICATION_COLUMNS
from credit.cost import Probabilities
from credit.decision import refuse
from credit.errors import ParityBroken
from credit.pseudonym import read_key
from credit.temporary_folder import open_temporary_folder
from registry.parity import Agreement, Verdicts, ask_service, compare
from registry.scoring_api import ScoringApi
from registry.stage import Stage
from registry.trial import find_free_port, serve_bento
from training.telling import Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry.gate.evidence import VersionEvidence
    from settings import Settings
    from training.tables import Tables

TRAINING = "training process"
REGISTRY = "registry's model"
SEED = 0


@dataclass(frozen=True, slots=True)
class ParityOrder:
    """What to compare.

    Attributes:
        data: The tables that the version was trained on.
        stage: Which version.
        clients: How many, drawn at random.
        bento: The Bento to start and ask; None: none.
        urls: Services that run already, such as a container.
    """

    data: Path
    stage: Stage
    clients: int
    bento: str | None
    urls: tuple[str, ...]


def prove_parity(order: ParityOrder, settings: Settings, say: Say) -> tuple[Agreement, ...]:
    """Return how far each source is from what the training process said of the same clients.

    Raises:
        RegistryError: If not exactly one version holds the stage.
        ParityBroken: If the registry has no evidence, the tables are not those of the training, or
            a service serves another version.
        PseudonymKeyUnusable: If there is no key to find the clients by.
        ServiceFailed: If a service does not answer.
    """
    asked = ask_offline(order, settings, say)
    found = [asked.registered, *_ask_services(order, settings, asked, say)]
    return tuple(compare(asked.trained, verdicts) for verdicts in found)


@dataclass(frozen=True, slots=True)
class AskedOffline:
    """Clients, and what can be said of them without a service.

    Attributes:
        version: Which version they are asked about.
        applicants: Their applications as requests carry them.
        trained: What the training process said.
        registered: What the registry's model says.
    """

    version: str
    applicants: list[dict[str, object]]
    trained: Verdicts
    registered: Verdicts


def ask_offline(order: ParityOrder, settings: Settings, say: Say) -> AskedOffline:
    """Return clients of the tables, with what the training process and the registry's model say.

    Raises:
        RegistryError: If not exactly one version holds the stage.
        ParityBroken: If the registry has no evidence, or the tables are not those of the training.
        PseudonymKeyUnusable: If there is no key to find the clients by.
    """
    from registry.connection import open_registry

    client = open_registry(settings.mlflow_tracking_uri)
    import mlflow

    from registry.gate.evidence import EvidenceMissing, VersionEvidence
    from registry.holder import find_recorded_holder

    mlflow.set_tracking_uri(settings.mlflow_tracking_uri)
    model = find_recorded_holder(client, settings.model_name, order.stage)
    say(f"Comparing version {model.version} of {model.name}, which is {order.stage}")
    registered = client.get_model_version(model.name, model.version)
    with open_temporary_folder("credit-parity-") as folder:
        try:
            return _ask_evidence(order, settings, VersionEvidence(client, registered, folder))
        except EvidenceMissing as error:
            raise ParityBroken(str(error)) from None


def _ask_evidence(
    order: ParityOrder, settings: Settings, evidence: VersionEvidence
) -> AskedOffline:
    from credit.prediction import find_columns, predict_pd
    from training.feature_matrix import TRAINING_TABLE, build_matrix
    from training.histories import build_histories
    from training.tables import open_tables

    with open_tables(order.data, memory_limit=settings.memory_limit) as tables:
        matrix = build_matrix(tables, TRAINING_TABLE, build_histories(tables))
        drawn, trained_pd = _draw_clients(matrix.clients, order.clients, settings, evidence)
        applicants = _read_applicants(tables, matrix.clients[drawn])
    booster, threshold = evidence.booster, evidence.bundle.threshold
    pd = predict_pd(booster, matrix.features[drawn], find_columns(booster))
    return AskedOffline(
        evidence.version,
        applicants,
        Verdicts(TRAINING, trained_pd, refuse(trained_pd, threshold)),
        Verdicts(REGISTRY, pd, refuse(pd, threshold)),
    )


def _draw_clients(
    clients: NDArray[np.int64], wanted: int, settings: Settings, evidence: VersionEvidence
) -> tuple[NDArray[np.intp], Probabilities]:
    """Return positions of clients that the version was trained on, and what it said of them."""
    key = read_key(settings.pseudonym_key_text, settings.pseudonym_key_file)
    predictions = evidence.predictions
    said = dict(zip(predictions.clients, predictions.pd_served.tolist(), strict=True))
    pseudonyms = key.name(clients.tolist())
    known = np.flatnonzero([pseudonym in said for pseudonym in pseudonyms])
    if not len(known):
        raise ParityBroken(
            f"None of the {len(clients):,} clients is one that {evidence.told} was trained on, "
            f"by pseudonyms of key {key.id}; the version's are of key {predictions.key_id}. Give "
            "the tables it was trained on with --data, and the key it was trained with."
        )
    drawn = np.sort(np.random.default_rng(SEED).permutation(known)[:wanted])
    return drawn, np.array([said[pseudonyms[place]] for place in drawn])


def _read_applicants(tables: Tables, clients: NDArray[np.int64]) -> list[dict[str, object]]:
    """Return applications as a scoring request would carry them, ordered by client."""
    from training.feature_matrix import TRAINING_TABLE

    listed = ", ".join(str(client) for client in clients.tolist())
    rows = tables.relation(TRAINING_TABLE).filter(f"SK_ID_CURR IN ({listed})").order("SK_ID_CURR")
    return [
        make_request_row(dict(zip(rows.columns, cells, strict=True))) for cells in rows.fetchall()
    ]


def make_request_row(cells: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of an application that a scoring request carries."""
    return {
        column.name: cells[column.name]
        for column in APPLICATION_COLUMNS
        if column.required or cells[column.name] is not None
    }


def _ask_services(
    order: ParityOrder, settings: Settings, asked: AskedOffline, say: Say
) -> Iterator[Verdicts]:
    if order.bento is not None:
        say(f"Starting {order.bento}")
        log = settings.home / "parity-service.log"
        port = find_free_port()
        store, token = settings.written_history_store, settings.service_token_text
        with serve_bento(order.bento, port, store, log, token) as service:
            source = f"Bento {order.bento}"
            yield ask_service(source, service.api, asked.applicants, asked.version)
    for url in order.urls:
        say(f"Asking {url}")
        api = ScoringApi(url, settings.service_token_text)
        yield ask_service(url, api, asked.applicants, asked.version)
