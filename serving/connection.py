"""Connections whose requests must begin in time and moderately: what uvicorn does not bound.

Uvicorn's parser takes a request's head however long it is, and waits for the rest for ever: one
caller without a token could fill the memory with headers, or keep all connections open.
"""

from __future__ import annotations

import asyncio

import uvicorn.config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.answers import reply_rejection
from serving.rejection import ErrorDetail
from serving.request import choose_request_id

MOST_HEAD_BYTES = 64 * 1024
"""Of a request's line and headers; beside it, at most what the system hands over in one piece."""

HEAD_SECONDS = 10
"""So long a caller may take for a request's line and headers, the first one's connecting included;
between two requests uvicorn's own limit holds."""


def bound_connections() -> None:
    """Have every server that this process starts from now on bound its connections."""
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{BoundedConnection.__name__}"


class BoundedConnection(HttpToolsProtocol):
    """Uvicorn's connection; a head that is too long gets status 431, one that is late is closed."""

    _head_bytes = 0
    _in_head = False
    _too_large = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece; one that leaves a head unfinished counts, and the rest is waited for."""
        began_before = self._in_head
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if began_before:
            self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self._too_large = True
            self.send_400_response("")
        elif self._deadline is None:
            self._begin_to_wait()

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Have the request answered, if its head is not too long.

        Raises:
            HeadTooLargeError: If it is; the parser stops, and uvicorn sends an error.
        """
        self._in_head = False
        self._stop_waiting()
        if len(self.url) + sum(map(_measure, self.headers)) > MOST_HEAD_BYTES:
            self._too_large = True
            raise HeadTooLargeError
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Send the error, and end the connection."""
        if not self._too_large:
            super().send_400_response(msg)
            return
        self.transport.write(_REFUSAL % choose_request_id(None).encode())
        self.transport.close()

    def _begin_to_wait(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()


class HeadTooLargeError(Exception):
    """A request's line and headers are too long."""


def _measure(header: tuple[bytes, bytes]) -> int:
    name, value = header
    return len(name) + len(value) + len(": \r\n")


def _make_refusal() -> bytes:
    """Return the whole answer, with a place for the request's id."""
    message = f"Request line and headers should have at most {MOST_HEAD_BYTES} bytes"
    body = reply_rejection(431, [ErrorDetail(("header",), message, "too_long")]).encode()
    lines = [
        STATUS_LINE[431].rstrip(),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"x-request-id: %b",
        b"connection: close",
    ]
    return b"\r\n".join([*lines, b"", body])


_REFUSAL = _make_refusal()
