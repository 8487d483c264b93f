"""Asks the service from inside its container, which has no network; run there by `docker exec`.

Only Python's own library, in one file: it is handed over as text. It reads a line, a JSON list of
requests, sends them at the same time over connections of their own, and writes two lines: how many
were sent, and a JSON list of the answers.
"""

from __future__ import annotations

import base64
import http.client
import json
import sys
import threading
import time
from typing import TypedDict


class Request(TypedDict):
    """A request; the body is base64, since it may be anything."""

    method: str
    path: str
    body: str
    token: str


class Answer(TypedDict):
    """An answer; without one, the status is 0 and the body what went wrong instead."""

    status: int
    body: str
    seconds: float


def open_connection(port: int, timeout_seconds: float) -> http.client.HTTPConnection:
    """Return a connection that the service has accepted: it has answered on it already."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    connection.request("GET", "/livez")
    connection.getresponse().read()
    return connection


def send(connection: http.client.HTTPConnection, request: Request) -> None:
    """Write a request."""
    body = base64.b64decode(request["body"])
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {request['token']}"}
    connection.request(request["method"], request["path"], body or None, headers)


def receive(connection: http.client.HTTPConnection) -> Answer:
    """Return the answer to what was written."""
    began = time.monotonic()
    try:
        response = connection.getresponse()
        status, body = response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        status, body = 0, repr(error).encode()
    seconds = time.monotonic() - began
    return {"status": status, "body": base64.b64encode(body).decode(), "seconds": seconds}


def ask(requests: list[Request], port: int, timeout_seconds: float) -> list[Answer]:
    """Return the answers to requests that are sent before the first answer is read."""
    connections = [open_connection(port, timeout_seconds) for _ in requests]
    for connection, request in zip(connections, requests, strict=True):
        send(connection, request)
    tell({"sent": len(requests)})
    answers: dict[int, Answer] = {}

    def wait_for(number: int) -> None:
        answers[number] = receive(connections[number])
        connections[number].close()

    threads = [threading.Thread(target=wait_for, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(requests))]


def tell(content: object) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def main(port: int, timeout_seconds: float) -> None:
    """Answer line after line until the end of the input."""
    for line in sys.stdin:
        try:
            tell(ask(json.loads(line), port, timeout_seconds))
        except (OSError, http.client.HTTPException) as error:
            tell({"failure": repr(error)})


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
