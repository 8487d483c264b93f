from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.limiter import PROBES, Limiter
from serving.limits import Limits
from tests.serving.asgi_asking import Answering, Asked, ask

LIMITS = Limits(concurrency=2, deadline_seconds=5.0, body_bytes=100)


def limit(app: ASGIApp, limits: Limits = LIMITS) -> Limiter:
    return Limiter(app, limits)


async def hold(app: Answering, limiter: Limiter, requests: int) -> list[asyncio.Task[Asked]]:
    """Begin requests that are not answered before the application is let go."""
    app.held.clear()
    held = [asyncio.create_task(ask(limiter)) for _ in range(requests)]
    await app.wait_for(requests)
    return held


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    app = Answering()

    asked = asyncio.run(ask(limit(app), headers=[("content-length", "101")]))

    assert (asked.status, asked.fault["type"], asked.fault["loc"]) == (413, "too_long", ["body"])
    assert not app.scopes


def test_a_body_of_the_largest_size_is_taken() -> None:
    asked = asyncio.run(ask(limit(Answering()), headers=[("content-length", "100")]))

    assert asked.status == 200


def test_one_request_more_than_may_be_is_told_to_come_back_and_probes_are_answered() -> None:
    async def ask_more() -> tuple[Asked, list[int], list[int]]:
        app = Answering()
        limiter = limit(app)
        held = await hold(app, limiter, 2)
        refused = await ask(limiter)
        probes = [asyncio.create_task(ask(limiter, path, "GET")) for path in sorted(PROBES)]
        app.held.set()
        return (
            refused,
            [(await probe).status for probe in probes],
            [(await answer).status for answer in held],
        )

    refused, probes, held = asyncio.run(ask_more())

    assert (refused.status, refused.fault["type"]) == (503, "unavailable")
    assert refused.headers["retry-after"] == "1"
    assert probes == [200] * len(PROBES)
    assert held == [200, 200]


@pytest.mark.parametrize("failure", [None, RuntimeError(), asyncio.CancelledError()])
def test_whoever_is_done_frees_a_place_in_whatever_way(failure: BaseException | None) -> None:
    async def ask_on() -> int:
        app = Answering(failure=failure)
        limiter = limit(app, replace(LIMITS, body_bytes_in_flight=150))
        for _ in range(5):
            with suppress(RuntimeError, asyncio.CancelledError):
                await ask(limiter, headers=[("content-length", "100")])
        app.failure = None
        return (await ask(limiter, headers=[("content-length", "100")])).status

    assert asyncio.run(ask_on()) == 200


def test_whoever_goes_frees_a_place() -> None:
    async def go() -> int:
        limiter = limit(Answering(), replace(LIMITS, concurrency=1))
        await ask(limiter, chunks=[b"abc"], patient=False)
        return (await ask(limiter)).status

    assert asyncio.run(go()) == 200


def test_who_is_not_answered_in_time_is_told_so() -> None:
    async def wait() -> tuple[Asked, int]:
        app = Answering()
        limiter = limit(app, replace(LIMITS, concurrency=1, deadline_seconds=0.05))
        (held,) = await hold(app, limiter, 1)
        late = await held
        app.held.set()
        return late, (await ask(limiter)).status

    late, afterwards = asyncio.run(wait())

    assert (late.status, late.fault["type"]) == (504, "unavailable")
    assert "0.05 seconds" in late.fault["msg"]
    assert late.headers["retry-after"] == "1"
    assert afterwards == 200


def test_a_time_limit_of_the_application_itself_is_no_deadline() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(ask(limit(Answering(failure=TimeoutError()))))


def test_bodies_that_together_are_too_large_are_not_all_taken() -> None:
    async def ask_three() -> tuple[list[int], int]:
        app = Answering()
        limiter = limit(app, replace(LIMITS, concurrency=10, body_bytes_in_flight=250))
        app.held.clear()
        large = [("content-length", "100")]
        asking = [asyncio.create_task(ask(limiter, headers=large)) for _ in range(3)]
        await app.wait_for(2)
        await asyncio.sleep(0)
        app.held.set()
        return [(await one).status for one in asking], (await ask(limiter, headers=large)).status

    assert asyncio.run(ask_three()) == ([200, 200, 503], 200)


def test_a_body_of_unknown_length_counts_as_it_comes() -> None:
    async def send_chunks() -> list[int]:
        limiter = limit(Answering(), replace(LIMITS, body_bytes_in_flight=50))
        chunked = [("transfer-encoding", "chunked")]
        return [
            (await ask(limiter, headers=chunked, chunks=[b"x" * 20] * number)).status
            for number in (2, 3, 2)
        ]

    assert asyncio.run(send_chunks()) == [200, 503, 200]


def test_what_the_application_makes_of_a_body_that_was_too_much_is_not_sent() -> None:
    async def fail_by_itself(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Answering()(scope, receive, send)
        except Exception:  # noqa: BLE001 -- as BentoML does it
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

    limiter = limit(fail_by_itself, replace(LIMITS, body_bytes_in_flight=50))
    chunked = [("transfer-encoding", "chunked")]

    refused = asyncio.run(ask(limiter, headers=chunked, chunks=[b"x" * 20] * 3))

    assert refused.status == 503
    assert refused.headers["retry-after"] == "1"
