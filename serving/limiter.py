"""Refuses what would take more of the service than is left: size, number, time.

An ASGI middleware inside of BentoML's metrics, so that what it refuses is counted there by status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.answers import Reply, reply_overload, reply_rejection
from serving.exchange import send_reply
from serving.limits import Limits
from serving.rejection import ErrorDetail

PROBES = frozenset({"/livez", "/readyz", "/healthz", "/health", "/metrics"})
"""Who watches over the service must be answered above all when it is busy."""


class Limiter:
    """ASGI middleware that holds requests to limits.

    Args:
        app: What answers them.
        limits: For all requests of this process.
        unlimited: Paths that are answered however many others there are.
    """

    def __init__(self, app: ASGIApp, limits: Limits, unlimited: Collection[str] = PROBES) -> None:
        self._app = app
        self._limits = limits
        self._unlimited = unlimited
        self._requests = 0
        self._body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer in time, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in self._unlimited:
            await self._answer_in_time(scope, receive, send, _Taken(0))
            return
        declared = find_length(scope)
        if refusal := self._find_refusal(declared or 0):
            await send_reply(refusal, send)
            return
        taken = _Taken(declared or 0)
        self._requests += 1
        self._body_bytes += taken.bytes
        try:
            if declared is None and is_chunked(scope):
                receive = self._count_bytes(receive, taken)
            await self._answer_in_time(scope, receive, send, taken)
        finally:
            self._requests -= 1
            self._body_bytes -= taken.bytes

    def _find_refusal(self, declared: int) -> Reply | None:
        limits = self._limits
        if declared > limits.body_bytes:
            return _reply_too_large(limits.body_bytes)
        if self._requests >= limits.concurrency:
            return reply_overload(
                f"{limits.concurrency} requests are being answered; send this one again in a second"
            )
        if self._body_bytes + declared > limits.body_bytes_in_flight:
            return reply_overload(
                f"Bodies of {limits.body_bytes_in_flight} bytes are being answered; "
                "send this one again in a second"
            )
        return None

    def _count_bytes(self, receive: Receive, taken: _Taken) -> Receive:
        """Return what receives a body whose length nobody knows, as long as there is room."""

        async def count() -> Message:
            message = await receive()
            arrived = len(message.get("body", b""))
            taken.bytes += arrived
            self._body_bytes += arrived
            if self._body_bytes > self._limits.body_bytes_in_flight:
                taken.too_much = True
                raise _NoRoomError
            return message

        return count

    async def _answer_in_time(
        self, scope: Scope, receive: Receive, send: Send, taken: _Taken
    ) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            if taken.too_much and not begun:
                return  # BentoML would make a failure of its own of it
            begun = True
            await send(message)

        deadline = asyncio.timeout(self._limits.deadline_seconds)
        try:
            async with deadline:
                await self._app(scope, receive, watch)
        except TimeoutError:
            if not deadline.expired():
                raise
            if not begun:
                await send_reply(_reply_too_late(self._limits.deadline_seconds), send)
        except _NoRoomError:
            pass
        if taken.too_much and not begun:
            await send_reply(reply_overload("Too many large bodies are being answered"), send)


class _NoRoomError(Exception):
    """All bodies together have become too large."""


class _Taken:
    """How many bytes of bodies one request has taken, and whether that was too much for all."""

    __slots__ = ("bytes", "too_much")

    def __init__(self, declared: int) -> None:
        self.bytes = declared
        self.too_much = False


def find_length(scope: Scope) -> int | None:
    """Return how long the body is said to be; None if nothing is said."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def is_chunked(scope: Scope) -> bool:
    """Return whether a body comes without being announced."""
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


def _reply_too_large(most: int) -> Reply:
    detail = ErrorDetail(("body",), f"Body should have at most {most} bytes", "too_long")
    return reply_rejection(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [detail])


def _reply_too_late(seconds: float) -> Reply:
    message = f"There was no answer within {seconds:g} seconds; send the request again"
    return reply_overload(message, HTTPStatus.GATEWAY_TIMEOUT)
