"""The least that a BentoML service does: the platform's ceiling."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.processes import Running, run_server
from registry.trial import HOST, find_free_port

SERVICE = "benchmarks.serving.contestants.bare_bentoml:Constant"


@contextmanager
def serve_constant(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:  # noqa: ARG001
    """Yield the service that answers a constant."""
    port = find_free_port()
    command = [sys.executable, "-m", "bentoml", "serve", SERVICE]
    command += ["--host", HOST, "--port", str(port), *variant.arguments]
    url = f"http://{HOST}:{port}/predict"
    with run_server(command, url, "/readyz", log, variant.environment) as running:
        yield running


CEILING = Contestant(
    "ceiling", "bare BentoML", serve_constant, lambda arena: arena.applicants_unjudged
)
