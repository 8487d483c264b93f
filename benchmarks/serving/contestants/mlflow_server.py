"""`mlflow models serve` of the registered version; it takes features, and need not compute them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.processes import Running, run_server
from registry.trial import HOST, find_free_port


@contextmanager
def serve_mlflow(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    """Yield MLflow's server, with its defaults, on this environment's packages."""
    port = find_free_port()
    model = f"models:/{arena.facts.model_name}/{arena.facts.model_version}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["--model-uri", model, "--host", HOST, "--port", str(port), *variant.arguments]
    # It looks for `uvicorn` in the path, as it finds it where an environment is activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**variant.environment, "PATH": path}
    url = f"http://{HOST}:{port}/invocations"
    # Elsewhere than in the checkout: the version has a copy of the code it needs.
    with run_server(command, url, "/ping", log, environment, arena.folder) as running:
        yield running


MLFLOW = Contestant("mlflow", "mlflow models serve", serve_mlflow, lambda arena: arena.mlflow_rows)
