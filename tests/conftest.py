"""What the tests share: demo tables, one model trained on them, the real tables where they are."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from credit.bundle import MODEL_FILE

if TYPE_CHECKING:
    import xgboost

    from training.engines.spark_process import Spark
    from training.feature_matrix import FeatureMatrix
    from training.order import TrainingOrder
    from training.pipeline import TrainingResult

# OpenMP's threads would spin between XGBoost's short jobs and take the cores from everyone else.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# How long an example takes says how busy the machine is, and nothing about the code.
hypothesis.settings.register_profile(
    "timeless", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("timeless")

FEW_CLIENTS = 300
MANY_CLIENTS = 4_000
QUICK_FOLDERS = ("tests", "credit", "dashboard", "deploy", "evaluation", "loadtests", "serving")
MODEL_NAME = "credit_scoring_model"
PSEUDONYM_SECRET = bytes(range(32))


def pytest_configure(config: pytest.Config) -> None:
    """Give BentoML a store of its own: it reads where that is once, when it is imported.

    Ctrl-C is heard by the processes that tests start, also where a shell put us in the background.
    Bytecode is kept though a container's image says no: hundreds of commands would each compile
    MLflow anew, which takes longer than what most of them do.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tempfile.TemporaryDirectory(prefix="credit-tests-bentoml-")
    config.add_cleanup(home.cleanup)
    os.environ["BENTOML_HOME"] = home.name
    os.environ["BENTOML_DO_NOT_TRACK"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the files that take a moment for the end: the workers are done at the same time."""
    items.sort(key=lambda item: _rank(item.path))


def _rank(file: Path) -> int:
    if file.name == "test_cli.py" or file.parent.name == "end_to_end":
        return 0
    return 2 if file.parent.name in QUICK_FOLDERS else 1


@dataclass(frozen=True)
class Trained:
    """A model trained by the pipeline on demo tables, in an MLflow of its own."""

    order: TrainingOrder
    result: TrainingResult
    said: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return Path(self.order.tracking_uri.removeprefix("sqlite:///"))

    @property
    def model_file(self) -> Path:
        """The registered booster, as MLflow keeps it."""
        (found,) = self.database.parent.glob(f"mlartifacts/**/{MODEL_FILE}")
        return found

    @property
    def model_folder(self) -> Path:
        """What MLflow keeps of the version, the booster among it."""
        return Path(str(self.model_file).removesuffix(MODEL_FILE))

    def load_booster(self) -> xgboost.Booster:
        from xgboost import Booster

        return Booster(model_file=self.model_file)


@pytest.fixture(scope="session")
def few_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of small demo tables."""
    return make_demo_tables(tmp_path_factory.mktemp("few"), FEW_CLIENTS)


@pytest.fixture(scope="session")
def many_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of demo tables that a model can learn from."""
    return make_demo_tables(tmp_path_factory.mktemp("many"), MANY_CLIENTS)


@pytest.fixture(scope="session")
def real_tables() -> Path:
    """The folder that holds the real tables, `relational/` and `application/`."""
    if folder := os.environ.get("HOME_CREDIT_DIR"):
        return Path(folder)
    pytest.skip("HOME_CREDIT_DIR is not set: the real tables are not here.")


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database that is set up and holds nothing: copied quicker than made anew."""
    from training.tracking import prepare_tracking

    database = tmp_path_factory.mktemp("mlflow") / "new folder" / "mlflow.db"
    prepare_tracking(f"sqlite:///{database}")
    return database


@pytest.fixture
def tracking_uri(empty_mlflow: Path, tmp_path: Path) -> str:
    """An empty MLflow of the test's own."""
    database = tmp_path / "mlflow.db"
    shutil.copy(empty_mlflow, database)
    return f"sqlite:///{database}"


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, many_clients: Path, empty_mlflow: Path
) -> Trained:
    """The model that all tests share; whoever changes the registry copies the database."""
    from credit.cost import CostMatrix
    from credit.pseudonym import PseudonymKey
    from training.evidence.explanations import SampleSizes
    from training.evidence.gather import EvidenceSettings
    from training.fitting import FitSettings
    from training.order import TrainingOrder
    from training.pipeline import train

    few = SampleSizes(clients=300, refused=200, counterfactuals=10, neighbours=500)
    folder = tmp_path_factory.mktemp("trained")
    shutil.copy(empty_mlflow, folder)
    order = TrainingOrder(
        data=many_clients,
        history_store=folder / "history.arrow",
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}",
        model_name=MODEL_NAME,
        costs=CostMatrix(false_negative=8.0, false_positive=1.5),
        fit=FitSettings(rounds_max=60),
        evidence=EvidenceSettings(repetitions=60, explained=few),
        pseudonym_key=PseudonymKey(PSEUDONYM_SECRET),
    )
    said: list[str] = []
    return Trained(order, train(order, said.append), said)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Model cards with empty files for plots: to draw them takes longer than a small training."""
    monkeypatch.setattr("training.evidence.model_card.render_png", lambda _: b"")


@pytest.fixture(scope="session")
def matrix(many_clients: Path) -> FeatureMatrix:
    """The features and outcomes of the clients of the larger demo tables."""
    from training.feature_matrix import build_matrix
    from training.histories import build_histories
    from training.tables import open_tables

    with open_tables(many_clients) as tables:
        return build_matrix(tables, "application_train", build_histories(tables))


@pytest.fixture(scope="session")
def spark() -> Iterator[Spark]:
    """A Spark on this machine; its Java compiles little, since it does not live long."""
    from training.engines.spark_process import start_spark
    from training.engines.spark_settings import describe_spark

    settings = dict(describe_spark("local[2]", "1GB")) | {"spark.sql.shuffle.partitions": "2"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with start_spark(settings) as running:
            yield running


def make_demo_tables(folder: Path, clients: int) -> Path:
    from demo import tables

    out = folder / "tables"
    return tables.make_demo_tables(out, clients=clients, seed=1, file_format="parquet").folder
