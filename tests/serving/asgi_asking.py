"""Asks an ASGI application the way a server does, message by message."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Asked:
    """What came back.

    Attributes:
        messages: All of them.
    """

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        status: int = self.messages[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def fault(self) -> dict[str, Any]:
        """The only fault that the body tells."""
        (detail,) = json.loads(self.body)["detail"]
        found: dict[str, Any] = detail
        return found


async def ask(
    app: ASGIApp,
    path: str = "/predict",
    method: str = "POST",
    *,
    headers: Iterable[tuple[str, str]] = (),
    chunks: Iterable[bytes] = (b"",),
    patient: bool = True,
) -> Asked:
    """Return what the application answers.

    Args:
        app: What is asked.
        path: Where.
        method: How.
        headers: Names in lower case.
        chunks: The body's.
        patient: False: the caller goes when all chunks are sent, and the body is not complete.
    """
    asked = Asked()
    pieces = list(chunks)

    async def receive() -> Message:
        if pieces:
            body = pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(pieces) or not patient}
        if patient:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        asked.messages.append(message)

    lines = [(name.encode(), value.encode()) for name, value in headers]
    scope = {
        "type": "http",
        "path": path,
        "method": method,
        "headers": lines,
        "query_string": b"",
    }
    await app(scope, receive, send)
    return asked


class Answering:
    """An application that answers as it is told, and remembers what it was asked.

    Args:
        status: Of its answer.
        body: Of its answer.
        content_type: Of its body.
        failure: Raised instead, or after the answer has begun.
        begin: Whether it begins the answer before it fails.
    """

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"{}",
        content_type: bytes = b"application/json",
        *,
        failure: BaseException | None = None,
        begin: bool = False,
    ) -> None:
        self._status = status
        self._body = body
        self._content_type = content_type
        self.failure = failure
        self._begin = begin
        self.scopes: list[Scope] = []
        self.held = asyncio.Event()
        self.held.set()
        self._came = asyncio.Event()

    async def wait_for(self, requests: int) -> None:
        """Return when so many requests have come."""
        while len(self.scopes) < requests:
            self._came.clear()
            await self._came.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self._came.set()
        await self.held.wait()
        while (await receive()).get("more_body"):
            pass
        start = {
            "type": "http.response.start",
            "status": self._status,
            "headers": [(b"content-type", self._content_type)],
        }
        if self.failure is not None:
            if self._begin:
                await send(start)
            raise self.failure
        await send(start)
        await send({"type": "http.response.body", "body": self._body})
