"""A stored application with another amount and duration: the body of `POST /predict-minimal`."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, nan
from typing import cast

from credit.contract import APPLICATION_COLUMNS
from credit.contract.column import whole
from credit.features.loan_price import TERMS
from credit.loan_terms import LoanTerms, ask_for
from serving.applicant import check_applicant
from serving.application_store import ApplicationStore
from serving.rejection import ErrorDetail, Location, RequestRejected, reject
from serving.request import decode_body
from serving.row_model import Cell, InvalidApplicant, check_row, make_row_model

_CONTRACT = {column.name: column for column in APPLICATION_COLUMNS}
_FIELDS = (
    replace(_CONTRACT["SK_ID_CURR"], name="sk_id_curr"),
    replace(_CONTRACT["AMT_CREDIT"], name="amt_credit"),
    whole(
        "duration_months",
        "Duration of the loan, within those that earlier loans had",
        "months",
        (int(min(TERMS)), int(max(TERMS))),
    ),
)
_LOCATION: Location = ("body",)

MinimalApplication = make_row_model(
    "MinimalApplication",
    "Another amount and duration for the loan that a client applied for.",
    _FIELDS,
    {field.name for field in _FIELDS},
)


class Minimal:
    """Completes what a client asks for by their stored application.

    Args:
        store: The applications; None: there are none.
    """

    def __init__(self, store: ApplicationStore | None) -> None:
        self._store = store

    def merge(self, body: bytes) -> dict[str, Cell]:
        """Return every cell of the client's application on the terms that the body asks for.

        The payment follows from amount and duration at the price of the stored loan, and the price
        of the goods grows with the amount (`credit.loan_terms.ask_for`).

        Raises:
            RequestRejected: With status 413 or 422 if the body is malformed, the stored loan has no
                duration, or the new terms leave the contract's ranges; 404 if no application of the
                client is stored, 503 if none of anybody is.
        """
        asked = _check_body(body)
        stored = self._find(cast("int", asked["sk_id_curr"]))
        terms = _read_terms(stored)
        if terms.revolving:
            raise reject(
                (*_LOCATION, "duration_months"),
                "The stored application is for a revolving loan, which has no duration; send the "
                "whole application to /predict",
                "no_duration",
            )
        credit, months = cast("float", asked["amt_credit"]), asked["duration_months"]
        amounts = ask_for(terms, float(credit), int(cast("float", months))).amounts
        new = {name: None if isnan(amount) else amount for name, amount in amounts.items()}
        return _require_contract({**stored, **new})

    def _find(self, client: int) -> dict[str, Cell]:
        if self._store is None:
            raise reject(
                (),
                "The service has no application store; send the whole application to /predict",
                "unavailable",
                503,
            )
        stored = self._store.find(client)
        if stored is None:
            raise reject(
                (*_LOCATION, "sk_id_curr"),
                "No application of this client is stored",
                "not_found",
                404,
            )
        return stored


def _check_body(body: bytes) -> dict[str, Cell]:
    content = decode_body(body)
    try:
        return check_row(MinimalApplication, content, _LOCATION)
    except InvalidApplicant as fault:
        raise RequestRejected(fault.details) from None


def _read_terms(stored: dict[str, Cell]) -> LoanTerms:
    credit, annuity, goods = (
        nan if stored[name] is None else float(cast("float", stored[name]))
        for name in ("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE")
    )
    revolving = stored["NAME_CONTRACT_TYPE"] == "Revolving loans"
    return LoanTerms(credit, annuity, goods, revolving)


def _require_contract(cells: dict[str, Cell]) -> dict[str, Cell]:
    try:
        return check_applicant(cells, _LOCATION)
    except InvalidApplicant as fault:
        details = [
            ErrorDetail(
                detail.loc,
                f"As it follows from amount, duration and the stored application: {detail.msg}",
                detail.type,
            )
            for detail in fault.details
        ]
        raise RequestRejected(details) from None
