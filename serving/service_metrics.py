"""What Prometheus reads about the service itself: which model, how many wait, what is refused.

Gauges of several workers are added up, and those of dead ones are forgotten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import psutil
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge
from prometheus_client.multiprocess import mark_process_dead

RefusalReason = Literal["unknown_path", "wrong_method"]

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LIVE_GAUGE = re.compile(r"gauge_live\w+_(\d+)\.db")


class RefusalMetrics:
    """Counts requests that never get as far as BentoML's metrics."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        refused = Counter(
            "credit_refused_requests",
            "Requests refused for their path or method.",
            ["reason"],
            registry=registry,
        )
        self._refused: Mapping[RefusalReason, Counter] = {
            reason: refused.labels(reason) for reason in get_args(RefusalReason)
        }

    def count(self, reason: RefusalReason) -> None:
        """Count one request."""
        self._refused[reason].inc()


class ModelMarks(NamedTuple):
    """Which model decides; its fields are the labels of the metric."""

    model_version: str
    fingerprint: str
    model_sha256: str


class ServiceMetrics:
    """What is true of a worker at the moment.

    Args:
        model: That decides.
        registry: Where the metrics are registered.
    """

    def __init__(self, model: ModelMarks, registry: CollectorRegistry = REGISTRY) -> None:
        info = Gauge(
            "credit_model_info",
            "1 for the model that decides.",
            list(ModelMarks._fields),
            registry=registry,
            multiprocess_mode="livemax",
        )
        info.labels(*model).set(1)
        self._waiting = Gauge(
            "credit_waiting_rows",
            "Applicants who wait for a call of the model.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def tell_waiting(self, rows: int) -> None:
        """Tell how many applicants wait."""
        self._waiting.set(rows)


def forget_dead_workers() -> None:
    """Remove the gauges of processes that ended without having done so themselves."""
    folder = os.environ.get(_FOLDER_VARIABLE)
    if folder is None:
        return
    names = [_LIVE_GAUGE.fullmatch(file.name) for file in Path(folder).iterdir()]
    for pid in {int(name[1]) for name in names if name}:
        if not psutil.pid_exists(pid):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
