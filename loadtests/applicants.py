"""Applicants to ask about: rows of an application table, real ones where they are to be had."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from pyarrow import csv, parquet

from credit.contract import APPLICATION_COLUMNS
from credit.errors import TableMissing
from loadtests.histories import History, read_histories

TABLES = ("application_test", "application_train")
REAL_FOLDERS = ("", "relational", "application")
"""Where below `HOME_CREDIT_DIR` an application table is looked for, those with histories first."""

Applicant = dict[str, object]
"""The fields of an application; empty cells are left out unless the field must be named."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to `/predict` about one applicant.

    Attributes:
        client: The applicant's `SK_ID_CURR`, which the answer must repeat.
        body: The request's body.
    """

    client: int
    body: str


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a load test asks about.

    Attributes:
        applicants: At least one.
        origin: Where they come from, for whoever reads the result.
        made_up: Whether they do not exist, and so stand in no store of the service.
        histories: Rows of the history tables of some of them, by client.
    """

    applicants: Sequence[Applicant]
    origin: str
    made_up: bool = False
    histories: Mapping[int, History] = field(default_factory=dict)


def find_folder(given: Path | None, home_credit: Path | None) -> Path | None:
    """Return the folder to read applicants from; None: they have to be made up.

    Args:
        given: The folder that was asked for.
        home_credit: Where the real tables are, in one of `REAL_FOLDERS`.

    Raises:
        TableMissing: If real tables should be there and are not.
    """
    if given is not None or home_credit is None:
        return given
    for name in REAL_FOLDERS:
        if _find_table(home_credit / name) is not None:
            return home_credit / name
    raise TableMissing(
        f"HOME_CREDIT_DIR, {home_credit}, has no application table, nor have relational/ and "
        "application/ below it. Correct it, unset it, or set CREDIT_LOADTEST_DATA."
    )


def gather_population(folder: Path | None, *, limit: int, seed: int, histories: int) -> Population:
    """Return the applicants of a folder, or, without one, some who do not exist.

    Args:
        folder: Holds an application table, and history tables if there are any.
        limit: At most so many applicants.
        seed: Of those that are made up.
        histories: Of so many applicants at most the history is read; 0: of none.
    """
    if folder is None:
        with _make_tables(limit, seed) as made:
            population = gather_population(Path(made), limit=limit, seed=seed, histories=histories)
        origin = f"{len(population.applicants):,} who are made up (seed {seed})"
        return replace(population, origin=origin, made_up=True)
    applicants = read_applicants(folder, limit)
    clients = [find_client(applicant) for applicant in applicants[:histories]]
    found = read_histories(folder, clients) if clients else {}
    origin = f"{len(applicants):,} of {_require_table(folder)}"
    return Population(applicants, origin, histories=found)


def read_applicants(folder: Path, limit: int) -> list[Applicant]:
    """Return the applicants in the first rows of a folder's application table.

    Args:
        folder: Holds `application_test` or `application_train`, parquet or CSV.
        limit: At most so many.

    Raises:
        TableMissing: If the folder holds neither, or the table has no rows.
    """
    table = _read_table(_require_table(folder)).slice(0, limit)
    names = [column.name for column in APPLICATION_COLUMNS if column.name in table.column_names]
    applicants = [_leave_out_empty(row) for row in table.select(names).to_pylist()]
    if not applicants:
        raise TableMissing(f"The application table in {folder} has no rows.")
    return applicants


def read_questions(folder: Path, limit: int) -> list[Question]:
    """Return a question for each of the first rows of a folder's application table.

    Raises:
        TableMissing: If there is no such table, or it has no rows.
    """
    return [ask(applicant) for applicant in read_applicants(folder, limit)]


def make_questions(clients: int, seed: int) -> list[Question]:
    """Return a question for each of some applicants who do not exist."""
    with _make_tables(clients, seed) as folder:
        return read_questions(Path(folder), clients)


def ask(applicant: Applicant) -> Question:
    """Return the question about an applicant."""
    return Question(find_client(applicant), json.dumps({"data": applicant}))


def find_client(applicant: Applicant) -> int:
    """Return the applicant's `SK_ID_CURR`."""
    return int(str(applicant["SK_ID_CURR"]))


def _make_tables(clients: int, seed: int) -> TemporaryDirectory[str]:
    from demo.tables import make_demo_tables

    folder = TemporaryDirectory(prefix="credit-loadtest-")
    make_demo_tables(Path(folder.name), clients=clients, seed=seed, file_format="parquet")
    return folder


def _find_table(folder: Path) -> Path | None:
    paths = (folder / f"{name}{ending}" for name in TABLES for ending in (".parquet", ".csv"))
    return next((path for path in paths if path.exists()), None)


def _require_table(folder: Path) -> Path:
    if (path := _find_table(folder)) is None:
        raise TableMissing(
            f"{folder} has neither {' nor '.join(TABLES)}, as .parquet or .csv. "
            "Make one with `credit data make`."
        )
    return path


def _read_table(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return parquet.read_table(path)
    return csv.read_csv(path, convert_options=csv.ConvertOptions(strings_can_be_null=True))


def _leave_out_empty(row: Mapping[str, object]) -> Applicant:
    required = {column.name for column in APPLICATION_COLUMNS if column.required}
    known = {name: None if cell != cell else cell for name, cell in row.items()}  # noqa: PLR0124
    return {name: cell for name, cell in known.items() if cell is not None or name in required}
