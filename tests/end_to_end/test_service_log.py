"""Whatever was answered is in the decision log, whatever becomes of the service."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
import pytest

from credit.bundle import Bundle
from credit.prediction import predict_pd
from serving.replay import replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.end_to_end.conftest import Applicant, Published, Service, Start

CLIENTS = 64
ANSWERS_BEFORE_THE_KILL = 300
PROCESSES = ("credit_scoring", "credit_runner", "main")


async def ask_until_it_dies(
    service: Service, applicants: Sequence[Applicant], victim: psutil.Process
) -> dict[str, dict[str, Any]]:
    """Kill a process under load, and return the answers that came through, by request id."""
    bodies = [json.dumps({"data": applicant}).encode() for applicant in applicants]
    answered: dict[str, dict[str, Any]] = {}
    dead = False

    async def be_a_client(number: int, http: aiohttp.ClientSession) -> None:
        nonlocal dead
        turn = 0
        while not dead or turn % 8:  # a few more, while it dies
            turn += 1
            request_id = f"{number}-{turn}"
            try:
                async with http.post(
                    "/predict",
                    data=bodies[(number + turn) % len(bodies)],
                    headers={"X-Request-ID": request_id},
                ) as response:
                    if response.status == 200:
                        answered[request_id] = await response.json()
            except (aiohttp.ClientError, TimeoutError):
                continue
            if len(answered) >= ANSWERS_BEFORE_THE_KILL and not dead:
                dead = True
                os.kill(victim.pid, signal.SIGKILL)

    limits = aiohttp.ClientTimeout(total=10)
    connections = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(service.url, connector=connections, timeout=limits) as http:
        await asyncio.gather(*(be_a_client(number, http) for number in range(CLIENTS)))
    return answered


def require_all_logged(service: Service, answered: dict[str, dict[str, Any]]) -> None:
    logged = service.read_log()
    assert len(answered) >= ANSWERS_BEFORE_THE_KILL
    assert set(answered) <= set(logged)
    for request_id, answer in answered.items():
        row = logged[request_id]
        assert (row["probability"], row["decision"], row["threshold"]) == (
            answer["probability"],
            answer["decision"],
            answer["threshold"],
        )


def kill_under_load(start_service: Start, published: Published, process: str) -> None:
    with start_service(published.bentoml_home, published.history_store) as service:
        main = psutil.Process(service.process.pid)
        victim = main if process == "main" else service.find_worker(process)
        answered = asyncio.run(ask_until_it_dies(service, published.applicants, victim))
    require_all_logged(service, answered)


def test_no_answered_decision_is_missing_after_a_kill_under_load(
    start_service: Start, published: Published
) -> None:
    kill_under_load(start_service, published, "credit_scoring")


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("number", range(20))
def test_no_answered_decision_is_missing_after_any_of_twenty_kills(
    start_service: Start, published: Published, number: int
) -> None:
    kill_under_load(start_service, published, PROCESSES[number % len(PROCESSES)])


def test_a_logged_decision_is_computed_again_bit_for_bit(
    service: Service, published: Published
) -> None:
    booster = published.booster
    known, unknown = published.applicants[0], published.applicants[1]
    for number, row in enumerate((known, unknown)):
        service.ask(row, headers={"X-Request-ID": f"again-{number}"}, query="threshold=0.3")

    logged = service.read_log()
    for number, source in enumerate(("store", "none")):
        decision = logged[f"again-{number}"]
        again = replay(decision, published.bundle, lambda features: predict_pd(booster, features))
        assert decision["history_source"] == source
        assert decision["threshold"] == 0.3
        assert again.differences == ()


def test_a_row_that_was_changed_does_not_come_out_the_same(
    service: Service, published: Published
) -> None:
    service.ask(published.applicants[0], headers={"X-Request-ID": "changed"})
    decision = service.read_log()["changed"]
    inputs = json.loads(decision["inputs"]) | {"AMT_CREDIT": 1.0}

    again = replay(
        {**decision, "inputs": json.dumps(inputs)},
        published.bundle,
        lambda features: predict_pd(published.booster, features),
    )

    assert any("features_sha256" in difference for difference in again.differences)


def test_what_cannot_be_recorded_is_not_answered_and_goes_on_when_the_log_is_back(
    service: Service, published: Published
) -> None:
    applicant = published.applicants[0]
    service.ask(applicant)
    away = service.decision_log.with_name("away.db")
    unrecorded = service.read_metric("credit_log_unrecorded_total")

    service.decision_log.rename(away)
    try:
        response = service.post({"data": [applicant, applicant]})
    finally:
        away.rename(service.decision_log)

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert "recorded" in response.json()["detail"][0]["msg"]
    assert service.read_metric("credit_log_unrecorded_total") == unrecorded + 2
    service.ask(applicant, headers={"X-Request-ID": "back-again"})
    assert "back-again" in service.read_log()


def test_bundle_and_log_agree_on_the_model(service: Service, published: Published) -> None:
    service.ask(published.applicants[0], headers={"X-Request-ID": "model"})
    bundle: Bundle = published.bundle

    decision = service.read_log()["model"]

    assert decision["model_version"] == bundle.model_version
    assert decision["bundle_digest"] == bundle.compute_digest()
    assert decision["fingerprint"] == bundle.fingerprint
