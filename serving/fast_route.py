"""The shortest way from HTTP to an answer: before BentoML's routing, behind its metrics and limits.

BentoML looks the route up, makes a request, a context and a response of its own, and inspects the
called method's signature anew, which together takes longer than validation, features and the
decision log (ADR 0029). A route that is taken here keeps what BentoML wraps around all of them:
metrics, tracing, time limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.answers import Reply, reply_rejection
from serving.exchange import send_reply
from serving.rejection import ErrorDetail
from serving.request import MAX_BODY_BYTES, choose_request_id

BODY_SECONDS = 10
"""So long a caller may take to send a body; whoever takes longer keeps others' place."""


@dataclass(frozen=True, slots=True)
class FastRequest:
    """What a route is asked.

    Attributes:
        body: Undecoded; of one that is too large only enough to tell.
        query: Names and values as they came, blank ones too.
        id: The caller's request id, or a new one.
    """

    body: bytes
    query: Sequence[tuple[str, str]]
    id: str


Answering = Callable[[FastRequest], Awaitable[Reply]]


class FastRoute:
    """ASGI middleware that answers POST requests to one path, and hands all others on.

    Args:
        app: What answers the others.
        path: The path, without a slash at its end.
        answer: Returns the reply; never raises.
    """

    def __init__(self, app: ASGIApp, path: str, answer: Answering) -> None:
        self._app = app
        self._path = path
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request_id = choose_request_id(find_header(scope, b"x-request-id"))
        try:
            body = await read_body(receive)
        except TimeoutError:
            await send_reply(_reply_too_slow(), send)
            return
        if body is None:
            return  # the caller has gone
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        reply = await self._answer(FastRequest(body, query, request_id))
        await send_reply(reply, send)


def find_header(scope: Scope, name: bytes) -> str | None:
    """Return the value of a request's header, the first if there are several."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


async def read_body(receive: Receive) -> bytes | None:
    """Return the body, of one that is too large only enough to tell; None if the caller went.

    Raises:
        TimeoutError: If it takes too long to come.
    """
    message = await receive()  # nearly always all of it, and there already
    if message["type"] == "http.request" and not message.get("more_body", False):
        return bytes(message.get("body", b""))
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while message["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body", False) or len(body) > MAX_BODY_BYTES:
                return bytes(body)
            message = await receive()
    return None


def _reply_too_slow() -> Reply:
    message = f"The body did not come within {BODY_SECONDS} seconds"
    return reply_rejection(408, [ErrorDetail(("body",), message, "timeout")])
