"""The outermost layer of the application: every request is answered, known by an id, and bounded.

It lies outside of BentoML's own metrics, which would keep a series for ever for every path that
anybody asks for, and outside of all that could fail.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.answers import reply_failure, reply_rejection
from serving.exchange import Exchange, send_reply
from serving.failure_log import log_failure
from serving.rejection import ErrorDetail
from serving.request import choose_request_id
from serving.request_marks import CURRENT_REQUEST, RequestMarks, find_trace
from serving.routes import Methods
from serving.service_metrics import RefusalMetrics

logger = logging.getLogger("credit.serving")
access_logger = logging.getLogger("credit.access")

_REQUEST_ID = b"x-request-id"
_POLICY_VIOLATION = 1008


class Guard:
    """ASGI application that answers what another one does not, and never fails.

    Args:
        app: What answers the paths it knows.
        routes: These paths, with their methods.
        metrics: Counts what is refused here, and so unknown to BentoML's metrics.
        log_access: Whether a line is logged for every request.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Mapping[str, Methods],
        metrics: RefusalMetrics,
        *,
        log_access: bool = False,
    ) -> None:
        self._app = app
        self._routes = routes
        self._metrics = metrics
        self._log_access = log_access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have the application answer."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        marks = mark(scope)
        CURRENT_REQUEST.set(marks)
        exchange = Exchange(send, marks.request_id)
        methods = self._routes.get(scope["path"])
        if methods is None:
            await self._refuse_path(exchange)
        elif scope["method"] not in methods:
            await self._refuse_method(exchange, methods)
        else:
            await self._hand_on(scope, receive, exchange)
        if self._log_access:
            self._log(scope, exchange.status, started)

    async def _refuse_path(self, exchange: Exchange) -> None:
        self._metrics.count("unknown_path")
        detail = ErrorDetail(("path",), "There is no such route", "not_found")
        await send_reply(reply_rejection(HTTPStatus.NOT_FOUND, [detail]), exchange.send)

    async def _refuse_method(self, exchange: Exchange, methods: Methods) -> None:
        self._metrics.count("wrong_method")
        allowed = ", ".join(sorted(methods))
        detail = ErrorDetail(("method",), f"Method should be {allowed}", "method_not_allowed")
        reply = reply_rejection(HTTPStatus.METHOD_NOT_ALLOWED, [detail])
        await send_reply(reply, exchange.send, {"Allow": allowed})

    async def _hand_on(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 -- the edge: uvicorn would log what it says
            log_failure(error, exchange.request_id)
            if not exchange.has_begun:
                await send_reply(reply_failure(exchange.request_id), exchange.send)

    def _log(self, scope: Scope, status: int | None, started: float) -> None:
        known = self._routes.get(scope["path"])
        facts = {
            "method": scope["method"] if known and scope["method"] in known else "other",
            "route": scope["path"] if known else "unknown",
            "status": status,
            "latency_ms": round(1e3 * (time.perf_counter() - started), 3),
        }
        text = " ".join(str(fact) for fact in facts.values())
        access_logger.info("%s", text, extra=facts)


def mark(scope: Scope) -> RequestMarks:
    """Return what the request is known by; its header says the same from now on."""
    headers = dict(reversed(scope["headers"]))  # the first one counts
    given = headers.get(_REQUEST_ID)
    text = None if given is None else given.decode("latin-1")
    request_id = choose_request_id(text)
    if request_id != text:
        others = (header for header in scope["headers"] if header[0] != _REQUEST_ID)
        scope["headers"] = [*others, (_REQUEST_ID, request_id.encode())]
    traceparent = headers.get(b"traceparent")
    return RequestMarks(request_id, find_trace(traceparent and traceparent.decode("latin-1")))
