"""What callers may not do, and what becomes of those who do it or go away."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service

HEAD = b"POST /predict HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
PATIENCE_SECONDS = 10


def connect(service: Service) -> socket.socket:
    address = urlsplit(service.url)
    assert address.hostname
    assert address.port
    connection = socket.create_connection((address.hostname, address.port), PATIENCE_SECONDS)
    connection.settimeout(PATIENCE_SECONDS)
    return connection


def ask_raw(service: Service, request: bytes) -> bytes:
    """Send bytes, and return all that comes back before the service hangs up."""
    answer = b""
    with connect(service) as connection:
        connection.sendall(request)
        while piece := connection.recv(65_536):
            answer += piece
    return answer


def count_in_progress(service: Service) -> float:
    labels = '"/predict",runner_name="credit_scoring"'
    return service.read_metric("bentoml_service_request_in_progress", labels)


def wait_until_in_progress(service: Service, requests: float) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while count_in_progress(service) != requests:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nobody-answers-here", 404, None),
        ("POST", "/predict/", 404, None),
        ("GET", "/static_content/nothing.js", 404, None),
        ("GET", "/predict", 405, "POST"),
        ("DELETE", "/health", 405, "GET, HEAD"),
    ],
)
def test_paths_and_methods_that_are_not_there_are_told_in_our_shape(
    service: Service, method: str, path: str, status: int, allowed: str | None
) -> None:
    response = httpx.request(method, f"{service.url}{path}")

    (detail,) = response.json()["detail"]
    assert response.status_code == status
    assert set(detail) == {"loc", "msg", "type"}
    assert response.headers.get("Allow") == allowed
    assert response.headers["X-Request-ID"]


def test_paths_that_are_not_there_leave_no_trace_in_the_metrics(service: Service) -> None:
    before = service.read_metric("credit_refused_requests_total", "unknown_path")

    for number in range(50):
        service.get(f"/nobody-answers-here-{number}")

    metrics = service.get("/metrics").text
    assert service.read_metric("credit_refused_requests_total", "unknown_path") == before + 50
    assert "nobody-answers-here" not in metrics
    endpoints = set(re.findall(r'endpoint="([^"]*)"', metrics))
    assert "/predict" in endpoints
    assert endpoints <= {
        *(path for path in json.loads(service.get("/docs.json").content)["paths"]),
        *("/", "/docs.json", "/schema.json", "/probe", "/assess", "/predict", "/pred_contribs"),
        *(path for path in endpoints if path.startswith("/static_content/")),
    }


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"data":' * 100_000, b'{"data":[' + b'{"a":' * 100_000]
)
def test_brackets_without_end_are_invalid(service: Service, body: bytes) -> None:
    response = service.post(body)

    (detail,) = response.json()["detail"]
    assert (response.status_code, detail["type"]) == (422, "json_invalid")


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(service: Service) -> None:
    answer = ask_raw(service, HEAD + b"Content-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer
    assert b'"type":"too_long"' in answer


def test_a_websocket_is_refused(service: Service) -> None:
    upgrade = (
        b"GET /predict HTTP/1.1\r\nHost: service\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )

    assert ask_raw(service, upgrade).startswith(b"HTTP/1.1 403 ")


def test_who_goes_while_sending_frees_the_place_at_once(service: Service) -> None:
    callers = [connect(service) for _ in range(20)]
    for caller in callers:
        caller.sendall(HEAD + b'Content-Length: 1000\r\n\r\n{"data":')
    wait_until_in_progress(service, 20)

    for caller in callers:
        caller.close()

    wait_until_in_progress(service, 0)


def test_who_does_not_read_the_answer_holds_no_place(
    service: Service, published: Published
) -> None:
    body = json.dumps({"data": list(published.applicants)}).encode()
    before = service.read_metric("credit_decisions_total")
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        caller.connect((urlsplit(service.url).hostname, urlsplit(service.url).port))
        caller.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

        deadline = time.monotonic() + PATIENCE_SECONDS
        while service.read_metric("credit_decisions_total") < before + len(published.applicants):
            assert time.monotonic() < deadline
        wait_until_in_progress(service, 0)


def test_readiness_probes_are_no_batches_of_the_model(service: Service) -> None:
    before = service.read_metric("credit_runner_batch_rows_count")

    for _ in range(5):
        assert service.get("/readyz").status_code == 200

    assert service.read_metric("credit_runner_batch_rows_count") == before
