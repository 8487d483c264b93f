"""The least that a server can do: read a request, answer always the same.

``uv run python -m benchmarks.serving.constant_server --port 3100``; what the load generator costs
is measured on it.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import cast

import uvloop
from httptools import HttpRequestParser

HOST = "127.0.0.1"
BODY = b'{"SK_ID_CURR":1,"probability":0.25,"prediction":1,"decision":"REFUSED","threshold":0.1}'


class ConstantAnswer(asyncio.Protocol):
    """A connection on which every request gets the same answer.

    Args:
        body: Of the answer.
    """

    def __init__(self, body: bytes = BODY) -> None:
        self._parser = HttpRequestParser(self)
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._answer = head.encode() + body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be open; asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on; asyncio calls this."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer; httptools calls this."""
        self._transport.write(self._answer)


async def serve(port: int) -> None:
    """Answer until ended."""
    server = await asyncio.get_running_loop().create_server(ConstantAnswer, HOST, port)
    await server.serve_forever()


def main() -> None:
    """Serve on the port that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
