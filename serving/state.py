"""What the service tells about itself: `/health` and `/model-info`."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from typing_extensions import TypedDict

from credit.bundle import Bundle
from serving.history_store import HistoryStore


class StoreState(TypedDict):
    """Whether histories are known, of how many clients, and since when."""

    state: Literal["loaded", "absent"]
    clients: int
    made_at: str | None


class StoreOrigin(StoreState):
    """The state of the store, and what it was made by and from: file and hash, by table."""

    made_by_version: str | None
    sources: dict[str, dict[str, str]]


class Health(TypedDict):
    """The answer of `GET /health`."""

    status: Literal["ok", "unavailable"]
    model: str
    model_version: str
    runner: Literal["ok", "unavailable"]
    history_store: StoreState


ReferZone = TypedDict("ReferZone", {"from": float, "to": float})
"""Probabilities of default between which a person decides, both included."""


class Costs(TypedDict):
    """What a wrong decision costs."""

    false_negative: float
    false_positive: float


class ModelInfo(TypedDict):
    """The answer of `GET /model-info`."""

    model: str
    model_version: str
    threshold: float
    refer_zone: ReferZone | None
    costs: Costs
    fingerprint: str
    feature_count: int
    model_sha256: str
    git_commit: str
    trained_at: str
    oof_auc: float
    training_tables: list[str]
    history_store: StoreOrigin
    versions: dict[str, str]


def describe_store(store: HistoryStore) -> StoreState:
    """Return the state of the history store; one without clients counts as absent."""
    return StoreState(
        state="loaded" if len(store) else "absent",
        clients=len(store),
        made_at=store.manifest.made_at if store.manifest else None,
    )


def describe_origin(store: HistoryStore) -> StoreOrigin:
    """Return the state of the history store and its origin."""
    manifest = store.manifest
    sources = manifest.sources if manifest else {}
    return StoreOrigin(
        **describe_store(store),
        made_by_version=manifest.version if manifest else None,
        sources={table: source.model_dump() for table, source in sources.items()},
    )


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


def describe_model(model_tag: str, bundle: Bundle, store: HistoryStore) -> ModelInfo:
    """Return what an auditor asks about the model that decides."""
    return ModelInfo(
        model=model_tag,
        model_version=bundle.model_version,
        threshold=bundle.threshold,
        refer_zone=_describe_refer_zone(bundle),
        costs=Costs(
            false_negative=bundle.costs.false_negative, false_positive=bundle.costs.false_positive
        ),
        fingerprint=bundle.fingerprint,
        feature_count=bundle.feature_count,
        model_sha256=bundle.model_sha256,
        git_commit=bundle.git_commit,
        trained_at=bundle.trained_at,
        oof_auc=bundle.oof_auc,
        training_tables=list(bundle.training_tables),
        history_store=describe_origin(store),
        versions={"python": platform.python_version(), **_list_package_versions()},
    )


def _describe_refer_zone(bundle: Bundle) -> ReferZone | None:
    if bundle.refer_from is None or bundle.refer_to is None:
        return None
    return {"from": bundle.refer_from, "to": bundle.refer_to}


def _list_package_versions() -> dict[str, str]:
    """Return the versions of the packages that a score depends on, by whichever name they have."""
    versions = {}
    for package in ("bentoml", "numpy", "xgboost-cpu", "xgboost"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue  # xgboost comes under one of two names
    return versions
