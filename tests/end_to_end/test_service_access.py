"""A service with a key, over a real socket; and one that does not start without."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import TYPE_CHECKING

import httpx
import jwt
import psutil
import pytest

from credit.errors import ServiceFailed
from dashboard.service_client import ServiceAway, ServiceClient
from registry.scoring_api import ScoringApi
from serving.route_scopes import AccessScope, Rule, find_rule
from tests.end_to_end.bearer import SECRET, bear, make_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import FailToStart, Published, Service, Start


@pytest.fixture(scope="module")
def guarded_service(start_service: Start, published: Published) -> Iterator[Service]:
    """A service with a secret."""
    settings = {"CREDIT_TOKEN_SECRET": SECRET}
    with start_service(
        published.bentoml_home, published.history_store, settings=settings
    ) as running:
        yield running


def test_whoever_brings_a_token_is_answered_as_if_there_were_no_gate(
    guarded_service: Service, published: Published
) -> None:
    applicant = published.applicants[0]

    answer = guarded_service.ask(applicant, headers=bear(make_token(AccessScope.SCORE)))

    assert answer["probability"] == published.score_offline()[0]


def test_our_own_clients_bring_the_token_that_they_were_given(
    guarded_service: Service, published: Published
) -> None:
    applicant, pd = published.applicants[0], published.score_offline()[0]
    token = make_token(AccessScope.SCORE)

    assert ScoringApi(guarded_service.url, token).decide(applicant)["probability"] == pd
    assert ServiceClient(guarded_service.url, token).decide(applicant)["probability"] == pd
    with pytest.raises(ServiceFailed, match=r"answered 401: A bearer .* CREDIT_SERVICE_TOKEN"):
        ScoringApi(guarded_service.url).decide(applicant)
    with pytest.raises(ServiceAway, match=r"answered 401: .* CREDIT_SERVICE_TOKEN"):
        ServiceClient(guarded_service.url).decide(applicant)


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "token_missing"),
        (bear("garbage"), 401, "token_invalid"),
        (bear(make_token(AccessScope.SCORE, lifetime_s=-60)), 401, "token_expired"),
        (bear(make_token(AccessScope.EXPLAIN, AccessScope.LOGS)), 403, "scope_missing"),
    ],
    ids=["none", "garbage", "expired", "wrong scope"],
)
def test_whoever_brings_none_or_the_wrong_one_is_refused_and_told_why(
    guarded_service: Service,
    published: Published,
    headers: dict[str, str],
    status: int,
    kind: str,
) -> None:
    response = guarded_service.post({"data": published.applicants[0]}, headers=headers)

    (fault,) = response.json()["detail"]
    assert (response.status_code, fault["type"]) == (status, kind)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["X-Request-ID"]


def test_a_request_is_refused_before_its_body_has_come(guarded_service: Service) -> None:
    address = httpx.URL(guarded_service.url)
    head = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 16000000\r\n\r\n{"

    with socket.create_connection((address.host, address.port), timeout=5) as connection:
        connection.sendall(head)
        answered = connection.recv(64)

    assert answered.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("coding", ["length", "chunks"])
def test_the_body_of_a_refused_request_may_go_on_and_is_no_request_itself(
    guarded_service: Service, published: Published, coding: str
) -> None:
    token = bear(make_token(AccessScope.SCORE))["Authorization"].encode()
    asked = json.dumps({"data": published.applicants[0]}).encode()
    line = b"POST /predict HTTP/1.1\r\nHost: test\r\n"
    whole = line + b"Authorization: %b\r\nContent-Length: %d\r\n\r\n%b" % (token, len(asked), asked)
    hidden = whole * 2_000  # several megabytes, most of which comes after the refusal
    size, sent = b"Content-Length: %d" % len(hidden), hidden
    if coding == "chunks":
        size, sent = b"Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)

    with connect(guarded_service) as connection:
        connection.sendall(line + size + b"\r\n\r\n")
        answered = connection.recv(4_096)
        connection.sendall(sent)
        connection.sendall(whole.replace(b"Host: test", b"Connection: close"))
        answered += b"".join(iter(lambda: connection.recv(65_536), b""))

    assert re.findall(rb"HTTP/1.1 (\d+) ", answered) == [b"401", b"200"]
    assert json.loads(answered.rpartition(b"\r\n\r\n")[2])["decision"]


def test_no_forged_token_opens_a_route(guarded_service: Service) -> None:
    routes = ["/predict", "/predict-minimal", "/explain", "/logs"]
    now = int(time.time())
    claims: dict[str, object] = {"iat": now, "exp": now + 600, "scope": "score explain logs"}
    claims |= {"iss": "credit-scoring", "aud": "credit-scoring", "sub": "x"}
    good = make_token(*AccessScope)
    head, payload, signature = good.split(".")
    forged = [
        jwt.encode(claims, "", "none"),
        jwt.encode(claims, "another secret of the tests, of more than 32 bytes", "HS256"),
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:-2]}",
        f"{head}.{jwt.encode(claims, '', 'none').split('.')[1]}.{signature}",
        f"{good}.{signature}",
        f" {good} {good}",
        good.upper(),
        SECRET,
    ]

    statuses = {
        httpx.request(method, f"{guarded_service.url}{route}", headers=bear(token)).status_code
        for route in routes
        for method in (["GET"] if route == "/logs" else ["POST"])
        for token in forged
    }

    assert statuses == {401}
    printed = guarded_service.output.read_text()
    assert [token for token in forged if token in printed] == []


def connect(service: Service) -> socket.socket:
    address = httpx.URL(service.url)
    connection = socket.create_connection((address.host, address.port), timeout=10)
    connection.settimeout(10)
    return connection


@pytest.mark.parametrize("path", ["//predict", "/predict/", "/PREDICT", "/logs%0a", "/%2flogs"])
def test_another_spelling_of_a_route_is_none(guarded_service: Service, path: str) -> None:
    token = bear(make_token(*AccessScope))

    unknown = httpx.post(f"{guarded_service.url}{path}", content=b"{}")
    known = httpx.post(f"{guarded_service.url}{path}", content=b"{}", headers=token)

    assert (unknown.status_code, known.status_code) == (404, 404)


def test_what_tells_of_nobody_is_open_and_swagger_offers_to_bring_a_token(
    guarded_service: Service,
) -> None:
    paths = ["/", "/livez", "/readyz", "/health", "/metrics", "/features", "/model-info"]
    paths += ["/docs.json", "/schema.json", "/static_content/swagger-ui.css"]

    assert {path: guarded_service.get(path).status_code for path in paths} == dict.fromkeys(
        paths, 200
    )
    described = guarded_service.get("/docs.json").json()
    assert described["paths"]["/predict"]["post"]["security"] == [{"bearer": []}]
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_log_tells_of_no_token(guarded_service: Service) -> None:
    token = make_token(AccessScope.SCORE)
    guarded_service.post({"data": {}}, headers=bear(token))
    guarded_service.post({"data": {}}, headers=bear(f"{token}x"))

    printed = guarded_service.output.read_text()
    assert token not in printed
    assert SECRET not in printed
    assert "No key for access tokens" not in printed


def test_every_route_of_the_service_has_a_rule(guarded_service: Service) -> None:
    described = guarded_service.get("/docs.json").json()["paths"]

    assert [path for path in described if find_rule(path) is Rule.UNKNOWN] == []


def test_without_a_key_only_this_machine_reaches_it_and_logs_stay_closed(service: Service) -> None:
    listening = psutil.Process(service.process.pid).net_connections("inet")
    refused = service.get("/logs?tail=5")

    (fault,) = refused.json()["detail"]
    assert {found.laddr.ip for found in listening if found.status == "LISTEN"} == {"127.0.0.1"}
    assert (refused.status_code, fault["type"]) == (403, "no_key_configured")
    printed = service.output.read_text()
    assert printed.count("No key for access tokens is set: listening on 127.0.0.1 only") == 1


def test_without_a_key_it_does_not_start_where_others_would_reach_it(
    fail_to_start: FailToStart, published: Published
) -> None:
    settings = {"BENTOML_HOST": "0.0.0.0"}  # noqa: S104 -- it must not come to that

    output = fail_to_start(published.bentoml_home, published.history_store, settings=settings)

    assert "Refusing to listen on 0.0.0.0 without a key for access tokens" in output
    assert "CREDIT_ALLOW_ANONYMOUS=true" in output
    assert "Traceback" not in output


def test_with_a_key_that_is_none_it_does_not_start(
    fail_to_start: FailToStart, published: Published
) -> None:
    settings = {"CREDIT_TOKEN_SECRET": "too short"}

    output = fail_to_start(published.bentoml_home, published.history_store, settings=settings)

    assert "CREDIT_TOKEN_SECRET has 9 bytes; a secret for access tokens has at least 32" in output
    assert "Traceback" not in output
    assert "too short" not in output


def test_the_last_decisions_are_told_without_who_they_are_about(
    guarded_service: Service, published: Published
) -> None:
    applicant = published.applicants[3]
    headers = bear(make_token(AccessScope.SCORE)) | {"X-Request-ID": "told"}
    answer = guarded_service.ask(applicant, headers=headers)
    reader = bear(make_token(AccessScope.LOGS))

    response = httpx.get(f"{guarded_service.url}/logs?tail=1", headers=reader)

    (told,) = response.json()["decisions"]
    assert (told["request_id"], told["probability"]) == ("told", answer["probability"])
    assert told["inputs"]["AMT_CREDIT"] == applicant["AMT_CREDIT"]
    assert str(applicant["SK_ID_CURR"]) not in response.text
    refused = httpx.get(f"{guarded_service.url}/logs?tail=0", headers=reader)
    assert refused.status_code == 422
