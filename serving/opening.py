"""Opens what a service decides with, where its settings say it is."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Protocol

from credit.bundle import Bundle, compute_fingerprint
from credit.errors import LogUnavailable, PseudonymKeyUnusable
from credit.pseudonym import PseudonymKey, provide_key
from serving.application_store import ApplicationStore
from serving.decision_log import DecisionLog
from serving.decision_table import Durability
from serving.history_store import HistoryStore
from serving.log_writer import LogWriter, Policy
from serving.metrics import LogMetrics
from serving.store_fetching import fetch_store

logger = logging.getLogger("bentoml.credit")


class ServiceSettings(Protocol):
    """What is set about stores and log: `settings.py` tells what each is."""

    history_store_location: str | None
    application_store_location: str | None
    decision_log_location: str | None
    log_durability: Durability
    log_policy: Policy
    log_pseudonyms: bool

    @property
    def history_store(self) -> str:  # noqa: D102
        ...

    @property
    def application_store(self) -> str:  # noqa: D102
        ...

    @property
    def cache(self) -> Path:  # noqa: D102
        ...

    @property
    def decision_log(self) -> str | None:  # noqa: D102
        ...

    @property
    def pseudonym_key_text(self) -> str | None:  # noqa: D102
        ...

    @property
    def pseudonym_key_file(self) -> Path:  # noqa: D102
        ...


def find_history_store(settings: ServiceSettings) -> Path | None:
    """Return the store's file, fetched if it is elsewhere; None if none was set or made.

    Raises:
        UnreadableTable: If it cannot be fetched.
    """
    location = settings.history_store
    if settings.history_store_location is None and not Path(location).exists():
        logger.warning("No history store at %s: every applicant counts as one without.", location)
        return None
    # Absolute, since workers of a Bento run in its folder.
    return fetch_store(location, settings.cache).absolute()


def open_history_store(path: Path | None) -> HistoryStore:
    """Return the store, or an empty one if there is none.

    Raises:
        UnreadableTable: If the file is not there or wrong.
        FingerprintMismatch: If its features were computed by other code.
    """
    if path is None:
        return HistoryStore.empty()
    store = HistoryStore.open(path, compute_fingerprint())
    logger.info("History store %s: %d clients.", path, len(store))
    return store


def find_application_store(settings: ServiceSettings) -> Path | None:
    """Return the store's file, fetched if it is elsewhere; None if none was set or made.

    Raises:
        UnreadableTable: If it cannot be fetched.
    """
    location = settings.application_store
    if settings.application_store_location is None and not Path(location).exists():
        logger.warning("No application store at %s: /predict-minimal answers 503.", location)
        return None
    store = fetch_store(location, settings.cache, "application store", "CREDIT_APPLICATION_STORE")
    return store.absolute()


def open_application_store(path: Path | None) -> ApplicationStore | None:
    """Return the store; None if there is none.

    Raises:
        UnreadableTable: If the file is not there or wrong.
        FingerprintMismatch: If it was written under another contract.
    """
    if path is None:
        return None
    store = ApplicationStore.open(path, compute_fingerprint())
    logger.info("Application store %s: %d clients.", path, len(store))
    return store


def try_log(settings: ServiceSettings) -> None:
    """Return if decisions can be recorded; make the log, and the key of its pseudonyms, if needed.

    Raises:
        LogUnavailable: If the log cannot be opened.
        PseudonymKeyUnusable: If clients cannot be given pseudonyms.
    """
    if settings.decision_log is None:
        logger.warning("CREDIT_DECISION_LOG is off: no decision is recorded.")
        return
    if os.environ.get("BENTOML_CONTAINERIZED") == "true":
        _require_outliving(settings)
    _provide_key(settings)
    DecisionLog.open(settings.decision_log, settings.log_durability).close()


def _require_outliving(settings: ServiceSettings) -> None:
    """Return if log and key are where they outlive the container.

    Raises:
        LogUnavailable: If the log would end with it.
        PseudonymKeyUnusable: If the key would.
    """
    if settings.decision_log_location is None:
        raise LogUnavailable(
            "In a container the decision log would end with it. Set CREDIT_DECISION_LOG to "
            "postgresql://USER@HOST/NAME, to sqlite:////FOLDER/decisions.db on a volume, or to off."
        )
    if settings.log_pseudonyms and settings.pseudonym_key_text is None:
        raise PseudonymKeyUnusable(
            "In a container the key of the pseudonyms would end with it, and nobody could be found "
            "in the decision log again. Set CREDIT_PSEUDONYM_KEY (`openssl rand -hex 32`)."
        )


def open_log_writer(
    settings: ServiceSettings, bundle: Bundle, *, most_waiting: int
) -> LogWriter | None:
    """Return what writes decisions down; None if the log is off.

    Raises:
        LogUnavailable: If the log cannot be opened.
        PseudonymKeyUnusable: If clients cannot be given pseudonyms.
    """
    if settings.decision_log is None:
        return None
    return LogWriter(
        DecisionLog.open(settings.decision_log, settings.log_durability),
        bundle,
        _provide_key(settings),
        settings.log_policy,
        LogMetrics(),
        most_waiting=most_waiting,
    )


def _provide_key(settings: ServiceSettings) -> PseudonymKey | None:
    if not settings.log_pseudonyms:
        return None
    return provide_key(settings.pseudonym_key_text, settings.pseudonym_key_file)
