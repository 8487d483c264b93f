from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import uvloop

from benchmarks.serving.connection import Target
from benchmarks.serving.judging import Judge
from benchmarks.serving.load import Load, Outcome, generate, read_load

BODIES = [b'{"data": 1}', b'{"data": 2}', b'{"data": 3}']


@dataclass
class Answering:
    """A server whose answer to each request a function chooses; None closes the connection."""

    choose: Callable[[int], bytes | None]
    delay_s: Callable[[int], float] = lambda _number: 0.0
    seen: list[bytes] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.seen.append(await reader.readexactly(length))
                number = len(self.seen)
                await asyncio.sleep(self.delay_s(number))
                answer = self.choose(number)
                if answer is None:
                    break
                writer.write(answer)
                if b"Connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()


def respond(probability: float = 0.25, status: str = "200 OK", extra: str = "") -> bytes:
    body = f'{{"probability":{probability}}}'
    return f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@asynccontextmanager
async def serve(answering: Answering) -> AsyncIterator[str]:
    server = await asyncio.start_server(answering.answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/predict"
    finally:
        server.close()


def put_under(answering: Answering, **changes: object) -> Outcome:
    async def run() -> Outcome:
        async with serve(answering) as url:
            load = Load(Target(url), BODIES, Judge([[0.25]] * 3), concurrency=4, seconds=0.3)
            return await generate(replace(load, **changes), lambda _event: None)  # type: ignore[arg-type]

    return uvloop.run(run())


def test_every_answer_is_counted_and_the_questions_come_in_turn() -> None:
    answering = Answering(lambda _number: respond(), lambda _number: 0.005)

    outcome = put_under(answering, concurrency=1)

    assert outcome.whole.failures == {}
    assert len(answering.seen) - 1 <= outcome.whole.answered <= len(answering.seen)
    assert answering.seen[:4] == [*BODIES, BODIES[0]]
    assert outcome.whole.p50_ms >= 5
    assert outcome.whole.rate == pytest.approx(outcome.whole.answered / 0.3)


def test_as_many_are_in_flight_as_there_are_connections() -> None:
    answering = Answering(lambda _number: respond(), lambda _number: 0.02)

    outcome = put_under(answering, concurrency=8)

    assert outcome.whole.answered > 2 * 0.3 / 0.02


def test_what_comes_while_warming_up_does_not_count() -> None:
    answering = Answering(lambda _number: respond(), lambda _number: 0.005)

    outcome = put_under(answering, warmup_seconds=0.3)

    assert 0 < outcome.whole.answered < 0.75 * len(answering.seen)


def test_another_probability_than_offline_is_a_failure() -> None:
    outcome = put_under(Answering(lambda number: respond(0.25 if number % 2 else 0.2501)))

    assert outcome.whole.answered > 0
    assert outcome.whole.failures.keys() == {"another probability than offline"}


def test_another_status_is_a_failure() -> None:
    outcome = put_under(Answering(lambda _number: respond(status="503 Service Unavailable")))

    assert outcome.whole.answered == 0
    assert outcome.whole.failures.keys() == {"status 503"}


def test_a_failure_counts_though_it_came_while_warming_up() -> None:
    answering = Answering(lambda number: respond(0.25 if number > 1 else 0.7))

    assert put_under(answering, warmup_seconds=0.1).whole.failed == 1


def test_a_lost_connection_is_a_failure_and_is_replaced() -> None:
    answering = Answering(lambda number: None if number == 3 else respond())

    outcome = put_under(answering, concurrency=1)

    assert outcome.whole.failures == {"connection lost": 1}
    assert outcome.whole.answered > 3


def test_a_connection_that_is_not_kept_alive_is_replaced_and_no_failure() -> None:
    answering = Answering(lambda _number: respond(extra="Connection: close\r\n"))

    outcome = put_under(answering, concurrency=1)

    assert outcome.whole.failures == {}
    assert outcome.whole.answered > 3


def test_a_question_without_an_answer_is_a_failure() -> None:
    answering = Answering(lambda _number: respond(), lambda number: 0.0 if number > 1 else 30.0)

    outcome = put_under(answering, timeout_seconds=0.1)

    assert outcome.whole.failures == {"timeout": 1}


def test_at_a_fixed_rate_every_question_that_was_due_is_accounted_for() -> None:
    outcome = put_under(Answering(lambda _number: respond()), rate=100.0)

    assert outcome.whole.answered == 30
    assert outcome.whole.failures == {}


def test_at_a_fixed_rate_latency_counts_from_when_a_question_was_due() -> None:
    """One slow answer on the only connection is felt by all that wait behind it."""
    answering = Answering(lambda _number: respond(), lambda number: 0.0 if number > 1 else 0.2)

    outcome = put_under(answering, rate=100.0, concurrency=1)

    assert outcome.whole.answered == 30
    assert outcome.whole.p50_ms > 40


def test_at_a_fixed_rate_what_could_not_be_sent_is_a_failure() -> None:
    answering = Answering(lambda _number: respond(), lambda _number: 30.0)

    outcome = put_under(answering, rate=100.0, concurrency=2, timeout_seconds=0.1)

    assert outcome.whole.answered == 0
    assert outcome.whole.failed == 30
    assert "never sent" in outcome.whole.failures


def test_stretches_are_told_apart() -> None:
    outcome = put_under(Answering(lambda _number: respond()), rate=100.0, stretch_seconds=0.1)

    assert [stretch.answered for stretch in outcome.stretches] == pytest.approx([10, 10, 10], abs=1)


def test_expected_answers_must_be_as_many_as_bodies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bodies").write_text("{}\n{}\n")
    (tmp_path / "expected").write_text("[0.5]\n")
    files = ["--bodies", str(tmp_path / "bodies"), "--expected", str(tmp_path / "expected")]

    with pytest.raises(SystemExit):
        read_load(["--url", "http://127.0.0.1:1/", *files])

    assert "2 bodies and 1 expected answers" in capsys.readouterr().err
