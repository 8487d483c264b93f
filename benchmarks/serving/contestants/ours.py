"""This service, as `bentoml serve` starts it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.processes import Running
from registry.trial import find_free_port, serve_bento

HISTORY_STORE = "CREDIT_HISTORY_STORE"


@contextmanager
def serve_ours(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    """Yield the service, of this checkout, with a decision log that is new."""
    decisions = arena.folder / "decisions.db"
    for file in arena.folder.glob(f"{decisions.name}*"):
        file.unlink()
    environment = {"CREDIT_DECISION_LOG": f"sqlite:///{decisions}", **variant.environment}
    store = Path(environment.get(HISTORY_STORE, arena.facts.history_store))
    with (
        _set(environment),
        serve_bento(".", find_free_port(), store, log) as service,
    ):
        yield Running(f"{service.url}/predict", service.process.pid)


@contextmanager
def _set(environment: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


OURS = Contestant("ours", "this service", serve_ours, lambda arena: arena.applicants)
