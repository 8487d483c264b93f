"""What a default training shows on the real tables: `pytest -m "real and slow"`."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.order import TrainingOrder
from training.pipeline import TrainingResult, train
from training.tuning.best_parameters import read_fit_settings

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1800)]


def train_on(tables: Path, folder: Path) -> tuple[TrainingResult, bytes]:
    order = TrainingOrder(
        data=tables,
        history_store=folder / "history.arrow",
        tracking_uri=f"sqlite:///{folder / 'mlflow.db'}",
        model_name="some_model",
        fit=read_fit_settings(),
    )
    result = train(order, lambda _: None)
    (file,) = folder.glob("mlartifacts/**/model.ubj")
    return result, file.read_bytes()


def test_the_application_table_alone_gives_the_figures_the_project_stands_for(
    real_tables: Path, tmp_path: Path
) -> None:
    result, _ = train_on(real_tables / "application", tmp_path)

    assert result.metrics["oof_auc"] >= 0.76
    assert result.metrics["nested_cost"] <= 0.525
    assert result.metrics["oof_ece"] <= 0.006


def test_the_same_tables_with_histories_give_the_same_bytes(
    real_tables: Path, tmp_path: Path
) -> None:
    (_, first), (_, second) = (
        train_on(real_tables / "relational", tmp_path / name) for name in ("first", "second")
    )

    assert first == second
