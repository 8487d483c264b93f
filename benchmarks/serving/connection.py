"""One kept-alive connection that asks one question at a time, for as little CPU as Python can."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser


class Asker(Protocol):
    """Who decides what a connection does next."""

    def take_open(self, connection: Connection) -> None:
        """Make use of a connection that is open and idle."""

    def take_answer(self, connection: Connection, status: int, body: bytes) -> None:
        """Take the answer to the question that was asked; the connection is idle again."""

    def take_loss(self, connection: Connection) -> None:
        """Take notice that a connection is gone, perhaps in the middle of a question."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, and how.

    Attributes:
        url: Route included.
        headers: Beside those that every request has.
    """

    url: str
    headers: tuple[str, ...] = ()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def make_request(self, body: bytes) -> bytes:
        """Return the bytes of a POST request."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        head = [
            f"POST {parts.path or '/'}{query} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *self.headers,
        ]
        return "\r\n".join([*head, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """A connection; `question` and `began_s` are of the one in flight, `loss` is why it is gone.

    Args:
        asker: Told when it is open, answered or gone.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._parser = HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self.question: int | None = None
        self.began_s = 0.0
        self.loss = "connection lost"

    def ask(self, question: int, request: bytes, began_s: float | None = None) -> None:
        """Send a request; its time counts from now, or from when it should have been sent."""
        if self._transport is None:
            raise ConnectionError("A connection that is not open was to be used.")
        self.question = question
        self.began_s = perf_counter() if began_s is None else began_s
        self._transport.write(request)

    def give_up(self, reason: str) -> None:
        """Close, answered or not; the asker is told of the loss."""
        self.loss = reason
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be open; asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._asker.take_open(self)

    def data_received(self, data: bytes) -> None:
        """Read on; asyncio calls this."""
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self.give_up("no HTTP")

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the answer; httptools calls this."""
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Hand on the answer; httptools calls this."""
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if not self._parser.should_keep_alive():
            self.give_up("not kept alive")
        self._asker.take_answer(self, self._parser.get_status_code(), body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio gives it
        """Be gone; asyncio calls this."""
        self._transport = None
        self._asker.take_loss(self)

    @property
    def is_usable(self) -> bool:
        """Whether it is open, and stays so."""
        return self._transport is not None and not self._transport.is_closing()
