from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from registry.trial import find_free_port
from tests.command import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def is_answering(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def test_the_command_shows_the_page_until_ctrl_c_and_leaves_nothing_behind(home: Home) -> None:
    port = find_free_port()

    running = home.start("dashboard", "--port", str(port), "--service", "http://127.0.0.1:9")
    assert running.wait_until(lambda: is_answering(f"http://127.0.0.1:{port}/_stcore/health"))
    finished = running.interrupt()

    assert f"Dashboard on http://127.0.0.1:{port}" in finished.out
    assert "http://127.0.0.1:9" in finished.out
    assert finished.exit_code == 0, finished
    assert not is_answering(f"http://127.0.0.1:{port}/_stcore/health")


def test_a_port_that_is_taken_is_said_to_be_taken(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finished = home.run("dashboard", "--port", str(taken.getsockname()[1]))

    assert finished.exit_code == 10
    assert "--port" in finished.err
