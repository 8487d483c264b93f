"""FastAPI twice: as it is usually written, and as an expert would write it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.processes import Running, run_server
from registry.trial import HOST, find_free_port

FOLDER_VARIABLE = "BENCHMARK_ARENA"
APPS = "benchmarks.serving.contestants"


def prepare_pandas(arena: Arena) -> None:
    """Write what the plain service loads."""
    from benchmarks.serving.contestants.pandas_pipeline import write_pipeline

    write_pipeline(arena)


@contextmanager
def _run_uvicorn(app: str, arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    port = find_free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", f"{APPS}.{app}:make_app"]
    command += ["--host", HOST, "--port", str(port), *variant.arguments]
    environment = {FOLDER_VARIABLE: str(arena.folder), **variant.environment}
    url = f"http://{HOST}:{port}/predict"
    with run_server(command, url, "/health", log, environment) as running:
        yield running


@contextmanager
def serve_pandas(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    """Yield the plain service, with all that uvicorn does by default."""
    with _run_uvicorn("pandas_app", arena, variant, log) as running:
        yield running


@contextmanager
def serve_expert(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    """Yield the expert's service."""
    with _run_uvicorn("expert_app", arena, variant, log) as running:
        yield running


LEAN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log")

PANDAS = Contestant(
    "pandas",
    "FastAPI + pandas",
    serve_pandas,
    lambda arena: arena.applicants_roughly,
    prepare=prepare_pandas,
)
EXPERT = Contestant(
    "expert",
    "expert's FastAPI",
    serve_expert,
    lambda arena: arena.applicants,
    (Variant("1 worker", LEAN), Variant("2 workers", (*LEAN, "--workers", "2"))),
)
