"""Writes the data contract as a page: `python -m credit.contract.document PATH`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from credit.contract import TABLES, Column, Table
from credit.contract.application import APPLICATION_TEST

_COMMAND = "python -m credit.contract.document docs/data-contract.md"
_INTRODUCTION = f"""\
# Data contract

Generated from `credit/contract/` by `{_COMMAND}`: change the declarations, not this page.

The eight tables of the Home Credit default-risk problem, under Kaggle's file names and column
names. `credit data check DIR` checks a folder of them against this page. Days and months count from
the application: negative is before it. A *sentinel* is what the source writes for "missing"; it
passes the check and is read as missing. **R** marks the fields that a scoring request must name.
Values of a category stand in the order of their codes 0, 1, 2 …
"""
_HEADINGS = ("column", "R", "type", "unit", "values", "sentinel", "may be empty", "meaning")


def render_contract() -> str:
    """Return the page, as Markdown."""
    sections = [_INTRODUCTION, "\n".join(_list_tables()) + "\n"]
    sections += ["\n".join(_render_table(table)) + "\n" for table in TABLES.values()]
    return "\n".join(sections)


def render_row(*cells: str) -> str:
    """Return the cells as a row of a table, in Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> None:
    """Write the page to the one path that is given."""
    (path,) = arguments
    Path(path).write_text(render_contract(), encoding="utf-8")


def _list_tables() -> Iterator[str]:
    yield render_row("table", "one row is", "columns")
    yield render_row("---", "---", "--:")
    for table in TABLES.values():
        link = f"[{table.name}](#{table.name.lower()})"
        yield render_row(link, table.meaning, str(len(table.columns)))


def _render_table(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n\n{table.meaning}\n"
    if table.primary_key:
        yield f"- Key: {_join_code(table.primary_key)}"
    else:
        yield "- Key: none; a row may occur twice"
    for reference in table.references:
        yield f"- `{reference.column}` is a `{reference.key}` of {_join_code(reference.tables)}"
    yield ""
    if table is APPLICATION_TEST:
        yield "Columns: those of `application_train`, without `TARGET`."
        return
    yield render_row(*_HEADINGS)
    yield render_row(*("---" for _ in _HEADINGS))
    for column in table.columns:
        yield _render_column(column)


def _render_column(column: Column) -> str:
    return render_row(
        f"`{column.name}`",
        "**R**" if column.required else "",
        column.kind,
        column.unit,
        _render_values(column),
        "" if column.sentinel is None else f"`{column.sentinel}`",
        "yes" if column.nullable else "",
        column.meaning,
    )


def _render_values(column: Column) -> str:
    if column.categories:
        return " · ".join(f"`{text}`" for text in column.categories)
    return f"{_render_limit(column.minimum)} to {_render_limit(column.maximum)}"


def _render_limit(limit: float | None) -> str:
    return "…" if limit is None else f"{limit:,}"


def _join_code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    main(sys.argv[1:])
