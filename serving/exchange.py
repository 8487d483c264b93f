"""One answer on its way out: with the request's id, and in our shape if it tells of an error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import Message, Send

from serving.answers import Reply, reply_failure, reply_rejection
from serving.rejection import ErrorDetail

_BENTOML_SHAPES = (b'{"error":', b'[{"error":')
_JSON = b"application/json"
# What was not read of the request is not waited for.
_CLOSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


class Exchange:
    """Hands an answer on to the server, and sees to its headers and errors.

    Args:
        send: The server's.
        request_id: Stands in the answer's headers.
    """

    __slots__ = ("_held", "_replaced", "_send", "request_id", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._held: Message | None = None
        self._replaced = False
        self.request_id = request_id
        self.status: int | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the caller has got a part of the answer."""
        return self.status is not None and self._held is None

    async def send(self, message: Message) -> None:
        """Hand a message on; an error's head waits until it is known what its body looks like."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._complete(message)
            if message["status"] < HTTPStatus.BAD_REQUEST:
                await self._send(message)
            else:
                self._held = message
        elif self._held is None:
            await self._send(message)
        else:
            await self._send_error(self._held, message)

    def _complete(self, message: Message) -> None:
        headers = list(message.get("headers", ()))
        if not any(name == b"x-request-id" for name, _ in headers):
            headers.append((b"x-request-id", self.request_id.encode()))
        if message["status"] in _CLOSING:
            headers.append((b"connection", b"close"))
        message["headers"] = headers

    async def _send_error(self, start: Message, message: Message) -> None:
        self._held = None
        if message["type"] == "http.response.body" and not _is_ours(start, message):
            self._replaced = True
            body = self._describe(start["status"]).encode()
            kept = (pair for pair in start["headers"] if not pair[0].startswith(b"content-"))
            length = str(len(body)).encode()
            own = [(b"content-type", _JSON), (b"content-length", length)]
            start = {**start, "headers": [*kept, *own]}
            message = {"type": "http.response.body", "body": body}
        await self._send(start)
        await self._send(message)

    def _describe(self, status: int) -> Reply:
        """Return what stands for an error that was told in another shape."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            return reply_failure(self.request_id)
        phrase = HTTPStatus(status).phrase
        kind = "unavailable" if status == HTTPStatus.SERVICE_UNAVAILABLE else "http_error"
        return reply_rejection(status, [ErrorDetail((), phrase, kind)])


async def send_reply(reply: Reply, send: Send, headers: Mapping[str, str] | None = None) -> None:
    """Send the reply, with further headers."""
    body = reply.encode()
    further = {**reply.headers, **(headers or {})}
    lines = [(name.lower().encode(), value.encode()) for name, value in further.items()]
    own = [(b"content-type", _JSON), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": reply.status, "headers": [*own, *lines]})
    await send({"type": "http.response.body", "body": body})


def _is_ours(start: Message, message: Message) -> bool:
    """Return whether an error is told in our shape, or, as by `/health`, in words of our own."""
    body = bytes(message.get("body", b""))
    return (b"content-type", _JSON) in start["headers"] and not body.startswith(_BENTOML_SHAPES)
