"""Compares the columns of tables with the real ones: ``python -m demo.comparison DIR``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit.contract import HISTORY_TABLES, TABLES
from credit.contract.column import Column, Kind
from demo.figures import read_figures
from demo.summary import Summary, round_to, summarise
from demo.warehouse import KAGGLE_CLIENTS, Warehouse, open_tables

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# No real figures to compare with: hardly any rows could be had, and nothing of its own.
NOT_COMPARED = ("installments_payments", "application_test")


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of the demo tables beside the real one.

    Attributes:
        table: The table.
        column: The column; empty for what is about the table.
        figure: ``missing``, ``mean``, ``quantile 0.05`` …, ``share of <text>``, ``rows``.
        real: As measured on the real tables.
        demo: On these.
        scale: What a difference is large or small against: 1 for a share, the span between the
            outer quantiles for a value.
    """

    table: str
    column: str
    figure: str
    real: float
    demo: float
    scale: float

    @property
    def relative(self) -> float:
        """Absolute difference as a share of the scale."""
        return abs(self.real - self.demo) / self.scale


def main(arguments: list[str] | None = None) -> int:
    """Print every figure of the tables in a folder beside the real one; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.comparison", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--worst", type=int, help="only so many, the largest differences first")
    options = parser.parse_args(arguments)
    differences = compare_tables(options.folder)
    if options.worst is not None:
        differences = sorted(differences, key=lambda found: -found.relative)[: options.worst]
    for found in differences:
        name = f"{found.table}.{found.column}" if found.column else found.table
        sys.stdout.write(
            f"{name:50} {found.figure:28} {found.real:>14,.6g} {found.demo:>14,.6g} "
            f"{found.relative:7.1%}\n"
        )
    return 0


def compare_tables(folder: Path) -> list[Difference]:
    """Return every figure of the tables in a folder beside the real one."""
    real = read_figures()
    warehouse = open_tables(folder)
    demo = measure_columns(warehouse)
    differences = [
        difference
        for table, columns in real["columns"].items()
        for column, figures in columns.items()
        for difference in _compare_column(table, column, figures, demo[table][column])
    ]
    demo_rows = measure_rows_per_client(warehouse)
    for name, figures in real["rows_per_client"].items():
        table, side = name.split()
        if table in NOT_COMPARED:
            continue
        rows, share = figures["rows"], figures["share"]
        differences += [
            Difference(table, "", f"rows a client, {side}", rows, demo_rows[name]["rows"], rows),
            Difference(table, "", f"clients with any, {side}", share, demo_rows[name]["share"], 1),
        ]
    return differences


def _compare_column(
    table: str, column: str, real: Mapping[str, Any], demo: Mapping[str, Any]
) -> list[Difference]:
    found = [
        Difference(table, column, "missing", real.get("missing", 0), demo.get("missing", 0), 1)
    ]
    found += [
        Difference(table, column, f"share of {text}", share, demo["texts"].get(text, 0.0), 1)
        for text, share in real.get("texts", {}).items()
    ]
    if "quantiles" in real and "quantiles" in demo:
        quantiles = real["quantiles"]
        scale = max(quantiles[-1] - quantiles[0], abs(real["mean"]), 1e-9)
        found.append(Difference(table, column, "mean", real["mean"], demo["mean"], scale))
        found += [
            Difference(table, column, f"quantile {level}", there, here, scale)
            for level, there, here in zip(LEVELS, quantiles, demo["quantiles"], strict=True)
        ]
    return found


def measure_columns(warehouse: Warehouse) -> dict[str, dict[str, Summary]]:
    """Return a coarse summary of the columns of each table that can be compared."""
    return {
        name: _measure_columns_of(warehouse, name) for name in TABLES if name not in NOT_COMPARED
    }


def _measure_columns_of(warehouse: Warehouse, table: str) -> dict[str, Summary]:
    columns = [column for column in TABLES[table].columns if _is_compared(column)]
    selected = {column.name: _select(column) for column in columns}
    rows = warehouse.select({"weight": "weight"} | selected, _choose_source(table))
    return {
        column.name: summarise(
            rows[column.name], rows["weight"], levels=LEVELS, most_steps=0, with_mean=True
        )
        for column in columns
    }


def _is_compared(column: Column) -> bool:
    """Keys say nothing; twenty documents and three statistics of a building say too little."""
    if column.kind is Kind.KEY or column.name.startswith("FLAG_DOCUMENT"):
        return False
    return column.kind is Kind.CATEGORY or not column.name.endswith(("_MODE", "_MEDI"))


def _choose_source(table: str) -> str:
    if table == "application_train":
        return "application"
    if table == "bureau_balance":
        return (
            "bureau_balance join (select SK_ID_BUREAU, SK_ID_CURR from bureau) "
            "using (SK_ID_BUREAU) join clients using (SK_ID_CURR)"
        )
    return f'"{table}" join clients using (SK_ID_CURR)'


def _select(column: Column) -> str:
    if column.kind is Kind.CATEGORY:
        return column.name
    if isinstance(column.sentinel, int | float):
        return f"nullif({column.name}, {column.sentinel})::double"
    return f"{column.name}::double"


def measure_rows_per_client(warehouse: Warehouse) -> dict[str, dict[str, float]]:
    """Return for each history and side: rows per client, and the share of clients with any."""
    measured = {}
    for table in HISTORY_TABLES:
        join = "join bureau using (SK_ID_BUREAU)" if table == "bureau_balance" else ""
        owned = warehouse.select(
            {"side": "side", "n": "count(held)"},
            f'clients left join (select SK_ID_CURR, 1 as held from "{table}" {join}) '  # noqa: S608 - our names
            "using (SK_ID_CURR) group by side, SK_ID_CURR order by side desc",
        )
        for side in KAGGLE_CLIENTS:
            counts = owned["n"][owned["side"] == side]
            measured[f"{table} {side}"] = {
                "rows": round_to(float(counts.mean())),
                "share": round_to(float((counts > 0).mean())),
            }
    return measured


if __name__ == "__main__":
    sys.exit(main())
