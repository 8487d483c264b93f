"""Train and test lie as far apart on the page as the kernel, and so the model card, says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np

from credit.contract import Kind
from credit.drift import compare_columns
from training.data_report.applicants import Applicants, read_applicants
from training.data_report.opening import open_readable
from training.data_report.shift import Shift, describe_shifts, measure_shifts

from .conftest import Spoil

ALL = "FROM {source}"


@contextmanager
def read_pair(tables: Path) -> Iterator[tuple[Applicants, Applicants]]:
    with open_readable(tables, set(), None) as readable:
        train = read_applicants(readable, "application_train")
        test = read_applicants(readable, "application_test")
        assert train is not None
        assert test is not None
        yield train, test


def measure(tables: Path) -> tuple[Shift, ...]:
    with read_pair(tables) as pair:
        shifts = measure_shifts(*pair)
    assert shifts is not None
    return shifts


def tell(shifts: tuple[Shift, ...]) -> str:
    return str(describe_shifts(shifts).parts[0].paragraphs[0])


def test_index_and_chance_are_the_kernels(few_clients: Path) -> None:
    shifts = measure(few_clients)

    with read_pair(few_clients) as (train, test):
        for shift in shifts:
            if train.columns[shift.name].kind is not Kind.CATEGORY:
                numbers, tested = (each.read_numbers(shift.name)[:, None] for each in (train, test))
                expected = compare_columns(numbers, tested, np.array([False]), len(shifts))
                assert (shift.drift,) == expected


def test_a_level_that_only_test_has_is_a_large_difference(spoil: Spoil) -> None:
    query = "SELECT * REPLACE ('Elsewhere' AS ORGANIZATION_TYPE) FROM {source}"

    shifts = measure(spoil(application_train=ALL, application_test=query))

    assert shifts[0].name == "ORGANIZATION_TYPE"
    assert "Large: ORGANIZATION_TYPE. None differs notably." in tell(shifts)
    assert f"{len(shifts) - 1} of {len(shifts)} columns differ by no more" in tell(shifts)


def test_levels_are_the_same_in_whatever_order_they_come(spoil: Spoil) -> None:
    folder = spoil(application_train=ALL)
    train, test = folder / "application_train.parquet", folder / "application_test.parquet"
    rows = duckdb.read_parquet(str(train)).order("SK_ID_CURR DESC")
    rows.project("* EXCLUDE (TARGET)").write_parquet(str(test))

    assert max(shift.drift.psi for shift in measure(folder)) == 0


def test_an_index_that_chance_explains_is_no_difference(spoil: Spoil) -> None:
    few = ALL + " LIMIT 30"

    shifts = measure(spoil(application_train=ALL + " LIMIT 60", application_test=few))

    assert shifts[0].drift.psi >= 0.25
    assert "No column differs largely. None differs notably." in tell(shifts)
