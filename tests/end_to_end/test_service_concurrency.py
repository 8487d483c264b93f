"""The service asked by many at once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.conftest import Applicant, Published, Service

CLIENTS = 64
REQUESTS = 1_600


async def ask_all(url: str, applicants: list[Applicant]) -> list[dict[str, Any]]:
    """Ask about every applicant, 64 clients at a time, and return the answers in order."""
    answers: list[dict[str, Any]] = [{}] * len(applicants)
    waiting = iter(enumerate(applicants))

    async def be_a_client(http: httpx.AsyncClient, waiting: Iterator[Any]) -> None:
        for position, applicant in waiting:
            response = await http.post("/predict", json={"data": applicant})
            assert response.status_code == 200, response.text
            answers[position] = response.json()

    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as http:
        await asyncio.gather(*(be_a_client(http, waiting) for _ in range(CLIENTS)))
    return answers


def test_sixty_four_clients_each_get_their_own_answer_and_batches_merge(
    service: Service, published: Published
) -> None:
    times = REQUESTS // len(published.applicants)
    rows = service.read_metric("credit_runner_batch_rows_sum")
    calls = service.read_metric("credit_runner_batch_rows_count")

    answers = asyncio.run(ask_all(service.url, [*published.applicants] * times))

    assert [answer["SK_ID_CURR"] for answer in answers] == [
        applicant["SK_ID_CURR"] for applicant in published.applicants
    ] * times
    assert [answer["probability"] for answer in answers] == published.score_offline() * times
    assert len({answer["request_id"] for answer in answers}) == REQUESTS
    asked = service.read_metric("credit_runner_batch_rows_sum") - rows
    called = service.read_metric("credit_runner_batch_rows_count") - calls
    assert asked == REQUESTS
    assert asked / called > 4


def test_invalid_requests_among_many_disturb_nobody(service: Service, published: Published) -> None:
    applicants = list(published.applicants)

    async def ask_with_intruders() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            nonsense = {"data": {"AMT_CREDIT": "?"}}
            intruders = [http.post("/predict", json=nonsense) for _ in range(100)]
            asked = asyncio.create_task(ask_all(service.url, applicants))
            refused = await asyncio.gather(*intruders)
            assert all(response.status_code == 422 for response in refused)
            return await asked

    answers = asyncio.run(ask_with_intruders())

    assert [answer["probability"] for answer in answers] == published.score_offline()


def test_clients_who_hang_up_disturb_nobody(service: Service, published: Published) -> None:
    applicants = list(published.applicants)

    async def hang_up(http: httpx.AsyncClient) -> None:
        with suppress(httpx.TimeoutException):
            await http.post("/predict", json={"data": applicants[0]}, timeout=0.001)

    async def ask_beside_them() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=service.url) as http:
            impatient = [hang_up(http) for _ in range(100)]
            asked = asyncio.create_task(ask_all(service.url, applicants))
            await asyncio.gather(*impatient)
            return await asked

    answers = asyncio.run(ask_beside_them())

    assert [answer["probability"] for answer in answers] == published.score_offline()
