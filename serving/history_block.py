"""The history that comes with an applicant: rows of the history tables, checked by the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from credit.contract import HISTORY_TABLES, TABLES, Table
from credit.features.feature import CLIENT
from serving.rejection import ErrorDetail, Location, shorten
from serving.row_model import Cell, InvalidApplicant, check_row, make_row_model

MOST_ROWS = 5_000
"""Rows an applicant may bring; the longest histories of Home Credit's clients have some 1,500."""

MOST_FAULTS = 20
"""Faults of a block that are told; a client who sends nonsense does not get a page for each row."""

HistoryBlock = Mapping[str, Sequence[Mapping[str, Cell]]]
"""Rows by table, each with every column of the contract but the client's identifier."""


def _name_required(table: Table) -> set[str]:
    return {column.name for column in table.columns if not column.nullable} - {CLIENT}


HISTORY_MODELS = {
    name: make_row_model(
        name, TABLES[name].meaning, TABLES[name].columns, _name_required(TABLES[name])
    )
    for name in HISTORY_TABLES
}


def check_history(block: object, client: Cell, location: Location) -> HistoryBlock:
    """Return the rows of every table that was sent.

    A table that was not sent has no rows: the block is the whole history. Rows need no SK_ID_CURR,
    they are the applicant's; one that is there must be.

    Args:
        block: One decoded JSON value, ``{"bureau": [{…}, …], …}``.
        client: The applicant's SK_ID_CURR.
        location: Where the block stands in the request; faults are located below it.

    Raises:
        InvalidApplicant: If a table is unknown, a row breaks the contract or is another client's,
            a key comes twice, a month is of a loan that was not sent, or there are too many rows.
            At most `MOST_FAULTS` are told.
    """
    tables = _check_shape(block, location)
    faults: list[ErrorDetail] = []
    checked: dict[str, list[Mapping[str, Cell]]] = {name: [] for name in tables}
    for name, rows in tables.items():
        for number, row in enumerate(rows):
            if len(faults) >= MOST_FAULTS:
                raise InvalidApplicant(faults[:MOST_FAULTS])
            try:
                cells = check_row(HISTORY_MODELS[name], row, (*location, name, number))
            except InvalidApplicant as fault:
                faults += fault.details
            else:
                faults += _check_owner(cells, client, (*location, name, number))
                checked[name].append(cells)
        faults += _find_duplicates(TABLES[name], checked[name], (*location, name))
    # A loan that is faulty itself is not missing too.
    faults = faults or _find_unowned_months(checked, location)
    if faults:
        raise InvalidApplicant(faults[:MOST_FAULTS])
    return checked


def _check_shape(block: object, location: Location) -> dict[str, list[object]]:
    if not isinstance(block, dict):
        raise _fault(location, "Input should be a valid dictionary of history tables", "dict_type")
    unknown = next((name for name in block if name not in HISTORY_MODELS), None)
    if unknown is not None:
        raise _fault(
            (*location, shorten(unknown)), "Extra inputs are not permitted", "extra_forbidden"
        )
    for name, rows in block.items():
        if not isinstance(rows, list):
            raise _fault((*location, name), "Input should be a valid list", "list_type")
    if sum(map(len, block.values())) > MOST_ROWS:
        raise _fault(location, f"History should have at most {MOST_ROWS} rows", "too_long")
    return block


def _check_owner(cells: Mapping[str, Cell], client: Cell, location: Location) -> list[ErrorDetail]:
    if cells.get(CLIENT) in {None, client}:
        return []
    message = f"{CLIENT} should be the applicant's, or be left out"
    return [ErrorDetail((*location, CLIENT), message, "value_error")]


def _find_duplicates(
    table: Table, rows: Sequence[Mapping[str, Cell]], location: Location
) -> list[ErrorDetail]:
    if not table.primary_key:
        return []
    keys = [tuple(row[name] for name in table.primary_key) for row in rows]
    if len(set(keys)) == len(keys):
        return []
    names = ", ".join(table.primary_key)
    return [ErrorDetail(location, f"Rows should differ in {names}", "duplicate_key")]


def _find_unowned_months(
    tables: Mapping[str, Sequence[Mapping[str, Cell]]], location: Location
) -> list[ErrorDetail]:
    """Return the fault of months whose loan was not sent: they would count for nobody."""
    loans = {row["SK_ID_BUREAU"] for row in tables.get("bureau", ())}
    if all(row["SK_ID_BUREAU"] in loans for row in tables.get("bureau_balance", ())):
        return []
    message = "SK_ID_BUREAU should be that of a loan under bureau"
    return [ErrorDetail((*location, "bureau_balance"), message, "unknown_key")]


def _fault(location: Location, message: str, fault_type: str) -> InvalidApplicant:
    return InvalidApplicant([ErrorDetail(location, message, fault_type)])
