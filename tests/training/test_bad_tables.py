"""Tables that are not as they should be: training says what is wrong, or what it left out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from credit.errors import ContractViolation, CreditError, TrainingImpossible
from training.evidence.gather import EvidenceSettings
from training.fitting import FitSettings
from training.order import TrainingOrder
from training.pipeline import train

ChangeTable = Callable[[pa.Table], pa.Table]


@pytest.fixture
def order(
    few_clients: Path,
    tmp_path: Path,
    tracking_uri: str,
    undrawn: None,  # noqa: ARG001
) -> TrainingOrder:
    """Training on tables that the test spoils, as little as is measured at all."""
    return TrainingOrder(
        data=Path(shutil.copytree(few_clients, tmp_path / "tables")),
        history_store=tmp_path / "history.arrow",
        tracking_uri=tracking_uri,
        model_name="some_model",
        fit=FitSettings(rounds_max=3),
        evidence=EvidenceSettings(repetitions=20),
    )


def change(order: TrainingOrder, change_table: ChangeTable) -> None:
    path = order.data / "application_train.parquet"
    pq.write_table(change_table(pq.read_table(path)), path)


def set_column(name: str, values: pa.Array) -> ChangeTable:
    def change_table(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values.cast(table[name].type))

    return change_table


def lose_an_outcome(table: pa.Table) -> pa.Table:
    outcomes = table["TARGET"].to_pylist()
    return set_column("TARGET", pa.array([None, *outcomes[1:]]))(table)


def repeat_a_client(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 1)])


def keep_one_outcome(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["TARGET"], 1))


def keep_two_hundred(table: pa.Table) -> pa.Table:
    return table.slice(0, 200)


@pytest.mark.parametrize(
    ("change_table", "error", "message"),
    [
        (lose_an_outcome, ContractViolation, "TARGET"),
        (repeat_a_client, ContractViolation, "duplicate key"),
        (keep_one_outcome, TrainingImpossible, "0 repaid loans"),
        (keep_two_hundred, TrainingImpossible, "at least 20 of each"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(
    order: TrainingOrder, change_table: ChangeTable, error: type[CreditError], message: str
) -> None:
    change(order, change_table)

    with pytest.raises(error, match=message):
        train(order, lambda _: None)

    assert not order.history_store.exists()


def test_columns_that_tell_nothing_are_told_and_left_out(order: TrainingOrder) -> None:
    rows = pq.read_metadata(order.data / "application_train.parquet").num_rows
    for column, value in (("AMT_CREDIT", 270_000.0), ("EXT_SOURCE_1", None)):
        change(order, set_column(column, pa.array([value] * rows, pa.float64())))
    said: list[str] = []

    result = train(order, said.append)

    (note,) = (line for line in said if line.startswith("Note: Columns of application_train"))
    told = dict(part.split(": ", 1) for part in note.split("; ")[1:])
    assert "EXT_SOURCE_1" in told["empty"].split(", ")
    assert "AMT_CREDIT" in told["the same for everybody"].split(", ")
    assert result.published.version == "1"


def test_a_model_no_better_than_chance_is_told_to_be_none(order: TrainingOrder) -> None:
    def shuffle_outcomes(table: pa.Table) -> pa.Table:
        outcomes = [int(index % 9 == 0) for index in range(table.num_rows)]
        return set_column("TARGET", pa.array(outcomes))(table)

    change(order, shuffle_outcomes)
    said: list[str] = []

    result = train(order, said.append)

    assert result.metrics["oof_auc_low"] < 0.5
    assert any("not shown to be better than chance" in line for line in said)
