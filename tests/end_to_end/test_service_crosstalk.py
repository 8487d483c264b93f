"""Nobody gets, and nobody's record holds, what belongs to another one of many."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiohttp
import pytest

from serving.log_writer import hash_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.end_to_end.conftest import Applicant, Published, Service

CLIENTS = 256
FIRST_UNKNOWN = 500_000


@dataclass(frozen=True)
class Question:
    """What one request asks, and by which id."""

    route: str
    request_id: str
    applicant: Applicant

    @property
    def body(self) -> bytes:
        return json.dumps({"data": self.applicant}).encode()


@dataclass(frozen=True)
class Heard:
    """What one request was answered."""

    status: int
    request_id: str | None
    content: dict[str, Any]


def make_applicants(published: Published, count: int) -> list[Applicant]:
    """Return applicants of whom no two are alike, and whom the history store does not know."""
    known = published.applicants
    return [
        known[number % len(known)]
        | {
            "SK_ID_CURR": FIRST_UNKNOWN + number,
            "AMT_INCOME_TOTAL": 50_000.25 + number,
            "EXT_SOURCE_2": number / count,
        }
        for number in range(count)
    ]


def make_questions(applicants: Sequence[Applicant]) -> list[Question]:
    """Return a question about each: every eighth to be explained, every eighth invalid."""
    run = uuid4().hex
    questions = []
    for number, applicant in enumerate(applicants):
        route = "/explain" if number % 8 == 3 else "/predict"
        fault = {f"FAULT_{number}": number} if number % 8 == 5 else {}
        questions.append(Question(route, f"{run}-{number}", applicant | fault))
    return questions


async def ask_all(url: str, questions: Sequence[Question]) -> list[Heard]:
    """Ask all of them, 256 at a time, and return the answers in order."""
    bodies = [question.body for question in questions]
    heard: dict[int, Heard] = {}
    waiting = iter(enumerate(questions))
    everybody = asyncio.Barrier(CLIENTS)

    async def be_a_client(http: aiohttp.ClientSession) -> None:
        await everybody.wait()
        for place, question in waiting:
            headers = {"X-Request-ID": question.request_id}
            async with http.post(question.route, data=bodies[place], headers=headers) as response:
                content = await response.json()
                returned = response.headers.get("X-Request-ID")
                heard[place] = Heard(response.status, returned, content)

    connections = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(url, connector=connections) as http:
        await asyncio.gather(*(be_a_client(http) for _ in range(CLIENTS)))
    return [heard[place] for place in range(len(questions))]


def require_own(service: Service, published: Published, count: int) -> None:
    applicants = make_applicants(published, count)
    features = published.compute_features(applicants)
    pds = [float(pd) for pd in published.booster.inplace_predict(features)]
    questions = make_questions(applicants)

    answers = asyncio.run(ask_all(service.url, questions))

    log = service.read_log()
    for number, (question, heard) in enumerate(zip(questions, answers, strict=True)):
        assert heard.request_id == question.request_id
        if f"FAULT_{number}" in question.applicant:
            (fault,) = heard.content["detail"]
            assert (heard.status, fault["loc"]) == (422, ["body", "data", f"FAULT_{number}"])
            assert question.request_id not in log
            continue
        answer, logged = heard.content, log[question.request_id]
        assert heard.status == 200, answer
        assert answer["request_id"] == question.request_id
        assert answer["SK_ID_CURR"] == question.applicant["SK_ID_CURR"]
        assert answer["probability"] == pds[number]
        assert {name: logged[name] for name in ("probability", "decision", "threshold")} == {
            name: answer[name] for name in ("probability", "decision", "threshold")
        }
        assert logged["route"] == question.route
        assert logged["features_sha256"] == hash_features(features[number])
        inputs = {name: cell for name, cell in question.applicant.items() if cell is not None}
        assert json.loads(logged["inputs"]) == {
            name: cell for name, cell in inputs.items() if name != "SK_ID_CURR"
        }


def test_256_at_a_time_get_their_own_answers_and_their_own_records(
    service: Service, published: Published
) -> None:
    require_own(service, published, 1_024)


@pytest.mark.slow
def test_256_at_a_time_get_their_own_answers_in_twenty_thousand_requests(
    service: Service, published: Published
) -> None:
    require_own(service, published, 20_000)
