"""MLServer's XGBoost runtime, in an environment of its own; it takes features too.

Its packages do not resolve beside ours. Version 1.7.1 starts no worker with uvloop 0.22 and later.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.processes import Running, run_server
from credit.errors import ServiceFailed
from registry.trial import HOST, find_free_port

NAME = "credit"
PYTHON = "3.11"
PACKAGES = ("mlserver==1.7.1", "mlserver-xgboost==1.7.1", "scikit-learn", "uvloop<0.22")
INSTALL_SECONDS = 600


def install_mlserver(arena: Arena) -> None:
    """Make the environment, unless it is there.

    Raises:
        ServiceFailed: If its packages cannot be had.
    """
    environment = _locate_environment(arena)
    if (environment / "bin" / "mlserver").exists():
        return
    # The same XGBoost under its name without 470 MB for GPUs, which nothing here uses.
    override = arena.folder / "mlserver-overrides.txt"
    override.write_text("xgboost ; python_version < '3'\n")
    packages = (*PACKAGES, f"xgboost-cpu=={version('xgboost-cpu')}")
    _run_uv("venv", "--python", PYTHON, str(environment))
    into = ("--python", str(environment / "bin" / "python"))
    try:
        _run_uv("pip", "install", *into, "--override", str(override), *packages)
    except ServiceFailed:
        shutil.rmtree(environment)
        raise


def _locate_environment(arena: Arena) -> Path:
    return arena.folder / "mlserver-environment"


def _run_uv(*arguments: str) -> None:
    uv = shutil.which("uv")
    if uv is None:
        raise ServiceFailed("There is no `uv` to install MLServer with.")
    try:
        subprocess.run(  # noqa: S603 -- our own arguments
            [uv, *arguments], check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["it said nothing"]
        raise ServiceFailed(f"MLServer could not be installed: {lines[-1].strip()}") from None
    except subprocess.TimeoutExpired:
        raise ServiceFailed(f"MLServer was not installed in {INSTALL_SECONDS} s.") from None


@contextmanager
def serve_mlserver(arena: Arena, variant: Variant, log: Path) -> Iterator[Running]:
    """Yield MLServer with the booster as its only model."""
    port = find_free_port()
    folder = arena.folder / "mlserver"
    folder.mkdir(exist_ok=True)
    ports = {"http_port": port, "grpc_port": find_free_port(), "metrics_port": find_free_port()}
    (folder / "settings.json").write_text(json.dumps({"host": HOST, "debug": False, **ports}))
    model = {
        "name": NAME,
        "implementation": "mlserver_xgboost.XGBoostModel",
        "parameters": {"uri": arena.facts.booster},
    }
    (folder / "model-settings.json").write_text(json.dumps(model))
    command = [str(_locate_environment(arena) / "bin" / "mlserver"), "start", "."]
    url = f"http://{HOST}:{port}/v2/models/{NAME}/infer"
    with run_server(
        command, url, f"/v2/models/{NAME}/ready", log, variant.environment, folder
    ) as running:
        yield running


WITHOUT_WORKERS = {"MLSERVER_PARALLEL_WORKERS": "0", "OMP_NUM_THREADS": "1"}
BATCHING = {"MLSERVER_MODEL_MAX_BATCH_SIZE": "64", "MLSERVER_MODEL_MAX_BATCH_TIME": "0.005"}

MLSERVER = Contestant(
    "mlserver",
    "MLServer XGBoost",
    serve_mlserver,
    lambda arena: arena.v2_rows,
    (
        Variant("defaults"),
        Variant("in its own process", environment=WITHOUT_WORKERS),
        Variant("adaptive batching", environment=WITHOUT_WORKERS | BATCHING),
    ),
    install_mlserver,
)
