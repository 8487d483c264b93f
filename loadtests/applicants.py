"""Applicants to ask about: rows of an application table, as the bodies of requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from pyarrow import csv, parquet

from credit.contract import APPLICATION_COLUMNS
from credit.errors import TableMissing

TABLES = ("application_test", "application_train")


@dataclass(frozen=True, slots=True)
class Question:
    """A request to `/predict` about one applicant.

    Attributes:
        client: The applicant's `SK_ID_CURR`, which the answer must repeat.
        body: The request's body.
    """

    client: int
    body: str


def read_questions(folder: Path, limit: int) -> list[Question]:
    """Return a question for each of the first rows of a folder's application table.

    Args:
        folder: Holds `application_test` or `application_train`, parquet or CSV.
        limit: At most so many.

    Raises:
        TableMissing: If the folder holds neither, or the table has no rows.
    """
    table = _read_table(folder).slice(0, limit)
    names = [column.name for column in APPLICATION_COLUMNS if column.name in table.column_names]
    questions = [_ask(row) for row in table.select(names).to_pylist()]
    if not questions:
        raise TableMissing(f"The application table in {folder} has no rows.")
    return questions


def make_questions(clients: int, seed: int) -> list[Question]:
    """Return a question for each of some applicants who do not exist."""
    from demo.tables import make_demo_tables

    with TemporaryDirectory(prefix="credit-loadtest-") as folder:
        make_demo_tables(Path(folder), clients=clients, seed=seed, file_format="parquet")
        return read_questions(Path(folder), clients)


def _read_table(folder: Path) -> pa.Table:
    for name in TABLES:
        if (path := folder / f"{name}.parquet").exists():
            return parquet.read_table(path)
        if (path := folder / f"{name}.csv").exists():
            nulls = csv.ConvertOptions(strings_can_be_null=True)
            return csv.read_csv(path, convert_options=nulls)
    raise TableMissing(
        f"{folder} has neither {' nor '.join(TABLES)}, as .parquet or .csv. "
        "Make one with `credit data make`."
    )


def _ask(row: dict[str, object]) -> Question:
    """Return the question; empty cells are left out unless the field must be named."""
    required = {column.name for column in APPLICATION_COLUMNS if column.required}
    known = {name: None if cell != cell else cell for name, cell in row.items()}  # noqa: PLR0124
    applicant = {name: cell for name, cell in known.items() if cell is not None or name in required}
    client = applicant["SK_ID_CURR"]
    return Question(int(str(client)), json.dumps({"data": applicant}))
