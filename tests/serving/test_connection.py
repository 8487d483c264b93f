"""Heads of requests, over real sockets: how long they may be, and how late."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import uvicorn
from uvicorn.server import ServerState

from serving import connection
from serving.connection import MOST_HEAD_BYTES, BoundedConnection, bound_connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import Receive, Scope, Send

HEAD = b"POST / HTTP/1.1\r\nHost: test\r\n"
PATIENCE_SECONDS = 5


async def say_how_long(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the path and of the body."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    body += message["body"]
    said = f"{len(scope['path'])} {len(body)}".encode()
    headers = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def serve() -> AsyncIterator[int]:
    """Serve on some port, which is yielded."""
    config = uvicorn.Config(say_how_long, timeout_keep_alive=PATIENCE_SECONDS, log_config=None)
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedConnection(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for still_open in list(state.connections):
            still_open.shutdown()


def ask(parts: Sequence[bytes], *, pause: float = 0) -> bytes:
    """Send the parts, one after the other, and return what comes before the connection ends."""

    async def talk() -> bytes:
        answer = b""
        async with serve() as port, asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with suppress(ConnectionError):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
                while piece := await reader.read(65_536):
                    answer += piece
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            return answer

    return asyncio.run(talk())


def test_a_head_of_the_most_bytes_is_answered() -> None:
    filler = b"X: " + b"a" * (MOST_HEAD_BYTES - 100)

    answer = ask([HEAD, filler, b"\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"])

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"1 2")


@pytest.mark.parametrize(
    "parts",
    [
        [HEAD + b"X: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n"],
        [HEAD + b"X: y\r\n" * 20_000 + b"\r\n"],
        [HEAD, b"X: ", *[b"a" * 9_000] * 8],
        [HEAD, *[b"X: y\r\n" * 1_500] * 8],
        [b"GET /", *[b"a" * 9_000] * 8],
        [HEAD + b"Content-Length: 2\r\n\r\n{}", HEAD, *[b"X: y\r\n" * 1_500] * 8],
    ],
    ids=["value", "headers", "endless value", "endless headers", "endless path", "the second"],
)
def test_a_longer_one_is_refused_before_it_ends(parts: list[bytes]) -> None:
    answer = ask(parts, pause=0.01)

    refusal = answer[answer.index(b"HTTP/1.1 431 ") :]
    assert b"connection: close" in refusal
    assert b'"type":"too_long"' in refusal
    head, body = refusal.split(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert b"x-request-id: " in head


def test_a_long_body_is_no_head() -> None:
    length = 4 * MOST_HEAD_BYTES
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % length

    assert ask([head, *[b"a" * MOST_HEAD_BYTES] * 4], pause=0.01).endswith(b"1 %d" % length)


@pytest.mark.parametrize(
    "parts",
    [[], [b"P"], [HEAD], [HEAD + b"Content-Length: 2\r\n\r\n{}", HEAD]],
    ids=["nothing", "a letter", "half a head", "half a second head"],
)
def test_who_does_not_come_to_the_point_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)

    answer = ask(parts)  # or it would take too long

    assert answer.count(b"HTTP/1.1 200 ") == max(0, len(parts) - 1)


def test_who_comes_to_it_may_take_longer_for_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    head = HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n"

    assert ask([head, b"{", b"}"], pause=0.2).endswith(b"1 2")


def test_servers_of_this_process_have_such_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn.config, "HTTP_PROTOCOLS", dict(uvicorn.config.HTTP_PROTOCOLS))
    bound_connections()

    config = uvicorn.Config(say_how_long, log_config=None)
    config.load()

    assert config.http_protocol_class is BoundedConnection
