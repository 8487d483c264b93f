"""A published model, its store and the running service, all real and all in temporary folders."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np
import psutil
import pyarrow as pa
import pytest
import xgboost
from numpy.typing import NDArray

from credit.bundle import MODEL_FILE, Bundle, compute_fingerprint, hash_file
from credit.contract import APPLICATION_COLUMNS, TABLES, Column, Kind
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import (
    FEATURE_NAMES,
    HISTORY_FEATURE_NAMES,
    assemble_features,
    empty_history,
)
from credit.store_manifest import HISTORY_COLUMN, MANIFEST_KEY, SourceFile, StoreManifest
from credit.stored_cells import pack_column
from registry.trial import find_free_port
from serving.decision_log import Decision, DecisionLog
from training.applications import PackedApplications
from training.store_writing import write_application_store

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
DEFAULT_ADDRESS = {"BENTOML_HOST": ""}  # as if it was not set
START_SECONDS = 120
CLIENTS = 400
STORE_MADE_AT = "2026-01-02T03:04:05+00:00"
STORE_SOURCE = SourceFile(file="bureau.csv", sha256="5e" * 32)

Applicant = dict[str, Any]

PUBLISH = """
import json, shutil, sys
from pathlib import Path
import bentoml
tag, model, place, metadata = sys.argv[1:]
with bentoml.models.create(tag, metadata=json.loads(metadata)) as made:
    target = Path(made.path) / "mlflow_model" / place
    target.parent.mkdir(parents=True)
    shutil.copy(model, target)
"""


@dataclass(frozen=True)
class Published:
    """A model as `credit build` leaves it, the history store, and what both must answer."""

    bentoml_home: Path
    history_store: Path
    application_store: Path
    store_state: dict[str, Any]
    store_origin: dict[str, Any]
    bundle: Bundle
    applicants: Sequence[Applicant]
    histories: NDArray[np.float32]
    booster: xgboost.Booster

    def score_offline(self, *, with_histories: bool = True) -> list[float]:
        """Return the probability of every applicant, computed in one piece without the service."""
        histories = self.histories if with_histories else empty_history(len(self.applicants))
        features = compute_features(self.applicants, histories)
        return [float(pd) for pd in self.booster.inplace_predict(features)]

    def compute_features(self, applicants: Sequence[Applicant]) -> NDArray[np.float32]:
        """Return the features of applicants without a history, computed without the service."""
        return compute_features(applicants, empty_history(len(applicants)))


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    output: Path
    bentoml_home: Path
    process: subprocess.Popen[bytes]

    def post(
        self,
        content: object,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        route: str = "/predict",
    ) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        url = f"{self.url}{route}?{query}"
        return httpx.post(url, content=body, headers=headers, timeout=30)

    def ask(
        self, applicant: Applicant, *, query: str = "", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        response = self.post({"data": applicant}, query=query, headers=headers)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=30)

    def read_metric(self, name: str, labels: str = "") -> float:
        """Return the sum of a metric's values that have these labels, 0 if none was counted yet."""
        lines = self.get("/metrics").text.splitlines()
        found = [line for line in lines if re.match(rf"{name}[{{ ]", line) and labels in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def find_runner(self) -> psutil.Process:
        """Return the process that holds the model."""
        return self.find_worker("credit_runner")

    def find_worker(self, name: str) -> psutil.Process:
        """Return the process of one of the two BentoML services."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if name in child.cmdline():
                return child
        raise AssertionError(f"There is no {name}.")

    @property
    def decision_log(self) -> Path:
        """SQLite's file of the decision log."""
        return self.bentoml_home.parent / "var" / "decisions.db"

    def read_log(self) -> dict[str, Decision]:
        """Return the logged decisions by their request's id."""
        log = DecisionLog.open(f"sqlite:///{self.decision_log}", make=False)
        try:
            return {decision["request_id"]: decision for decision in log.read()}
        finally:
            log.close()


class Start(Protocol):
    """Starts a service; leaving the context ends it."""

    def __call__(
        self,
        bentoml_home: Path,
        history_store: Path | str | None,
        *,
        application_store: Path | None = None,
        bento: str = ".",
        folder: Path = ROOT,
        settings: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Service]: ...


class FailToStart(Protocol):
    """Starts a service that ends by itself, and returns what it said."""

    def __call__(
        self,
        bentoml_home: Path,
        history_store: Path | str,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> str: ...


def compute_features(
    applicants: Sequence[Applicant], histories: NDArray[np.float32]
) -> NDArray[np.float32]:
    table = TABLES["application_test"]
    cells = {name: [row.get(name) for row in applicants] for name in table.column_names}
    application = compute_application_features(encode_columns(table, cells))
    return assemble_features(application, histories)


def draw_cell(column: Column, generator: np.random.Generator) -> object:
    if column.nullable and generator.random() < 0.2:
        return None
    if column.sentinel is not None and generator.random() < 0.1:
        return column.sentinel
    if column.kind is Kind.CATEGORY:
        return str(generator.choice(column.categories))
    low = -1e6 if column.minimum is None else column.minimum
    high = 1e6 if column.maximum is None else column.maximum
    number = generator.uniform(low, high)
    return number if column.kind is Kind.NUMBER else round(number)


def draw_applicants(count: int) -> list[Applicant]:
    generator = np.random.default_rng(11)
    return [
        {column.name: draw_cell(column, generator) for column in APPLICATION_COLUMNS}
        | {"SK_ID_CURR": 100_000 + 3 * number}
        for number in range(count)
    ]


def write_history_store(
    path: Path, clients: Sequence[int], histories: NDArray[np.float32], fingerprint: str
) -> None:
    manifest = StoreManifest(
        fingerprint=fingerprint,
        features=HISTORY_FEATURE_NAMES,
        clients=len(clients),
        sources={"bureau": STORE_SOURCE},
        made_at=STORE_MADE_AT,
        version="0.1.0",
    )
    rows = pa.FixedSizeListArray.from_arrays(pa.array(histories.reshape(-1)), histories.shape[1])
    schema = pa.schema(
        [pa.field("SK_ID_CURR", pa.int64()), pa.field(HISTORY_COLUMN, rows.type)],
        metadata={MANIFEST_KEY: manifest.model_dump_json().encode()},
    )
    batch = pa.record_batch([pa.array(clients, pa.int64()), rows], schema=schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)


def pack(applicants: Sequence[Applicant]) -> PackedApplications:
    packed = [
        pack_column(column, [applicant[column.name] for applicant in applicants])
        for column in APPLICATION_COLUMNS
    ]
    clients = np.array([applicant["SK_ID_CURR"] for applicant in applicants], np.int64)
    return PackedApplications(clients, np.column_stack(packed))


def make_bundle(model: Path) -> Bundle:
    return Bundle(
        model_version="1",
        threshold=0.25,
        false_negative_cost=10.0,
        false_positive_cost=1.0,
        fingerprint=compute_fingerprint(),
        trained_at="2026-01-01T00:00:00+00:00",
        oof_auc=0.75,
        training_tables=("application_train",),
        model_sha256=hash_file(model),
        feature_count=len(FEATURE_NAMES),
        git_commit="c0ffee",
    )


def publish(bentoml_home: Path, model: Path, bundle: Bundle) -> None:
    """Put a model into a BentoML store; in a process of its own, since the store is global."""
    tag = f"credit_scoring_model:mlflow-v{bundle.model_version}"
    metadata = json.dumps(bundle.to_metadata())
    subprocess.run(
        [sys.executable, "-c", PUBLISH, tag, str(model), MODEL_FILE, metadata],
        check=True,
        env=os.environ | {"BENTOML_HOME": str(bentoml_home), "BENTOML_DO_NOT_TRACK": "true"},
        capture_output=True,
    )


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A model fitted on applicants whose histories matter; every second client has one."""
    folder = tmp_path_factory.mktemp("published")
    generator = np.random.default_rng(12)
    applicants = draw_applicants(CLIENTS)
    histories = empty_history(CLIENTS)
    histories[::2] = generator.normal(size=histories[::2].shape)
    features = compute_features(applicants, histories)
    scores = np.nan_to_num(features[:, FEATURE_NAMES.index("EXT_SOURCE_2")], nan=0.5)
    risk = np.nan_to_num(histories[:, -1]) - 2 * scores
    defaulted = risk + generator.normal(scale=0.3, size=CLIENTS) > np.quantile(risk, 0.7)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 3, "seed": 1},
        xgboost.DMatrix(features, defaulted, feature_names=list(FEATURE_NAMES)),
        num_boost_round=20,
    )
    model = folder / "model.ubj"
    booster.save_model(model)
    bundle = make_bundle(model)
    publish(folder / "bentoml", model, bundle)
    store = folder / "history.arrow"
    clients = [applicant["SK_ID_CURR"] for applicant in applicants]
    write_history_store(store, clients[::2], histories[::2], bundle.fingerprint)
    state = {"state": "loaded", "clients": CLIENTS // 2, "made_at": STORE_MADE_AT}
    origin = {
        "made_by_version": "0.1.0",
        "sources": {"bureau": {"file": "bureau.csv", "sha256": "5e" * 32}},
    }
    application_store = folder / "applications.arrow"
    write_application_store(pack(applicants[:300]), application_store, {})
    return Published(
        folder / "bentoml",
        store,
        application_store,
        state,
        state | origin,
        bundle,
        applicants,
        histories,
        booster,
    )


@pytest.fixture(scope="session")
def start_service(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Starts `bentoml serve` as a user would; a context manager that ends it again."""

    @contextmanager
    def start(
        bentoml_home: Path,
        history_store: Path | str | None,
        *,
        application_store: Path | None = None,
        bento: str = ".",
        folder: Path = ROOT,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Service]:
        own = tmp_path_factory.mktemp("service")
        port = find_free_port()
        stores = {
            "CREDIT_HISTORY_STORE": history_store,
            "CREDIT_APPLICATION_STORE": application_store,
        }
        process = run_serve(
            port, own, bentoml_home, stores, bento=bento, folder=folder, settings=settings
        )
        url = f"http://127.0.0.1:{port}"
        service = Service(url, own / "output.txt", own / "bentoml", process)
        try:
            wait_until_ready(service)
            yield service
        finally:
            end(process)

    return start


@pytest.fixture(scope="session")
def write_store() -> Callable[[Path, str], None]:
    """Writes a history store of one client that claims a fingerprint."""

    def write(path: Path, fingerprint: str) -> None:
        write_history_store(path, [1], empty_history(1), fingerprint)

    return write


@pytest.fixture(scope="session")
def publish_bundle(published: Published) -> Callable[[Path, Bundle], None]:
    """Puts a model that answers otherwise, with another bundle, into a BentoML store."""

    def publish_again(bentoml_home: Path, bundle: Bundle) -> None:
        model = bentoml_home / "model.ubj"
        published.booster[:5].save_model(model)
        publish(bentoml_home, model, bundle)

    return publish_again


@pytest.fixture(scope="session")
def fail_to_start(tmp_path_factory: pytest.TempPathFactory) -> FailToStart:
    """Runs `bentoml serve`, expects that it ends by itself, and returns what it said."""

    def run(
        bentoml_home: Path,
        history_store: Path | str,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> str:
        own = tmp_path_factory.mktemp("failed")
        stores = {"CREDIT_HISTORY_STORE": history_store}
        process = run_serve(find_free_port(), own, bentoml_home, stores, settings=settings)
        try:
            assert process.wait(START_SECONDS) != 0
        finally:
            end(process)
        return (own / "output.txt").read_text()

    return run


@pytest.fixture(scope="session")
def service(start_service: Start, published: Published) -> Iterator[Service]:
    """The service with the published model and its stores, on its own default address."""
    with start_service(
        published.bentoml_home,
        published.history_store,
        application_store=published.application_store,
        settings=DEFAULT_ADDRESS,
    ) as running:
        yield running


def run_serve(
    port: int,
    own: Path,
    bentoml_home: Path,
    stores: Mapping[str, Path | str | None],
    *,
    bento: str = ".",
    folder: Path = ROOT,
    settings: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `bentoml serve`; its output and a BentoML home of its own are put into a folder."""
    # BentoML keeps a service's metrics in its home, and empties them when another one starts.
    shutil.copytree(bentoml_home, own / "bentoml")
    environment = os.environ | {
        "BENTOML_HOME": str(own / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "true",
        "CREDIT_HOME": str(own / "var"),
        "BENTOML_HOST": HOST,
        **(settings or {}),
    }
    environment |= {name: str(store) for name, store in stores.items() if store is not None}
    command = [sys.executable, "-m", "bentoml", "serve", bento, "--port", str(port)]
    with (own / "output.txt").open("wb") as sink:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            break
        try:
            if httpx.get(f"{service.url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"The service did not become ready:\n{service.output.read_text()}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
