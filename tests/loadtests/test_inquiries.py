from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest

from loadtests.applicants import Applicant, Population, make_questions
from loadtests.inquiries import Inquiry, Kind, adapt_mix, make_inquiries, take_turns
from serving.applicant import check_applicant
from serving.rejection import RequestRejected
from serving.request import parse_body, parse_threshold
from serving.row_model import InvalidApplicant

HISTORY: dict[str, list[dict[str, Any]]] = {"bureau": []}
DECIDED = {"probability": 0.2, "prediction": 1, "decision": "REFUSED", "threshold": 0.1}


def make_loan(client: int, credit: float = 200_000.0, **fields: object) -> Applicant:
    loan = {
        "NAME_CONTRACT_TYPE": "Cash loans",
        "AMT_CREDIT": credit,
        "AMT_ANNUITY": credit / 20,
        "AMT_GOODS_PRICE": credit,
    }
    return {"SK_ID_CURR": client, **loan, **fields}


CARD = make_loan(3, NAME_CONTRACT_TYPE="Revolving loans")
POPULATION = Population([make_loan(1), make_loan(2), CARD], "tests", histories={2: HISTORY})


def answer(inquiry: Inquiry, status: int, content: object) -> str | None:
    return inquiry.check(status, json.dumps(content).encode())


def refuse(kind: str) -> dict[str, object]:
    return {"detail": [{"loc": ["body"], "msg": "Found, expected", "type": kind}]}


def test_a_batch_holds_so_many_applicants_and_wants_an_answer_on_each_in_their_order() -> None:
    (batch,) = make_inquiries(Kind.BATCH, POPULATION, 5)

    sent = [row["SK_ID_CURR"] for row in json.loads(batch.body)["data"]]
    answers = [{"SK_ID_CURR": client, **DECIDED} for client in sent]
    assert sent == [1, 2, 3, 1, 2]
    assert batch.rows == 5
    assert answer(batch, 200, answers) is None
    assert answer(batch, 200, answers[::-1]) is not None
    assert answer(batch, 200, answers[:4]) is not None


def test_only_those_with_a_history_bring_one_along() -> None:
    (inquiry,) = make_inquiries(Kind.HISTORY, POPULATION, 5)

    assert json.loads(inquiry.body)["data"] == make_loan(2) | {"history": HISTORY}


def test_a_stored_loan_with_a_duration_must_be_decided_on_and_a_revolving_one_refused() -> None:
    loan, _, card = make_inquiries(Kind.MINIMAL, POPULATION, 5)

    assert json.loads(loan.body)["sk_id_curr"] == 1
    assert answer(loan, 200, {"SK_ID_CURR": 1, **DECIDED}) is None
    assert answer(loan, 422, refuse("no_duration")) is not None
    assert answer(card, 422, refuse("no_duration")) is None
    assert answer(card, 422, refuse("missing")) is not None
    assert answer(card, 200, {"SK_ID_CURR": 3, **DECIDED}) is not None


def test_invalid_requests_are_refused_by_the_service_s_own_checks_as_they_expect() -> None:
    applicants = [json.loads(question.body)["data"] for question in make_questions(50, 3)[:2]]
    population = Population(applicants, "tests")

    inquiries = make_inquiries(Kind.INVALID, population, 5)

    assert len(inquiries) == 14
    judged = [inquiry for inquiry in inquiries if inquiry.path.startswith("/predict?")]
    judged += [i for i in inquiries if i.path == "/predict" and i.rows == 1]
    for inquiry in judged:
        status, content = find_refusal(inquiry)
        assert answer(inquiry, status, content) is None, inquiry
        assert answer(inquiry, 500, content) is not None
        assert answer(inquiry, 200, DECIDED) is not None
        assert answer(inquiry, status, refuse("something_else")) is not None


def find_refusal(inquiry: Inquiry) -> tuple[int, dict[str, object]]:
    try:
        request = parse_body(inquiry.body.encode())
        for row in request.rows:
            check_applicant(row, ("body", "data"))
        parse_threshold([tuple(inquiry.path.partition("?")[2].split("="))])  # type: ignore[list-item]
    except RequestRejected as rejection:
        return rejection.http_status, describe(rejection.details)
    except InvalidApplicant as fault:
        return 422, describe(fault.details)
    raise AssertionError(f"The service would answer {inquiry}.")


def describe(details: Any) -> dict[str, object]:  # noqa: ANN401 -- the service's own
    told = [{"loc": list(one.loc), "msg": one.msg, "type": one.type} for one in details]
    return {"detail": told}


def test_what_cannot_be_asked_of_these_applicants_is_asked_as_single_questions_and_told() -> None:
    mix = {Kind.SINGLE: 60, Kind.HISTORY: 20, Kind.MINIMAL: 20}

    adapted, notes = adapt_mix(mix, Population([make_loan(1)], "tests", made_up=True))

    assert adapted == {Kind.SINGLE: 100}
    assert len(notes) == 2
    assert adapt_mix(mix, POPULATION) == (mix, [])


def test_kinds_take_turns_as_often_as_the_mix_says() -> None:
    mix = {Kind.SINGLE: 90, Kind.HISTORY: 10}

    turns = list(islice(take_turns(mix, POPULATION, batch_rows=5, seed=1), 200))

    assert sum(turn.name == Kind.HISTORY for turn in turns) == 20
    singles = [json.loads(t.body)["data"]["SK_ID_CURR"] for t in turns if t.name == Kind.SINGLE]
    assert singles[:6] == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize("kind", Kind)
def test_a_service_that_answers_nonsense_is_found_out_by_every_kind(kind: Kind) -> None:
    for inquiry in make_inquiries(kind, POPULATION, 2):
        assert inquiry.check(200, b"") is not None
        assert inquiry.check(200, b"[]") is not None
        assert inquiry.check(503, b"") is not None
