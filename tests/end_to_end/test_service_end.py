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
MOST_ROWS = 500  # a request: all together are no more than the service lets wait
WORK_SECONDS = 2  # about, for all of them one after the other
ROUNDS = 5
IN_PROGRESS = "bentoml_service_request_in_progress"


def size_requests(client: httpx.Client, row: dict[str, object]) -> list[dict[str, object]]:
    """Return rows of which this machine works long enough at, and not too long."""
    rows = [{**row, "history": {}} for _ in range(MOST_ROWS)]
    client.post("/predict", json={"data": rows}).raise_for_status()  # the first one is slower
    seconds = client.post("/predict", json={"data": rows}).elapsed.total_seconds()
    return rows[: max(1, round(MOST_ROWS * WORK_SECONDS / (REQUESTS * seconds)))]


def are_taken(client: httpx.Client, asked: Sequence[Future[httpx.Response]]) -> bool:
    """Return whether some are being worked on once all were taken; False: all are answered."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answered = sum(request.done() for request in asked)
        in_progress = sum(
            float(line.rsplit(" ", 1)[1])
            for line in client.get("/metrics").text.splitlines()
            if line.startswith(IN_PROGRESS) and 'endpoint="/predict"' in line
        )
        if in_progress and answered + in_progress >= len(asked):
            return True
        if all(request.done() for request in asked):
            return False
    raise AssertionError("The requests were not taken.")


def test_what_was_accepted_is_answered_before_it_ends(
    start_service: Start, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_NO_UDS", "1")  # as in the image
    with (
        start_service(published.bentoml_home, published.history_store) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
        ThreadPoolExecutor(REQUESTS) as clients,
    ):
        content = {"data": size_requests(client, published.applicants[0])}
        for _ in range(ROUNDS):
            asked = [clients.submit(client.post, "/predict", json=content) for _ in range(REQUESTS)]
            if are_taken(client, asked):
                break
        else:
            print("All were answered before the signal: too fast to tell.")  # noqa: T201 -- see -rP
        service.process.send_signal(signal.SIGTERM)
        statuses = [answer.result().status_code for answer in asked]
        exit_code = service.process.wait(30)

    assert statuses == [200] * REQUESTS
    assert exit_code == 0
