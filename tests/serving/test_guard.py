from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from serving.guard import Guard
from serving.service_metrics import RefusalMetrics
from tests.serving.asgi_asking import Answering, Asked, ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Message

ROUTES = {"/predict": frozenset({"POST"}), "/health": frozenset({"GET", "HEAD"})}
SECRET = "Kjeldsen-Quist"  # noqa: S105 -- an applicant's value
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def ask_guarded(
    app: Answering,
    path: str = "/predict",
    method: str = "POST",
    headers: Sequence[tuple[str, str]] = (),
) -> Asked:
    return asyncio.run(ask(guard(app), path, method, headers=headers))


def guard(
    app: Answering, registry: CollectorRegistry | None = None, *, log_access: bool = False
) -> Guard:
    metrics = RefusalMetrics(registry or CollectorRegistry())
    return Guard(app, ROUTES, metrics, log_access=log_access)


@pytest.mark.parametrize("path", ["/nope", "/predict/", "//predict", "/PREDICT", "/predict\n", ""])
def test_a_path_that_nobody_answers_gets_no_further(path: str) -> None:
    app = Answering()

    asked = ask_guarded(app, path)

    assert (asked.status, asked.fault["type"], asked.fault["loc"]) == (404, "not_found", ["path"])
    assert not app.scopes


def test_another_method_is_told_the_right_ones() -> None:
    app = Answering()

    asked = ask_guarded(app, "/health", "DELETE")

    assert (asked.status, asked.fault["type"]) == (405, "method_not_allowed")
    assert asked.headers["allow"] == "GET, HEAD"
    assert not app.scopes


def test_what_is_refused_is_counted_by_reason() -> None:
    registry = CollectorRegistry()
    guarded = guard(Answering(), registry)

    async def ask_all() -> None:
        for path in ("/a", "/b", "/health"):
            await ask(guarded, path)

    asyncio.run(ask_all())

    name = "credit_refused_requests_total"
    assert registry.get_sample_value(name, {"reason": "unknown_path"}) == 2
    assert registry.get_sample_value(name, {"reason": "wrong_method"}) == 1


def test_a_request_id_goes_in_and_out() -> None:
    app = Answering()

    asked = ask_guarded(app, headers=[("x-request-id", "case-17")])

    assert asked.headers["x-request-id"] == "case-17"
    assert dict(app.scopes[0]["headers"])[b"x-request-id"] == b"case-17"


@pytest.mark.parametrize("given", [[], [("x-request-id", "two\nlines")]])
def test_whoever_has_no_safe_request_id_gets_the_same_one_within_and_without(
    given: list[tuple[str, str]],
) -> None:
    app = Answering()

    asked = ask_guarded(app, headers=given)

    within = [value for name, value in app.scopes[0]["headers"] if name == b"x-request-id"]
    assert within == [asked.headers["x-request-id"].encode()]
    assert len(within[0]) == 32


def test_a_failure_is_answered_and_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = ask_guarded(Answering(failure=ValueError(SECRET)))

    assert (asked.status, asked.fault["type"]) == (500, "internal_error")
    assert "ValueError" in caplog.text
    assert asked.headers["x-request-id"] in caplog.text
    assert SECRET not in caplog.text + asked.body.decode()


def test_a_failure_in_the_middle_of_an_answer_is_logged_and_nothing_added(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = ask_guarded(Answering(failure=ValueError(SECRET), begin=True))

    assert [message["type"] for message in asked.messages] == ["http.response.start"]
    assert "ValueError" in caplog.text
    assert SECRET not in caplog.text


def test_who_is_cancelled_is_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        ask_guarded(Answering(failure=asyncio.CancelledError()))


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind"),
    [
        (503, b"Service is not ready", b"text/plain", "unavailable"),
        (500, b"Internal Server Error", b"text/plain", "internal_error"),
        (500, b'{"error":"An unexpected error"}', b"application/json", "internal_error"),
        (400, b'[{"error":"no"}]', b"application/json", "http_error"),
    ],
)
def test_errors_of_others_come_in_our_shape(
    status: int, body: bytes, content_type: bytes, kind: str
) -> None:
    asked = ask_guarded(Answering(status, body, content_type))

    assert (asked.status, asked.fault["type"]) == (status, kind)
    assert asked.headers["content-type"] == "application/json"
    assert int(asked.headers["content-length"]) == len(asked.body)


def test_our_own_errors_stay_as_they_are() -> None:
    body = b'{"detail":[{"loc":["body"],"msg":"no","type":"missing"}]}'

    assert ask_guarded(Answering(422, body)).body == body
    assert ask_guarded(Answering(503, b'{"status":"unavailable"}')).body.startswith(b'{"status"')


@pytest.mark.parametrize(("status", "closes"), [(408, True), (413, True), (422, False)])
def test_what_is_not_read_of_a_request_is_not_waited_for(status: int, *, closes: bool) -> None:
    asked = ask_guarded(Answering(status, b'{"detail":[]}'))

    assert (asked.headers.get("connection") == "close") is closes


def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    app = Answering()
    asyncio.run(guard(app)({"type": "websocket", "path": "/predict"}, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert not app.scopes


def test_a_line_for_each_request_tells_its_route_and_nothing_that_was_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "credit.access")
    guarded = guard(Answering(), log_access=True)

    async def ask_all() -> None:
        await ask(guarded, "/predict", headers=[("x-request-id", "case-17")])
        await ask(guarded, f"/{SECRET}", SECRET)

    asyncio.run(ask_all())

    known, unknown = (vars(record) for record in caplog.records)
    assert (known["method"], known["route"], known["status"]) == ("POST", "/predict", 200)
    assert 0 <= known["latency_ms"] < 10_000
    assert (unknown["method"], unknown["route"], unknown["status"]) == ("other", "unknown", 404)
    assert SECRET not in caplog.text


def test_without_the_setting_no_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    ask_guarded(Answering())

    assert not caplog.records
