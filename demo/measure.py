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

from credit.contract import HISTORY_TABLES, TABLES
from credit.contract.column import Column, Kind
from demo.figures import COARSE_LEVELS, FIGURES_FILE, LEVELS, list_texts
from demo.history_specs import HISTORY_VIEWS
from demo.specs import APPLICATION_VIEWS, View

Floats = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]
Summary = dict[str, Any]

SOURCE = (
    "Summary figures of the Kaggle competition 'Home Credit Default Risk' (2018), measured with "
    "`python -m demo.measure`: the application on 60,301 labelled clients, the histories on 10,000 "
    "clients (half of train, half of test, weighted back to 307,511 and 48,744). Values are rounded "
    "and the outermost 0.05 % cut. Of installments_payments only two clients could be had: its "
    "payments follow the terms of the earlier loans, and its totals what is published of the table "
    "(13,605,401 rows of 339,587 clients)."
)
KAGGLE_CLIENTS = {"train": 307_511, "test": 48_744}
MOST_STEPS = 40  # a number with more distinct values is told by its quantiles
SMALLEST_SHARE = 0.001  # rarer combinations and values are left out
SMALLEST_TEXT_SHARE = 0.02  # and rarer texts of a column are not compared
FEWEST_ROWS = 50  # a part with fewer is left out: its figures would tell of single clients
COMPARED_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


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
    from demo.dependence import calibrate_intercept, measure_copula, measure_default

    warehouse = open_tables(folder)
    figures: dict[str, Any] = {
        "source": SOURCE,
        "columns": {table: measure_columns(warehouse, table) for table in TABLES},
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


def format_figures(figures: Mapping[str, Any], depth: int = 0) -> str:
    """Return the figures as JSON, one line a quantity, so that a change can be read."""
    if not any(isinstance(value, dict) for value in figures.values()) or depth > 5:
        return json.dumps(figures, ensure_ascii=False, separators=(",", ":"))
    lines = (
        f"{json.dumps(name)}:"
        + (
            format_figures(value, depth + 1)
            if isinstance(value, dict)
            else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        )
        for name, value in figures.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}"


class Warehouse:
    """The tables as DuckDB relations, with each client's weight in ``clients``."""

    def __init__(self) -> None:
        import duckdb

        self._connection = duckdb.connect()

    def run(self, sql: str) -> None:
        """Execute a statement."""
        self._connection.execute(sql)

    def fetch(self, sql: str) -> Rows:
        """Return the result's columns; missing numbers are NaN, missing texts None."""
        return {
            name: _fill(cells) if isinstance(cells, np.ma.MaskedArray) else cells
            for name, cells in self._connection.execute(sql).fetchnumpy().items()
        }


def _fill(cells: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    if cells.dtype.kind == "O":
        texts = np.array(cells.data, dtype=object)
        texts[np.ma.getmaskarray(cells)] = None
        return texts
    filled: NDArray[Any] = cells.filled(np.nan) if cells.dtype.kind == "f" else cells.data
    return filled


def open_tables(folder: Path) -> Warehouse:
    """Return the tables of a folder; clients weigh as if train and test were Kaggle's."""
    warehouse = Warehouse()
    relational = folder / "relational" if (folder / "relational").is_dir() else folder
    for table in TABLES:
        warehouse.run(f'create view "{table}" as select * from {_scan(relational, table)}')
    wide = folder / "application" if (folder / "application").is_dir() else folder
    warehouse.run(
        f"create view application as select *, 1.0 as weight from {_scan(wide, 'application_train')}"
    )
    known = " union ".join(
        f'select SK_ID_CURR from "{table}"'
        for table in ("application_train", *HISTORY_TABLES)
        if "SK_ID_CURR" in TABLES[table].by_name
    )
    total = sum(KAGGLE_CLIENTS.values())
    warehouse.run(
        "create table clients as with sets as ("
        "select SK_ID_CURR, 'test' as side from application_test union all "
        f"select SK_ID_CURR, 'train' from ({known}) "
        "where SK_ID_CURR not in (select SK_ID_CURR from application_test)) "
        "select *, case side "
        + " ".join(f"when '{side}' then {size / total}" for side, size in KAGGLE_CLIENTS.items())
        + " end / count(*) over (partition by side) as weight from sets"
    )
    return warehouse


def _scan(folder: Path, table: str) -> str:
    parquet = folder / f"{table}.parquet"
    if parquet.is_file():
        return f"'{parquet}'"
    return f"read_csv('{folder / table}.csv', sample_size = -1)"


def measure_rows_per_client(warehouse: Warehouse) -> dict[str, dict[str, float]]:
    """Return for each history and side: rows per client, and the share of clients with any."""
    measured = {}
    for table in HISTORY_TABLES:
        join = "join bureau using (SK_ID_BUREAU)" if table == "bureau_balance" else ""
        for side, rows, share in zip(
            *warehouse.fetch(
                "select side, sum(coalesce(n, 0)) / count(*) as rows, "
                "avg((n > 0)::int) as share from (select SK_ID_CURR, side, coalesce(n, 0) as n "
                "from clients left join (select SK_ID_CURR, count(*) as n "
                f'from "{table}" {join} group by 1) using (SK_ID_CURR)) group by 1 order by 1 desc'
            ).values(),
            strict=True,
        ):
            measured[f"{table} {side}"] = {"rows": round_to(rows), "share": round_to(share)}
    return measured


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


def measure_columns(warehouse: Warehouse, table: str) -> dict[str, Summary]:
    """Return a coarse summary of each column of a table, to compare demo tables with."""
    if table == "application_train":
        source = "application"
    elif table == "application_test":
        return {}
    elif table == "bureau_balance":
        source = (
            "(select bureau_balance.*, weight from bureau_balance join bureau using (SK_ID_BUREAU) "
            "join clients using (SK_ID_CURR))"
        )
    else:
        source = f'(select * from "{table}" join clients using (SK_ID_CURR))'
    names = [
        column.name
        for column in TABLES[table].columns
        if column.kind is not Kind.KEY and not column.name.startswith("FLAG_DOCUMENT")
        and (column.kind is Kind.CATEGORY or not column.name.endswith(("_MODE", "_MEDI")))
    ]
    rows = warehouse.fetch(
        "select weight, "
        + ", ".join(_select(TABLES[table].by_name[name]) for name in names)
        + f" from {source}"
    )
    if table == "installments_payments":
        return {}
    return {
        name: summarise(
            rows[name], rows["weight"], levels=COMPARED_LEVELS, most_steps=0, with_mean=True
        )
        for name in names
    }


def _select(column: Column) -> str:
    if column.kind is Kind.CATEGORY:
        return column.name
    if isinstance(column.sentinel, int | float):
        return f"nullif({column.name}, {column.sentinel})::double as {column.name}"
    return f"{column.name}::double as {column.name}"


def measure_view(warehouse: Warehouse, view: View) -> dict[str, Any]:
    """Return the figures of each part of a view."""
    columns = {
        **{name: f"({sql})::double" for name, sql in view.quantities.items()},
        **{f"given {name}": f"coalesce({sql}, false)" for name, sql in view.given.items()},
        **{column: column for columns in view.profiles.values() for column in columns},
    }
    rows = warehouse.fetch(
        f"select {view.parts} as part, weight::double as weight"
        + "".join(f', {sql} as "{name}"' for name, sql in columns.items())
        + f" from {view.source} where {view.parts} is not null order by all"
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
        if np.count_nonzero(chosen) >= FEWEST_ROWS:
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


def summarise(
    cells: NDArray[Any],
    weights: Floats,
    *,
    levels: tuple[float, ...] = LEVELS,
    most_steps: int = MOST_STEPS,
    with_mean: bool = False,
) -> Summary:
    """Return missing rate and shares or quantiles of a column; shape (n,) both."""
    if cells.dtype.kind == "O":
        return _summarise_texts(cells, weights)
    known = ~np.isnan(cells)
    missing = round_to(float(1 - weights[known].sum() / weights.sum()))
    summary: Summary = {"missing": missing} if missing else {}
    values, weights = cells[known], weights[known]
    if with_mean and len(values):
        summary["mean"] = round_to(float(np.average(values, weights=weights)))
    distinct, members = np.unique(values, return_inverse=True)
    shares = np.bincount(members, weights) / weights.sum() if len(values) else np.empty(0)
    if len(distinct) <= min(most_steps, len(values) / 5):
        distinct, shares = distinct[shares >= SMALLEST_SHARE / 4], shares[shares >= SMALLEST_SHARE / 4]
        summary["values"] = [round_to(value, 6) for value in distinct.tolist()]
        summary["shares"] = [round_to(share, 3) for share in shares.tolist()]
    else:
        reached = np.searchsorted(np.cumsum(shares), levels)
        summary["quantiles"] = [
            round_to(value) for value in distinct[np.minimum(reached, len(distinct) - 1)].tolist()
        ]
    return summary


def _summarise_texts(cells: NDArray[Any], weights: Floats) -> Summary:
    total = weights.sum()
    texts = sorted({cell for cell in cells if cell is not None})
    shares = {text: round_to(weights[cells == text].sum() / total) for text in texts}
    missing = round_to(float(weights[[cell is None for cell in cells]].sum() / total))
    common = {text: share for text, share in shares.items() if share >= SMALLEST_TEXT_SHARE}
    return ({"missing": missing} if missing else {}) | {"texts": common}


def round_to(value: float, digits: int = 3) -> float:
    """Return the value rounded to significant digits; an integer where it is one."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


if __name__ == "__main__":
    sys.exit(main())
