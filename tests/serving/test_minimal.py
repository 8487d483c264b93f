from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from credit.contract import APPLICATION_COLUMNS
from credit.store_manifest import ApplicationManifest
from credit.stored_cells import pack_column
from serving.applicant import check_applicant
from serving.application_store import ApplicationStore
from serving.minimal import Minimal
from serving.rejection import RequestRejected

if TYPE_CHECKING:
    from serving.row_model import Cell

ASKED = {"sk_id_curr": 100_002, "amt_credit": 300_000, "duration_months": 24}


@pytest.fixture
def stored(applicant: dict[str, Any]) -> dict[str, Any]:
    """An application as a table has it: without gaps where the contract allows none."""
    complete = {
        column.name: column.categories[0] if column.categories else column.minimum
        for column in APPLICATION_COLUMNS
        if not column.nullable
    }
    return complete | applicant | {"AMT_GOODS_PRICE": 351_000.0}


def make_minimal(stored: dict[str, Any]) -> Minimal:
    cells = check_applicant(stored, ())
    packed = [pack_column(column, [cells[column.name]]) for column in APPLICATION_COLUMNS]
    manifest = ApplicationManifest(
        fingerprint="",
        clients=1,
        sources={},
        made_at="",
        version="",
        columns=tuple(column.name for column in APPLICATION_COLUMNS),
    )
    clients = np.array([stored["SK_ID_CURR"]], np.int64)
    return Minimal(ApplicationStore(clients, np.column_stack(packed), manifest))


def merge(stored: dict[str, Any], asked: object) -> dict[str, Cell]:
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return make_minimal(stored).merge(body)


def refuse(stored: dict[str, Any], asked: object) -> RequestRejected:
    with pytest.raises(RequestRejected) as refused:
        merge(stored, asked)
    return refused.value


def test_only_the_loan_s_terms_differ_from_the_stored_application(stored: dict[str, Any]) -> None:
    whole = check_applicant(stored, ())

    cells = merge(stored, ASKED)

    changed = {name for name, cell in cells.items() if cell != whole[name]}
    assert changed == {"AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE"}
    assert cells["AMT_CREDIT"] == 300_000
    assert cells["AMT_GOODS_PRICE"] == pytest.approx(351_000 * 300_000 / 406_597.5, abs=0.01)
    assert 300_000 / 24 < float(cells["AMT_ANNUITY"] or 0) < 300_000 / 12


def test_the_stored_terms_give_the_stored_application(stored: dict[str, Any]) -> None:
    asked = ASKED | {"amt_credit": stored["AMT_CREDIT"], "duration_months": 24}

    assert merge(stored, asked) == check_applicant(stored, ())


def test_a_price_that_is_not_known_stays_unknown(stored: dict[str, Any]) -> None:
    assert merge(stored | {"AMT_GOODS_PRICE": None}, ASKED)["AMT_GOODS_PRICE"] is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"amt_credit": "300000"}, "float_type"),
        ({"amt_credit": True}, "float_type"),
        ({"amt_credit": None}, "float_type"),
        ({"amt_credit": float("nan")}, "finite_number"),
        ({"amt_credit": 0}, "greater_than_equal"),
        ({"amt_credit": 10_000_001}, "less_than_equal"),
        ({"duration_months": 2}, "greater_than_equal"),
        ({"duration_months": 61}, "less_than_equal"),
        ({"duration_months": 12.5}, "int_from_float"),
        ({"duration_months": "24"}, "float_type"),
        ({"sk_id_curr": "100002"}, "float_type"),
        ({"sk_id_curr": -1}, "greater_than_equal"),
        ({"sk_id_curr": 2**80}, "less_than_equal"),
        ({"threshold": 0.5}, "extra_forbidden"),
    ],
)
def test_a_field_that_is_malformed_is_refused(
    stored: dict[str, Any], change: dict[str, Any], kind: str
) -> None:
    refused = refuse(stored, ASKED | change)

    (fault,) = refused.details
    assert refused.http_status == 422
    assert (fault.loc, fault.type) == (("body", *change), kind)


@pytest.mark.parametrize("field", list(ASKED))
def test_a_field_that_is_missing_is_refused(stored: dict[str, Any], field: str) -> None:
    refused = refuse(stored, {name: value for name, value in ASKED.items() if name != field})

    assert [(fault.loc, fault.type) for fault in refused.details] == [(("body", field), "missing")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"null", b"\xff", b'{"sk_id_curr": 1'])
def test_a_body_that_is_no_object_is_refused(stored: dict[str, Any], body: bytes) -> None:
    refused = refuse(stored, body)

    assert refused.http_status == 422
    assert refused.details[0].loc == ("body",)


def test_a_body_that_is_too_large_is_refused(stored: dict[str, Any]) -> None:
    assert refuse(stored, b" " * (16 * 1024 * 1024 + 1)).http_status == 413


def test_a_client_who_is_not_stored_is_not_found(stored: dict[str, Any]) -> None:
    refused = refuse(stored, ASKED | {"sk_id_curr": 100_003})

    assert refused.http_status == 404
    assert refused.details[0].loc == ("body", "sk_id_curr")
    assert "100003" not in refused.details[0].msg


def test_without_a_store_nobody_is_decided_on() -> None:
    with pytest.raises(RequestRejected) as refused:
        Minimal(None).merge(json.dumps(ASKED).encode())

    assert refused.value.http_status == 503


def test_a_malformed_body_is_told_even_without_a_store() -> None:
    with pytest.raises(RequestRejected) as refused:
        Minimal(None).merge(b"{}")

    assert refused.value.http_status == 422


def test_a_revolving_loan_has_no_duration(stored: dict[str, Any]) -> None:
    refused = refuse(stored | {"NAME_CONTRACT_TYPE": "Revolving loans"}, ASKED)

    (fault,) = refused.details
    assert (refused.http_status, fault.loc) == (422, ("body", "duration_months"))


def test_what_follows_from_the_terms_must_keep_the_contract(stored: dict[str, Any]) -> None:
    asked = ASKED | {"amt_credit": 9_000_000, "duration_months": 3}
    dear = stored | {"AMT_GOODS_PRICE": 900_000.0}

    refused = refuse(dear, asked)

    assert refused.http_status == 422
    assert {fault.loc for fault in refused.details} == {
        ("body", "AMT_ANNUITY"),
        ("body", "AMT_GOODS_PRICE"),
    }
    assert all(fault.msg.startswith("As it follows") for fault in refused.details)
