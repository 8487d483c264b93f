from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo import DemoTables
from demo.figures import parse_figures, read_figures
from demo.measure import main, measure_figures
from demo.summary import round_to, summarise


def test_a_number_of_few_values_is_told_by_their_shares() -> None:
    cells = np.repeat([1.0, 2.0, np.nan], [60, 20, 20])

    summary = summarise(cells, np.ones(100))

    assert summary == {"missing": 0.2, "values": [1, 2], "shares": [0.75, 0.25]}


def test_a_number_of_many_values_is_told_by_its_quantiles() -> None:
    summary = summarise(np.arange(1_000.0), np.ones(1_000), levels=(0.25, 0.5), with_mean=True)

    assert summary == {"mean": 500, "quantiles": [249, 499]}


def test_weights_count() -> None:
    cells = np.repeat([1.0, 2.0], 50)

    summary = summarise(cells, np.repeat([3.0, 1.0], 50))

    assert summary["shares"] == [0.75, 0.25]


def test_a_number_of_few_rows_is_never_told_by_its_values() -> None:
    assert "values" not in summarise(np.array([17.0, 23.0, 99.0]), np.ones(3))


def test_values_are_rounded_to_three_digits() -> None:
    assert round_to(123_456.0) == 123_000
    assert round_to(0.012_345) == 0.0123


def test_what_is_measured_on_demo_tables_can_be_drawn_from(demo_tables: DemoTables) -> None:
    figures = measure_figures(demo_tables.folder)

    assert parse_figures(figures).intercept == pytest.approx(
        read_figures()["default"]["intercept"], abs=0.8
    )
    real, again = read_figures()["strata"], figures["strata"]
    assert set(again) == set(real)
    closed = "Closed|Consumer credit"
    assert again["bureau"]["parts"][closed]["share"] == pytest.approx(
        real["bureau"]["parts"][closed]["share"], abs=0.02
    )


@pytest.mark.real
@pytest.mark.slow
def test_the_figures_are_those_of_the_real_tables(real_tables: Path, tmp_path: Path) -> None:
    assert main([str(real_tables), "--out", str(tmp_path / "figures.json")]) == 0

    assert read_figures(tmp_path / "figures.json") == read_figures()
