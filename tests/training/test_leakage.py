from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from numpy.typing import NDArray

from credit.errors import TargetLeak
from credit.features.catalog import FEATURE_NAMES
from training.fitting import FitSettings
from training.leakage import judge_quick_fit, require_no_leak, screen_columns
from training.order import TrainingOrder
from training.pipeline import train

if TYPE_CHECKING:
    from training.feature_matrix import FeatureMatrix

Features = NDArray[np.float32]
Plant = Callable[[Features, NDArray[np.bool_]], None]

CLIENTS = 3000
COLUMNS = tuple(f"column_{number}" for number in range(6))
LEAK = COLUMNS[3]


def make_clients() -> tuple[Features, NDArray[np.bool_], NDArray[np.int64]]:
    """Return clients whose first column tells as much as the best of the real tables, others none.

    Every column but the first two has gaps.
    """
    generator = np.random.default_rng(7)
    defaulted = generator.random(CLIENTS) < 0.1
    features = generator.normal(size=(CLIENTS, len(COLUMNS))).astype(np.float32)
    features[:, 0] += 0.9 * defaulted
    features[:, 1] += 0.5 * defaulted
    features[:, 2:][generator.random((CLIENTS, len(COLUMNS) - 2)) < 0.4] = np.nan
    return features, defaulted, 100_000 + np.arange(CLIENTS)


def tell_defaults(column: Features, defaulted: NDArray[np.bool_]) -> None:
    column += 4 * defaulted


def tell_repaid_loans(column: Features, defaulted: NDArray[np.bool_]) -> None:
    column -= 4 * defaulted


def tell_by_being_there(column: Features, defaulted: NDArray[np.bool_]) -> None:
    column[:] = np.where(defaulted, 1, np.nan)


def tell_of_a_few(column: Features, defaulted: NDArray[np.bool_]) -> None:
    column[:] = np.where(np.arange(CLIENTS) % 10 == 0, defaulted, np.nan)


def test_honest_columns_are_let_pass() -> None:
    features, defaulted, clients = make_clients()

    assert screen_columns(features, defaulted, clients, COLUMNS) == []
    assert judge_quick_fit(features, defaulted, COLUMNS) == []
    require_no_leak(features, defaulted, clients, COLUMNS)


@pytest.mark.parametrize(
    "plant", [tell_defaults, tell_repaid_loans, tell_by_being_there, tell_of_a_few]
)
def test_a_column_that_knows_the_outcome_is_named(plant: Plant) -> None:
    features, defaulted, clients = make_clients()
    plant(features[:, 3], defaulted)

    with pytest.raises(TargetLeak, match=f"known to: {LEAK} .*limit 0.*train again"):
        require_no_leak(features, defaulted, clients, COLUMNS)
    suspects = screen_columns(features, defaulted, clients, COLUMNS)
    assert {suspect.column for suspect in suspects} == {LEAK}


def test_identifiers_in_the_order_of_the_outcome_are_told() -> None:
    features, defaulted, clients = make_clients()
    by_outcome = np.argsort(defaulted, kind="stable")

    with pytest.raises(TargetLeak, match="SK_ID_CURR"):
        require_no_leak(features[by_outcome], defaulted[by_outcome], clients, COLUMNS)


def test_a_leak_that_no_order_shows_is_found_by_a_quick_model() -> None:
    features, defaulted, clients = make_clients()
    features[:, 3] = np.where(defaulted, 0, features[:, 3])  # in the middle of all

    assert screen_columns(features, defaulted, clients, COLUMNS) == []
    with pytest.raises(TargetLeak, match=rf"{LEAK}, .*quick model"):
        require_no_leak(features, defaulted, clients, COLUMNS)


def test_a_leak_about_some_clients_is_found_by_how_much_a_model_leans_on_it() -> None:
    features, defaulted, clients = make_clients()
    told = np.arange(CLIENTS) % 4 == 0
    features[:, :3] = 0
    features[told, 3] = np.where(defaulted, 9, -9)[told]

    assert screen_columns(features, defaulted, clients, COLUMNS) == []
    with pytest.raises(TargetLeak, match=f"{LEAK} .share of a quick model's gain"):
        require_no_leak(features, defaulted, clients, COLUMNS)


def test_what_few_clients_have_is_not_suspected_by_chance() -> None:
    features, defaulted, clients = make_clients()
    features[:, 3] = np.nan
    features[np.flatnonzero(defaulted)[:3], 3] = 1
    features[np.flatnonzero(~defaulted)[:6], 3] = 0

    assert screen_columns(features, defaulted, clients, COLUMNS) == []


def test_many_leaks_are_counted_and_the_worst_named() -> None:
    features, defaulted, clients = make_clients()
    features = np.repeat(features, 2, axis=1) + 5 * defaulted[:, None].astype(np.float32)
    names = [f"column_{number}" for number in range(features.shape[1])]

    with pytest.raises(TargetLeak, match="and 7 more"):
        require_no_leak(features, defaulted, clients, names)


def test_sixty_thousand_clients_are_screened_at_a_hundredth_of_a_second_a_column() -> None:
    generator = np.random.default_rng(2)
    features = generator.normal(size=(60_000, 60)).astype(np.float32)
    defaulted = generator.random(60_000) < 0.08
    started_s = time.process_time()

    screen_columns(features, defaulted, np.arange(60_000), [str(n) for n in range(60)])

    assert time.process_time() - started_s < 0.6


def test_demo_clients_are_let_pass(matrix: FeatureMatrix) -> None:
    assert matrix.defaulted is not None

    require_no_leak(matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES)


@pytest.fixture
def order(many_clients: Path, tmp_path: Path, tracking_uri: str) -> TrainingOrder:
    return TrainingOrder(
        data=Path(shutil.copytree(many_clients, tmp_path / "tables")),
        history_store=tmp_path / "history.arrow",
        tracking_uri=tracking_uri,
        model_name="some_model",
        fit=FitSettings(rounds_max=3),
    )


def plant_in_bureau(data: Path) -> None:
    """Write what became of the client into the amount past due of each of its loans."""
    applications = pq.read_table(
        data / "application_train.parquet", columns=["SK_ID_CURR", "TARGET"]
    )
    defaults = applications.filter(pc.equal(applications["TARGET"], 1))["SK_ID_CURR"]
    path = data / "bureau.parquet"
    bureau = pq.read_table(path)
    knows = pc.is_in(bureau["SK_ID_CURR"], value_set=defaults.combine_chunks())
    amounts = pc.multiply(knows.cast(pa.float64()), 5000.0)
    place = bureau.schema.get_field_index("AMT_CREDIT_SUM_OVERDUE")
    pq.write_table(bureau.set_column(place, "AMT_CREDIT_SUM_OVERDUE", amounts), path)


def plant_in_the_application(data: Path) -> None:
    """Write the outcome into the age of the car."""
    path = data / "application_train.parquet"
    rows = pq.read_table(path)
    place = rows.schema.get_field_index("OWN_CAR_AGE")
    ages = pc.add(pc.multiply(rows["TARGET"].cast(pa.float64()), 30.0), 2.0)
    pq.write_table(rows.set_column(place, "OWN_CAR_AGE", ages), path)


@pytest.mark.parametrize(
    ("plant", "name"),
    [(plant_in_bureau, "bureau_overdue_sum"), (plant_in_the_application, "OWN_CAR_AGE")],
)
def test_training_refuses_tables_with_a_planted_leak(
    order: TrainingOrder, plant: Callable[[Path], None], name: str
) -> None:
    plant(order.data)

    with pytest.raises(TargetLeak, match=name) as refused:
        train(order, lambda _: None)

    assert refused.value.exit_code == 12
    assert MlflowClient(order.tracking_uri).search_model_versions("name='some_model'") == []
    assert not order.history_store.exists()


@pytest.mark.real
@pytest.mark.parametrize("folder", ["application", "relational"])
def test_real_clients_are_let_pass(real_tables: Path, folder: str) -> None:
    from training.feature_matrix import build_matrix
    from training.histories import build_histories
    from training.tables import open_tables

    with open_tables(real_tables / folder) as tables:
        matrix = build_matrix(tables, "application_train", build_histories(tables))
    assert matrix.defaulted is not None

    require_no_leak(matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES)
