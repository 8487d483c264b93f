"""Writes what the plain FastAPI service loads: a scikit-learn pipeline, and a frame of histories.

The pipeline ends in an `XGBClassifier` around the very booster that all contestants serve.
"""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from xgboost import XGBClassifier

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.pandas_features import CATEGORIES, make_features
from credit.contract import APPLICATION_COLUMNS
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES, empty_history
from credit.prediction import find_columns
from serving.booster import load_booster

PIPELINE_FILE = "pipeline.joblib"
HISTORIES_FILE = "histories.joblib"


def write_pipeline(arena: Arena) -> None:
    """Write the pipeline and the histories into the arena's folder."""
    histories = _read_histories(Path(arena.facts.history_store))
    joblib.dump(histories, arena.folder / HISTORIES_FILE)
    joblib.dump(_make_pipeline(arena), arena.folder / PIPELINE_FILE)


def _read_histories(store: Path) -> pd.DataFrame:
    """Return the history features by client; the last row, of client 0, is of who has none."""
    with pa.memory_map(str(store)) as source:
        clients, rows = pa.ipc.open_file(source).get_batch(0).columns
        features = rows.flatten().to_numpy().reshape(len(rows), -1)
        every = np.vstack([features, empty_history(1)])
        index = pd.Index([*clients.to_pylist(), 0], name="SK_ID_CURR")
    return pd.DataFrame(every, index, columns=list(HISTORY_FEATURE_NAMES))


def _make_pipeline(arena: Arena) -> Pipeline:
    blank = pd.DataFrame(
        [{column.name: (column.categories or (0.0,))[0] for column in APPLICATION_COLUMNS}]
    )
    example = make_features(blank).join(
        pd.DataFrame(empty_history(1), columns=list(HISTORY_FEATURE_NAMES))
    )
    numbers = [name for name in FEATURE_NAMES if name not in CATEGORIES]
    encoder = OrdinalEncoder(
        categories=[list(column.categories) for column in APPLICATION_COLUMNS if column.categories],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    encode = ColumnTransformer(
        [("categories", encoder, CATEGORIES), ("numbers", "passthrough", numbers)]
    )
    order = ColumnTransformer([("order", "passthrough", _find_order(arena, CATEGORIES + numbers))])
    classifier = XGBClassifier(n_jobs=1)  # not the default, which takes 13 ms a row instead of 1
    classifier.load_model(arena.facts.booster)
    encoded = encode.fit_transform(example)
    order.fit(encoded)
    return Pipeline([("encode", encode), ("order", order), ("classify", classifier)])


def _find_order(arena: Arena, names: list[str]) -> NDArray[np.intp]:
    """Return the places, among the encoded columns, of those that the booster takes."""
    taken = find_columns(load_booster(Path(arena.facts.booster)))
    wanted = FEATURE_NAMES if taken is None else [FEATURE_NAMES[place] for place in taken]
    return np.array([names.index(name) for name in wanted])
