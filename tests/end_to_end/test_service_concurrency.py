"""The service asked by many at once."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Applicant, Published, Service

CLIENTS = 64
REQUESTS = 3_200


async def ask_all(url: str, applicants: list[Applicant]) -> list[dict[str, Any]]:
    """Ask about every applicant, 64 clients at a time, and return the answers in order.

    All that can be done before and after is done then: a client that is slower than the service
    would never make it batch.
    """
    bodies = [json.dumps({"data": applicant}).encode() for applicant in applicants]
    answers = [b""] * len(bodies)
    waiting = iter(enumerate(bodies))

    async def be_a_client(http: aiohttp.ClientSession) -> None:
        for position, body in waiting:
            async with http.post("/predict", data=body) as response:
                answers[position] = await response.read()
                assert response.status == 200, answers[position]

    connections = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(url, connector=connections) as http:
        await asyncio.gather(*(be_a_client(http) for _ in range(CLIENTS)))
    return [json.loads(answer) for answer in answers]


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
