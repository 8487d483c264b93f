from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol

import pytest
from streamlit.testing.v1 import AppTest

from credit.contract import APPLICATION_COLUMNS

OpenPage = Callable[[str], AppTest]
REQUIRED = [column for column in APPLICATION_COLUMNS if column.required]


class CannedService(Protocol):
    url: str
    answers: dict[str, tuple[int, Any]]
    applicants: list[dict[str, Any]]


def read_metrics(page: AppTest) -> dict[str, str]:
    assert not page.exception
    return {metric.label: str(metric.value) for metric in page.metric}


def send(page: AppTest) -> AppTest:
    return page.button[0].click().run()


def test_the_page_shows_what_the_service_tells(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    shown = read_metrics(open_page(canned_service.url))

    assert shown == {
        "Service": "ok",
        "Model's process": "ok",
        "Clients with history": "1,234",
        "Version": "7",
        "Refused from PD": "0.0912",
        "AUC, out of fold": "0.7815",
    }
    assert canned_service.applicants == []


def test_the_form_has_one_input_for_each_field_the_service_requires(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    page = open_page(canned_service.url)

    choices = {box.label: box.options for box in page.selectbox}
    assert choices == {"CODE_GENDER": ["F", "M", "XNA"], "FLAG_OWN_CAR": ["N", "Y"]}
    numbers = {box.label: (box.min, box.max) for box in page.number_input}
    assert {*choices, *numbers} == {column.name for column in REQUIRED}
    assert numbers["EXT_SOURCE_2"] == (0, 1)
    assert numbers["DAYS_EMPLOYED"] == (-25_000, 365_243)  # who has no job is entered so


def test_what_is_entered_goes_to_the_service_and_its_answer_is_shown(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    page = open_page(canned_service.url)
    page.number_input[0].set_value(5)
    page.selectbox[0].set_value("F")

    shown = read_metrics(send(page))

    entered = {"SK_ID_CURR": 5, "CODE_GENDER": "F"}
    empty = {column.name: None for column in REQUIRED if column.nullable}
    assert canned_service.applicants == [entered | empty]
    assert shown["Decision"] == "REFUSED"
    assert shown["Probability of default"] == "0.2500"


def test_a_whole_number_is_sent_as_one(open_page: OpenPage, canned_service: CannedService) -> None:
    page = open_page(canned_service.url)
    for box in page.number_input:
        assert box.max is not None
        box.set_value(int(box.max))
    send(page)

    (applicant,) = canned_service.applicants
    integers = {name for name, value in applicant.items() if isinstance(value, int)}
    assert integers == {"SK_ID_CURR", "DAYS_BIRTH", "DAYS_EMPLOYED"}


def test_an_applicant_for_a_person_is_marked(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    _, answer = canned_service.answers["/predict"]
    page = open_page(canned_service.url)
    assert not send(page).warning

    answer["refer_to_person"] = True

    assert "person" in send(page).warning[0].value


def test_data_that_the_service_does_not_take_are_named_field_by_field(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    fault = {"loc": ["body", "data", "AMT_CREDIT"], "msg": "is missing", "type": "missing"}
    canned_service.answers["/predict"] = (422, {"detail": [fault]})

    page = send(open_page(canned_service.url))

    assert "AMT_CREDIT: is missing" in page.error[0].value
    assert "Decision" not in read_metrics(page)


def test_a_service_that_is_not_ready_is_shown_as_it_is(
    open_page: OpenPage, canned_service: CannedService
) -> None:
    _, health = canned_service.answers["/health"]
    health |= {"status": "unavailable", "runner": "unavailable"}
    health["history_store"] |= {"state": "absent", "clients": 0}
    canned_service.answers["/health"] = (503, health)

    page = open_page(canned_service.url)

    assert read_metrics(page)["Service"] == "unavailable"
    assert "not ready" in page.warning[0].value
    assert "without history" in page.info[0].value


def test_a_service_that_is_away_is_said_to_be_away(open_page: OpenPage) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"

        page = open_page(url)

    assert read_metrics(page) == {}
    assert url in page.error[0].value
    assert "CREDIT_SERVICE_URL" in page.error[0].value


@pytest.mark.parametrize(
    ("route", "answer", "words"),
    [
        ("/health", (200, b"<html>"), "no JSON"),
        ("/model-info", (404, {"detail": "nothing here"}), "nothing here"),
        ("/predict", (503, {"detail": "too busy"}), "too busy"),
    ],
)
def test_an_answer_that_is_no_answer_is_quoted(
    open_page: OpenPage,
    canned_service: CannedService,
    route: str,
    answer: tuple[int, Any],
    words: str,
) -> None:
    canned_service.answers[route] = answer

    page = open_page(canned_service.url)
    if route == "/predict":
        page = send(page)

    assert not page.exception
    assert words in page.error[0].value
    assert "Decision" not in read_metrics(page)
