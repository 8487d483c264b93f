from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploy.healthcheck import ask_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[2] / "deploy" / "healthcheck.py"


class Answering(BaseHTTPRequestHandler):
    status = 200
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=[200, 503])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Return port and status of a server."""
    handler = type("Handler", (Answering,), {"status": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running.server_port, request.param
        running.shutdown()
        thread.join()


def test_is_ready_if_the_service_says_so(server: tuple[int, int]) -> None:
    port, status = server

    assert ask_ready(port) == (status == 200)


def test_is_not_ready_if_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert not ask_ready(free.getsockname()[1])


def test_is_not_ready_if_the_service_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.healthcheck.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not ask_ready(silent.getsockname()[1])


@pytest.mark.parametrize("variable", ["PORT", "BENTOML_PORT"])
def test_asks_at_the_port_that_the_service_was_given(
    server: tuple[int, int], variable: str
) -> None:
    port, status = server

    environment = {**os.environ, variable: str(port)}
    done = subprocess.run([sys.executable, "-IS", SCRIPT], env=environment, check=False)

    assert done.returncode == (status != 200)
