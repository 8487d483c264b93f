"""What applicants said stays out of logs and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service

NUMBER = 98765.4321
TEXT = "Kjeldsen-Quist"


def test_no_value_of_an_applicant_is_logged_or_sent_back(
    service: Service, published: Published
) -> None:
    good = published.applicants[0]
    bad_requests: list[object] = [
        {"data": good | {"AMT_CREDIT": TEXT}},
        {"data": good | {"EXT_SOURCE_1": NUMBER}},
        {"data": good | {"CODE_GENDER": TEXT}},
        {"data": good | {"CNT_CHILDREN": NUMBER}},
        {"data": good | {"DAYS_EMPLOYED": NUMBER}},
        {"data": [good, good | {"OCCUPATION_TYPE": TEXT}]},
        {"data": good | {"history": {"bureau": [{"CREDIT_TYPE": TEXT, "AMT_ANNUITY": NUMBER}]}}},
        {"data": good | {"history": {TEXT: NUMBER}}},
        {"data": TEXT},
        f'{{"data": {{"AMT_CREDIT": {NUMBER} "{TEXT}"'.encode(),
    ]

    responses = [service.post(request) for request in bad_requests]
    responses.append(service.post({"data": good | {"AMT_INCOME_TOTAL": NUMBER}}))

    expected = [422] * 5 + [200, 422, 422, 422, 422, 200]
    assert [response.status_code for response in responses] == expected
    paths = (f"/{TEXT}", f"/logs?tail={TEXT}", f"/features?include_all={TEXT}{NUMBER}")
    responses.extend(service.get(path) for path in paths)
    headers = {"X-Request-ID": f"{TEXT} {NUMBER}", "traceparent": TEXT}
    responses.append(service.post({"data": good}, query=f"threshold={TEXT}", headers=headers))
    assert TEXT not in service.get("/metrics").text
    said = service.output.read_text() + "".join(response.text for response in responses)
    assert TEXT not in said.replace(f'"history","{TEXT}"', "")  # the name of a field is told
    assert str(NUMBER) not in said
    assert "Traceback" not in said
