"""The service is told to end while requests are in flight."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Start

REQUESTS = 8
ROWS = 60


def test_what_was_accepted_is_answered_before_it_ends(
    start_service: Start, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_NO_UDS", "1")  # as in the image
    rows = [{**published.applicants[0], "history": {}} for _ in range(ROWS)]
    with (
        start_service(published.bentoml_home, published.history_store) as service,
        ThreadPoolExecutor(REQUESTS) as clients,
    ):
        asked = [clients.submit(service.post, {"data": rows}) for _ in range(REQUESTS)]
        asked[0].result()  # they are computed one after the other: the rest is in flight
        service.process.send_signal(signal.SIGTERM)
        statuses = [answer.result().status_code for answer in asked]
        exit_code = service.process.wait(30)

    assert statuses == [200] * REQUESTS
    assert exit_code == 0
