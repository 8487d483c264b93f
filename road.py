"""The whole road in one go: what the commands do one by one, wired with the settings."""

from __future__ import annotations

import http.client
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit.contract import APPLICATION_COLUMNS
from credit.cost import CostMatrix
from credit.errors import ServiceFailed

if TYPE_CHECKING:
    from registry.bento import BuiltBento
    from settings import Settings
    from training.pipeline import TrainingOrder, TrainingResult

Say = Callable[[str], None]

HOST = "127.0.0.1"
DEFAULT_PORT = 3000
READY_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class RoadOrder:
    """How to travel.

    Attributes:
        data: Folder or zip of the tables; None: demo tables.
        clients: Clients of the demo tables.
        seed: Seed of the demo tables.
        port: Port of the service; None: 3000 when it goes on serving, else any free one.
        keep_serving: Serve until interrupted.
        project: Folder of bentofile.yaml.
    """

    data: Path | None
    clients: int
    seed: int
    port: int | None
    keep_serving: bool
    project: Path


def travel(order: RoadOrder, settings: Settings, say: Say) -> None:
    """Go from tables to a decision of the running service.

    Raises:
        CreditError: Whatever a step raises; what earlier steps registered stays.
    """
    from mlflow import MlflowClient

    from registry.staging import promote_to_staging
    from training.pipeline import train

    port = order.port or (DEFAULT_PORT if order.keep_serving else _find_free_port())
    _require_free_port(port)
    data = order.data or _provide_demo_tables(order, settings, say)
    result = train(order_training(data, settings), say)
    say(describe_evaluation(result))
    say(f"Promoting version {result.published.version} to Staging")
    client = MlflowClient(settings.mlflow_tracking_uri)
    promote_to_staging(client, settings.model_name, result.published.version)
    say("Building the Bento from the Staging version")
    bento = build_staging(settings, order.project)
    say(f"Serving {bento.tag}, pinned to {bento.model_tag}")
    log = settings.home / "service.log"
    with serve_bento(bento.tag, port, settings.history_store, log) as service:
        answer = ask_for_decision(port, read_applicant(data))
        say(f"POST http://{HOST}:{port}/predict answers:\n{json.dumps(answer, indent=2)}")
        if order.keep_serving:
            say(f"Serving on http://{HOST}:{port}, log in {log}; Ctrl-C ends it.")
            service.wait()


def order_training(data: Path, settings: Settings) -> TrainingOrder:
    """Return what to train, as the settings say."""
    from training.pipeline import TrainingOrder

    return TrainingOrder(
        data=data,
        history_store=settings.history_store,
        tracking_uri=settings.mlflow_tracking_uri,
        model_name=settings.model_name,
        costs=CostMatrix(settings.false_negative_cost, settings.false_positive_cost),
        memory_limit=settings.memory_limit,
    )


def build_staging(settings: Settings, project: Path) -> BuiltBento:
    """Import the Staging version and build the Bento pinned to it.

    Raises:
        RegistryError: If there is not exactly one Staging version.
        FingerprintMismatch: If it was fitted with other feature code.
        BuildFailed: If BentoML cannot build.
    """
    from mlflow import MlflowClient

    from registry.bento import build_bento, import_model
    from registry.staging import find_staging

    model = find_staging(MlflowClient(settings.mlflow_tracking_uri), settings.model_name)
    model_tag = import_model(model, settings.mlflow_tracking_uri)
    return build_bento(model, model_tag, project)


def describe_evaluation(result: TrainingResult) -> str:
    """Return the out-of-fold figures as lines for a person."""
    evaluation, choice = result.evaluation, result.evaluation.choice
    return "\n".join(
        (
            (
                f"{result.published.model_name} version {result.published.version}, out of fold on "
                f"{result.clients:,} clients (default rate {evaluation.default_rate:.2%}):"
            ),
            (
                f"  AUC {evaluation.auc:.4f}   Gini {evaluation.gini:.4f}   "
                f"KS {evaluation.ks:.4f}   calibration error {evaluation.ece:.4f}"
            ),
            (
                f"  threshold {choice.threshold:.4f}: refuses {choice.refused_share:.1%} "
                f"at a cost of {choice.cost_per_applicant:.4f} per applicant"
            ),
        )
    )


def read_applicant(data: Path) -> dict[str, Any]:
    """Return one application as a scoring request would carry it, of application_test if there."""
    from training.tables import open_tables

    with open_tables(data) as tables:
        population = (
            "application_test" if "application_test" in tables.present else "application_train"
        )
        relation = tables.relation(population).order("SK_ID_CURR").limit(1)
        rows = relation.fetchall()
        if not rows:
            raise ServiceFailed(f"{population} holds no application to ask the service about.")
        cells = dict(zip(relation.columns, rows[0], strict=True))
    return {
        column.name: cells[column.name]
        for column in APPLICATION_COLUMNS
        if column.required or cells[column.name] is not None
    }


def ask_for_decision(port: int, applicant: dict[str, Any]) -> dict[str, Any]:
    """Return the service's answer on one applicant.

    Raises:
        ServiceFailed: If it refuses to answer, or the answer is no decision.
    """
    status, body = _request(port, "POST", "/predict", json.dumps({"data": applicant}))
    if status != http.client.OK:
        raise ServiceFailed(f"The service answered {status} to a valid applicant: {body[:500]}")
    answer: dict[str, Any] = json.loads(body)
    if not math.isfinite(answer.get("probability", math.nan)):
        raise ServiceFailed(f"The service's answer is no decision: {body[:500]}")
    return answer


@contextmanager
def serve_bento(
    tag: str, port: int, history_store: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the running, ready service of a Bento; end it with the context.

    Args:
        tag: The Bento.
        port: Where it listens, on 127.0.0.1 only.
        history_store: File of the clients' history features.
        log: File for what the service prints.

    Raises:
        ServiceFailed: If it ends, or is not ready in time; the last lines it printed are told.
    """
    command = [sys.executable, "-m", "bentoml", "serve", tag, "--host", HOST, "--port", str(port)]
    environment = {**os.environ, "CREDIT_HISTORY_STORE": str(history_store.resolve())}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and arguments
            command,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to pass on, once
        )
        try:
            _wait_until_ready(process, port, log)
            yield process
        finally:
            _stop(process)


def _provide_demo_tables(order: RoadOrder, settings: Settings, say: Say) -> Path:
    """Return the folder of demo tables, made unless they are there already."""
    from demo.tables import make_demo_tables

    folder = settings.home / "demo" / f"{order.clients}-clients-seed-{order.seed}"
    if folder.is_dir():
        say(f"Demo tables are there: {folder}")
        return folder
    say(f"Making demo tables of {order.clients:,} clients in {folder}")
    make_demo_tables(folder, clients=order.clients, seed=order.seed, file_format="parquet")
    return folder


def _request(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except OSError as error:
        raise ServiceFailed(f"Nothing answers on http://{HOST}:{port}{path}: {error}") from None
    finally:
        connection.close()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServiceFailed(
                f"`bentoml serve` ended with {process.returncode}:\n{_read_tail(log)}"
            )
        try:
            status, _ = _request(port, "GET", "/readyz")
        except ServiceFailed:
            status = 0
        if status == http.client.OK:
            return
        time.sleep(0.1)
    raise ServiceFailed(f"Not ready within {READY_SECONDS} s:\n{_read_tail(log)}")


def _read_tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-15:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the service and its workers, by the id of the group it leads."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # workers that outlived their parent


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ServiceFailed(f"Port {port} is taken; choose another with `--port`.") from None
