"""The service is told to end while requests are in flight."""

from __future__ import annotations

import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.end_to_end.conftest import Published, Start

REQUESTS = 8
ROWS = 900  # some tenths of a second, one request after the other
IN_PROGRESS = "bentoml_service_request_in_progress"


def wait_until_taken(client: httpx.Client, asked: Sequence[Future[httpx.Response]]) -> None:
    """Return when every request was answered already or is being worked on."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answered = sum(request.done() for request in asked)
        in_progress = sum(
            float(line.rsplit(" ", 1)[1])
            for line in client.get("/metrics").text.splitlines()
            if line.startswith(IN_PROGRESS) and 'endpoint="/predict"' in line
        )
        if in_progress and answered + in_progress >= len(asked):
            return
    raise AssertionError("The requests were not taken, or all answered before they were looked at.")


def test_what_was_accepted_is_answered_before_it_ends(
    start_service: Start, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_NO_UDS", "1")  # as in the image
    rows = [{**published.applicants[0], "history": {}} for _ in range(ROWS)]
    with (
        start_service(published.bentoml_home, published.history_store) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
        ThreadPoolExecutor(REQUESTS) as clients,
    ):
        content = {"data": rows}
        asked = [clients.submit(client.post, "/predict", json=content) for _ in range(REQUESTS)]
        wait_until_taken(client, asked)
        service.process.send_signal(signal.SIGTERM)
        statuses = [answer.result().status_code for answer in asked]
        exit_code = service.process.wait(30)

    assert statuses == [200] * REQUESTS
    assert exit_code == 0
