"""What the service tells about itself: `/health` and `/model-info`."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, TypedDict

from credit.bundle import Bundle
from serving.history_store import HistoryStore


class StoreState(TypedDict):
    """Whether histories are known, and of how many clients."""

    state: Literal["loaded", "absent"]
    clients: int


class Health(TypedDict):
    """The answer of `GET /health`."""

    status: Literal["ok", "unavailable"]
    model: str
    model_version: str
    runner: Literal["ok", "unavailable"]
    history_store: StoreState


def describe_store(store: HistoryStore) -> StoreState:
    """Return the state of the history store; one without clients counts as absent."""
    return StoreState(state="loaded" if len(store) else "absent", clients=len(store))


def describe_health(model_tag: str, bundle: Bundle, store: HistoryStore, *, ready: bool) -> Health:
    """Return the state of the service; without its runner it is unavailable."""
    state: Literal["ok", "unavailable"] = "ok" if ready else "unavailable"
    return Health(
        status=state,
        model=model_tag,
        model_version=bundle.model_version,
        runner=state,
        history_store=describe_store(store),
    )


def describe_model(
    model_tag: str, bundle: Bundle, store: HistoryStore, feature_count: int
) -> dict[str, object]:
    """Return what an auditor asks about the model that decides."""
    return {
        "model": model_tag,
        "model_version": bundle.model_version,
        "threshold": bundle.threshold,
        "costs": asdict(bundle.costs),
        "fingerprint": bundle.fingerprint,
        "feature_count": feature_count,
        "trained_at": bundle.trained_at,
        "oof_auc": bundle.oof_auc,
        "training_tables": list(bundle.training_tables),
        "history_store": describe_store(store),
        "versions": {"python": platform.python_version(), **_list_package_versions()},
    }


def _list_package_versions() -> dict[str, str]:
    """Return the versions of the packages that a score depends on, by whichever name they have."""
    versions = {}
    for package in ("bentoml", "numpy", "xgboost-cpu", "xgboost"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue  # xgboost comes under one of two names
    return versions
