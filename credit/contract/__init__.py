"""The data contract: every column of the eight tables, declared once."""

from __future__ import annotations

from credit.contract.application import APPLICATION_COLUMNS, APPLICATION_TEST, APPLICATION_TRAIN
from credit.contract.balance import CREDIT_CARD_BALANCE, INSTALLMENTS_PAYMENTS, POS_CASH_BALANCE
from credit.contract.bureau import BUREAU, BUREAU_BALANCE
from credit.contract.column import Column, Kind, Reference, Table
from credit.contract.previous import PREVIOUS_APPLICATION

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        APPLICATION_TRAIN,
        APPLICATION_TEST,
        BUREAU,
        BUREAU_BALANCE,
        PREVIOUS_APPLICATION,
        POS_CASH_BALANCE,
        CREDIT_CARD_BALANCE,
        INSTALLMENTS_PAYMENTS,
    )
}

HISTORY_TABLES: tuple[str, ...] = tuple(TABLES)[2:]

__all__ = [
    "APPLICATION_COLUMNS",
    "HISTORY_TABLES",
    "TABLES",
    "Column",
    "Kind",
    "Reference",
    "Table",
]
