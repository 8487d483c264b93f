"""`mlflow models serve`, as somebody who has MLflow alone would ask it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pandas as pd
import pytest

from credit.features.catalog import FEATURE_NAMES
from tests.servers import start_model_server

if TYPE_CHECKING:
    from tests.conftest import Trained
    from training.feature_matrix import FeatureMatrix

CLIENTS = 400


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Iterator[str]:
    """The address of a running server of the registered version."""
    order, published = trained.order, trained.result.published
    folder = tmp_path_factory.mktemp("model-server")
    version = f"models:/{order.model_name}/{published.version}"
    registry = {"MLFLOW_TRACKING_URI": order.tracking_uri}
    with start_model_server(folder, version, registry) as url:
        yield url


@pytest.fixture(scope="module")
def rows(matrix: FeatureMatrix) -> pd.DataFrame:
    """What `credit features` writes of some clients, as a table."""
    features = pd.DataFrame(matrix.features[:CLIENTS], columns=list(FEATURE_NAMES))
    features.insert(0, "SK_ID_CURR", matrix.clients[:CLIENTS])
    return features


@pytest.fixture(scope="module")
def offline(trained: Trained, rows: pd.DataFrame) -> list[float]:
    booster = trained.load_booster()
    scores = booster.inplace_predict(rows[booster.feature_names].to_numpy())
    return [float(pd) for pd in scores]


def write_json(rows: pd.DataFrame) -> bytes:
    cells = rows.astype(object).where(rows.notna(), None)
    return json.dumps({"dataframe_split": cells.to_dict(orient="split", index=False)}).encode()


def write_csv(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False).encode()


def write_parquet(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    rows.to_parquet(sink)
    return sink.getvalue()


def ask(url: str, content: bytes, content_type: str = "application/json") -> httpx.Response:
    headers = {"Content-Type": content_type}
    return httpx.post(f"{url}/invocations", content=content, headers=headers, timeout=120)


def read_answers(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    answers: list[dict[str, Any]] = response.json()["predictions"]
    return answers


@pytest.mark.parametrize(
    ("write", "content_type"),
    [
        (write_json, "application/json"),
        (write_csv, "text/csv"),
        (write_parquet, "application/vnd.apache.parquet"),
    ],
)
def test_clients_get_the_offline_probability_and_its_decision(
    url: str,
    rows: pd.DataFrame,
    offline: list[float],
    trained: Trained,
    write: Callable[[pd.DataFrame], bytes],
    content_type: str,
) -> None:
    answers = read_answers(ask(url, write(rows), content_type))

    threshold = trained.result.evaluation.choice.threshold
    assert [answer["probability"] for answer in answers] == offline
    assert {answer["threshold"] for answer in answers} == {threshold}
    assert [(answer["prediction"], answer["decision"]) for answer in answers] == [
        (1, "REFUSED") if pd >= threshold else (0, "APPROVED") for pd in offline
    ]
    assert len({answer["decision"] for answer in answers}) == 2


def test_what_cannot_be_scored_is_refused_by_name(url: str, rows: pd.DataFrame) -> None:
    lacking = ask(url, write_json(rows.head(1).drop(columns="EXT_SOURCE_2")))
    worded = ask(url, write_json(rows.head(1).assign(EXT_SOURCE_2="high")))
    infinite = ask(url, write_json(rows.head(1).assign(EXT_SOURCE_2=np.inf)))

    assert [answer.status_code for answer in (lacking, worded, infinite)] == [400, 400, 400]
    assert "missing inputs ['EXT_SOURCE_2']" in lacking.json()["message"]
    assert "Failed to convert column EXT_SOURCE_2" in worded.json()["message"]
    assert "Row 0 has an infinite EXT_SOURCE_2" in infinite.json()["message"]


def test_nobody_at_all_is_answered_with_nothing(url: str, rows: pd.DataFrame) -> None:
    assert read_answers(ask(url, write_json(rows.head(0)))) == []
