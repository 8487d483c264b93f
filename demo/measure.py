"""Measures the figures that the demo tables are drawn from: ``python -m demo.measure DIR``.

DIR holds the eight tables under Kaggle's names, CSV or parquet, or it holds the folder
``application`` with the application tables and the folder ``relational`` with all of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.comparison import measure_columns, measure_rows_per_client
from demo.dependence import calibrate_intercept, measure_copula, measure_default
from demo.figures import COARSE_LEVELS, FIGURES_FILE, LEVELS, list_texts
from demo.history_specs import HISTORY_VIEWS
from demo.specs import APPLICATION_VIEWS, View
from demo.summary import Summary, round_to, summarise
from demo.warehouse import Rows, Warehouse, open_tables

SOURCE = (
    "Summary figures of the Kaggle competition 'Home Credit Default Risk' (2018), measured with "
    "`python -m demo.measure`: the application on 60,301 labelled clients, the histories on "
    "10,000 clients (half of train, half of test, weighted back to 307,511 and 48,744). Values are "
    "rounded and the outermost 0.05 % cut. Of installments_payments only two clients could be had: "
    "its payments follow the terms of the earlier loans, and their number what is published of the "
    "table (13,605,401 rows of 339,587 clients)."
)
SMALLEST_SHARE = 0.002  # rarer combinations are left out
FEWEST_ROWS = 50  # a part with fewer is left out: its figures would tell of single clients


def main(arguments: list[str] | None = None) -> int:
    """Measure the tables in a folder and write the figures; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.measure", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=FIGURES_FILE)
    options = parser.parse_args(arguments)
    figures = measure_figures(options.folder)
    options.out.write_text(format_figures(figures) + "\n", encoding="utf-8")
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size / 1000:.0f} kB\n")
    return 0


def measure_figures(folder: Path) -> dict[str, Any]:
    """Return all figures about the tables in a folder."""
    warehouse = open_tables(folder)
    figures: dict[str, Any] = {
        "source": SOURCE,
        "columns": measure_columns(warehouse),
        "rows_per_client": measure_rows_per_client(warehouse),
        "counts": measure_counts(warehouse),
        "strata": {
            name: measure_view(warehouse, view)
            for name, view in (APPLICATION_VIEWS | HISTORY_VIEWS).items()
        },
    }
    figures["copula"] = measure_copula(warehouse)
    figures["default"] = measure_default(warehouse)
    figures["default"]["intercept"] = calibrate_intercept(figures)
    return figures


def format_figures(figures: Mapping[str, Any]) -> str:
    """Return the figures as JSON, one line a quantity, so that a change can be read."""
    if not any(isinstance(value, dict) for value in figures.values()):
        return json.dumps(figures, ensure_ascii=False, separators=(",", ":"))
    lines = (
        f"{json.dumps(name)}:"
        + (
            format_figures(value)
            if isinstance(value, dict)
            else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )
        for name, value in figures.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def measure_counts(warehouse: Warehouse) -> dict[str, Summary]:
    """Return how many rows a client has who has any, and what share of clients has any."""
    counts = {}
    for table in ("bureau", "previous_application"):
        rows = warehouse.fetch(
            f"select weight, n from clients left join (select SK_ID_CURR, count(*)::double as n "
            f"from {table} group by 1) using (SK_ID_CURR)"
        )
        counts[table] = summarise(rows["n"], rows["weight"], most_steps=60)
    monthly = warehouse.fetch(
        "select avg((m > 0)::int) filter (side = 'train') as train, "
        "avg((m > 0)::int) filter (side = 'test') as test from clients join "
        "(select SK_ID_CURR, count(b.SK_ID_BUREAU) as m from bureau left join (select distinct "
        "SK_ID_BUREAU from bureau_balance) as b using (SK_ID_BUREAU) group by 1) using (SK_ID_CURR)"
    )
    for side, share in monthly.items():
        covered = round_to(float(share[0]))
        counts[f"bureau_balance {side}"] = {"values": [0, 1], "shares": [1 - covered, covered]}
    return counts


def measure_view(warehouse: Warehouse, view: View) -> dict[str, Any]:
    """Return the figures of each part of a view."""
    columns = {
        **{name: f"({sql})::double" for name, sql in view.quantities.items()},
        **{f"given {name}": f"coalesce({sql}, false)" for name, sql in view.given.items()},
        **{column: column for columns in view.profiles.values() for column in columns},
    }
    rows = warehouse.select(
        {"part": view.parts, "weight": "weight::double"} | columns,
        f"{view.source} where {view.parts} is not null order by all",
    )
    total = rows["weight"].sum()
    parts: dict[str, Any] = {}
    for label in view.order or sorted(set(rows["part"])):
        mine = rows["part"] == label
        if np.count_nonzero(mine) >= FEWEST_ROWS:
            weight = rows["weight"][mine].sum()
            parts[label] = {"share": round_to(weight / total, 5)} | _measure_part(view, rows, mine)
    return {"table": view.table, "parts": parts}


def _measure_part(view: View, rows: Rows, mine: NDArray[np.bool_]) -> dict[str, Any]:
    quantities = {}
    for name in view.quantities:
        chosen = mine & rows[f"given {name}"].astype(bool) if name in view.given else mine
        if np.count_nonzero(~np.isnan(rows[name][chosen])) >= FEWEST_ROWS:
            quantities[name] = summarise(
                rows[name][chosen],
                rows["weight"][chosen],
                levels=LEVELS if view.fine else COARSE_LEVELS,
            )
    profiles = {
        name: _measure_profile(view.table, columns, rows, mine)
        for name, columns in view.profiles.items()
    }
    return {"quantities": quantities} | ({"profiles": profiles} if profiles else {})


def _measure_profile(
    table: str, columns: tuple[str, ...], rows: Rows, mine: NDArray[np.bool_]
) -> dict[str, Any]:
    weights: dict[tuple[Any, ...], float] = {}
    cells = zip(*(rows[column][mine].tolist() for column in columns), strict=True)
    for combination, weight in zip(cells, rows["weight"][mine].tolist(), strict=True):
        weights[combination] = weights.get(combination, 0.0) + weight
    total = sum(weights.values())
    kept = {
        combination: weight / total
        for combination, weight in weights.items()
        if weight / total >= SMALLEST_SHARE
    }
    ordered = sorted(kept, key=lambda combination: _order(table, columns, combination))
    return {
        "columns": list(columns),
        "rows": [list(combination) for combination in ordered],
        "shares": [round_to(kept[combination], 3) for combination in ordered],
    }


def _order(table: str, columns: Iterable[str], combination: Iterable[Any]) -> tuple[int, ...]:
    return tuple(
        list_texts(table, column).index(cell)
        if isinstance(cell, str)
        else -1
        if cell is None
        else int(cell)
        for column, cell in zip(columns, combination, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
