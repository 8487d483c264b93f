"""What all contestants share: one model, the same applicants, and what offline says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.serving.judging import PD_PATTERN
from benchmarks.serving.model_home import ModelHome

ROWS_A_BATCH = 500
FACTS_FILE = "facts.json"
V2_PATTERN = rb'"data": ?\[([-+.0-9eE]+)\]'
ROUNDING = 1e-6
"""Half a unit in the last place that a float32 probability has, and a little more."""

Features = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a contestant's server needs to know; it reads them from the arena's folder.

    Attributes:
        booster: File of the model.
        history_store: Arrow file of the histories.
        threshold: From which on an applicant is refused.
        model_version: Version in the registry.
        model_name: Its name there.
    """

    booster: str
    history_store: str
    threshold: float
    model_version: str
    model_name: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the facts of an arena's folder."""
        return cls(**json.loads((folder / FACTS_FILE).read_text()))


@dataclass(frozen=True, slots=True)
class Questions:
    """Requests, and what their answers must say.

    Attributes:
        bodies: File of one body a line.
        expected: File of the probabilities, one list a line; None: answers carry none.
        tolerance: By how much an answer may differ from them.
        pattern: Finds one probability in an answer.
    """

    bodies: Path
    expected: Path | None
    tolerance: float = 0.0
    pattern: bytes = PD_PATTERN


@dataclass(frozen=True, slots=True)
class Arena:
    """Where contestants meet.

    Attributes:
        folder: Of what is made for the benchmark.
        home: Of the model.
        facts: About the model.
    """

    folder: Path
    home: ModelHome
    facts: Facts

    @property
    def applicants(self) -> Questions:
        """One applicant a request, to be answered to the last bit."""
        return Questions(self.folder / "applicants.jsonl", self.folder / "expected.jsonl")

    @property
    def applicants_roughly(self) -> Questions:
        """The same, where features are computed by other code and answers are rounded."""
        return Questions(self.applicants.bodies, self.applicants.expected, ROUNDING)

    @property
    def applicants_unjudged(self) -> Questions:
        """The same, asked of who answers no probability."""
        return Questions(self.applicants.bodies, None)

    @property
    def applicants_without_history(self) -> Questions:
        """The same, asked of who knows nobody's history."""
        return Questions(self.applicants.bodies, self.folder / "expected_without_history.jsonl")

    @property
    def batches(self) -> Questions:
        """`ROWS_A_BATCH` applicants a request."""
        return Questions(self.folder / "batches.jsonl", self.folder / "expected_batches.jsonl")

    @property
    def mlflow_rows(self) -> Questions:
        """One row of features a request, as MLflow's server takes it."""
        return Questions(self.folder / "mlflow.jsonl", self.applicants.expected, ROUNDING)

    @property
    def v2_rows(self) -> Questions:
        """One row of features a request, by the V2 inference protocol."""
        return Questions(self.folder / "v2.jsonl", self.applicants.expected, ROUNDING, V2_PATTERN)

    @property
    def features(self) -> Path:
        """File of the applicants' features, float32 of shape (n, the model's features)."""
        return self.folder / "features.npy"

    @property
    def empty_history_store(self) -> Path:
        """History store that knows nobody."""
        return self.folder / "empty_history.arrow"


def prepare_arena(home: ModelHome, data: Path, applicants: int) -> Arena:
    """Return the arena, after all its files were written.

    Args:
        home: With a model.
        data: Folder of the tables it was trained on.
        applicants: How many different ones are asked about, at most.
    """
    from loadtests.applicants import read_questions

    folder = home.folder / "benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    arena = Arena(folder, home, _find_facts(home))
    (folder / FACTS_FILE).write_text(json.dumps(asdict(arena.facts)))
    questions = read_questions(data, applicants)
    clients = [question.client for question in questions]
    with_history, without_history = _compute_features(data, clients)
    bodies = [question.body for question in questions]
    _write_applicants(arena, bodies, with_history, without_history)
    _write_empty_history_store(arena)
    return arena


def _find_facts(home: ModelHome) -> Facts:
    import bentoml

    from credit.bundle import STORED_MODEL_FILE, Bundle
    from settings import Settings

    name = Settings().model_name
    model = bentoml.models.get(f"{name}:latest")
    bundle = Bundle.from_metadata(model.info.metadata)
    return Facts(
        booster=model.path_of(STORED_MODEL_FILE),
        history_store=str(home.history_store),
        threshold=bundle.threshold,
        model_version=bundle.model_version,
        model_name=name,
    )


def _compute_features(data: Path, clients: Sequence[int]) -> tuple[Features, Features]:
    """Return the catalog's features of clients, with their histories and without."""
    from credit.features.application import compute_application_features
    from credit.features.catalog import assemble_features, empty_history
    from training.feature_matrix import build_matrix
    from training.histories import build_histories
    from training.tables import open_tables

    with open_tables(data) as tables:
        present = ("application_test", "application_train")
        population = next(name for name in present if name in tables.present)
        matrix = build_matrix(tables, population, build_histories(tables))
    places = np.searchsorted(matrix.clients, clients)
    columns = {name: values[places] for name, values in matrix.columns.items()}
    application = compute_application_features(columns)
    return matrix.features[places], assemble_features(application, empty_history(len(places)))


def _write_applicants(
    arena: Arena, bodies: Sequence[str], with_history: Features, without_history: Features
) -> None:
    from credit.features.catalog import FEATURE_NAMES
    from credit.prediction import find_columns, predict_pd
    from serving.booster import load_booster

    booster = load_booster(Path(arena.facts.booster))
    columns = find_columns(booster)
    pd = predict_pd(booster, with_history, columns).tolist()
    pd_without = predict_pd(booster, without_history, columns).tolist()
    taken = with_history if columns is None else with_history.take(columns, axis=1)
    names = list(booster.feature_names or FEATURE_NAMES)
    np.save(arena.features, taken)
    _write_lines(arena.folder / "applicants.jsonl", bodies)
    _write_lines(arena.folder / "expected.jsonl", (json.dumps([one]) for one in pd))
    _write_lines(
        arena.folder / "expected_without_history.jsonl", (json.dumps([one]) for one in pd_without)
    )
    rows = [[None if cell != cell else cell for cell in row] for row in taken.tolist()]  # noqa: PLR0124
    _write_lines(arena.mlflow_rows.bodies, (_make_mlflow_body(names, row) for row in rows))
    _write_lines(arena.v2_rows.bodies, (_make_v2_body(row) for row in rows))
    _write_batches(arena, bodies, pd)


def _make_mlflow_body(names: Sequence[str], row: Sequence[float | None]) -> str:
    return json.dumps({"dataframe_split": {"columns": names, "data": [row]}})


def _make_v2_body(row: Sequence[float | None]) -> str:
    tensor = {"name": "predict", "shape": [1, len(row)], "datatype": "FP32", "data": row}
    return json.dumps({"inputs": [tensor]})


def _write_batches(arena: Arena, bodies: Sequence[str], pd: Sequence[float]) -> None:
    applicants = [json.loads(body)["data"] for body in bodies]
    size = min(ROWS_A_BATCH, len(applicants))
    starts = range(0, len(applicants) - size + 1, size)
    _write_lines(
        arena.batches.bodies,
        (json.dumps({"data": applicants[start : start + size]}) for start in starts),
    )
    _write_lines(
        arena.folder / "expected_batches.jsonl",
        (json.dumps(pd[start : start + size]) for start in starts),
    )


def _write_empty_history_store(arena: Arena) -> None:
    from credit.features.catalog import empty_history
    from credit.features.history import ClientHistories
    from training.store_writing import write_history_store

    nobody = ClientHistories(np.empty(0, np.int64), empty_history(0))
    write_history_store(nobody, arena.empty_history_store, {})


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w") as sink:
        for line in lines:
            sink.write(line + "\n")
