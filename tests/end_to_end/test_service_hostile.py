"""The service among those who mean it harm: no failure, no hang, no growth, no word too many."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.end_to_end.malformed_requests import SECRETS, Attack, make_attacks

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service

AT_A_TIME = 24
PATIENCE_SECONDS = 20
GLANCE_SECONDS = 0.1
BOMB_SECONDS = 5
MARGIN_MB = 40  # twice the largest body, which the allocator may keep
BOMBS_MARGIN_MB = 100  # of 400 MB that are sent
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
RESET = struct.pack("ii", 1, 0)


@dataclass
class Outcome:
    """What came of the attacks."""

    statuses: Counter[int] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    failed: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    hung: list[tuple[str, bytes]] = field(default_factory=list)
    unanswered: list[tuple[str, bytes]] = field(default_factory=list)

    def note(self, attack: Attack, answer: bytes) -> None:
        statuses = [int(status) for status in STATUS.findall(answer)]
        self.statuses.update(statuses)
        self.by_kind[attack.kind, statuses[0] if statuses else None] += 1
        if any(status >= 500 for status in statuses):
            self.failed.append((attack.kind, attack.parts[0][:300], answer[:300]))
        if attack.ending == "wait" and not statuses:
            self.unanswered.append((attack.kind, attack.parts[0][:300]))


async def attack_all(service: Service, attacks: Iterable[Attack]) -> Outcome:
    """Send all attacks, some at a time, and return what came of them."""
    address = httpx.URL(service.url)
    outcome = Outcome()
    waiting = iter(attacks)

    async def be_an_attacker() -> None:
        for attack in waiting:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    answer = await send(address.host, address.port or 0, attack)
            except TimeoutError:
                outcome.hung.append((attack.kind, attack.parts[0][:300]))
            else:
                outcome.note(attack, answer)

    await asyncio.gather(*(be_an_attacker() for _ in range(AT_A_TIME)))
    return outcome


async def send(host: str, port: int, attack: Attack) -> bytes:
    """Return what the service says before it ends the connection."""
    reader, writer = await asyncio.open_connection(host, port)
    answer = b""
    with suppress(ConnectionError):
        for part in attack.parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if attack.ending == "shut":
            writer.write_eof()
        if attack.ending in {"wait", "shut"}:
            while chunk := await reader.read(65_536):
                answer += chunk
        elif attack.ending == "glance":
            with suppress(TimeoutError):
                answer = await asyncio.wait_for(reader.read(65_536), GLANCE_SECONDS)
    if attack.ending == "reset":
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def measure_memory(service: Service) -> float:
    """Return the proportional set size of all the service's processes, in MB."""
    main = psutil.Process(service.process.pid)
    family = [main, *main.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in family) / 1e6


@contextmanager
def require_as_before(
    service: Service, published: Published, margin_mb: float = MARGIN_MB
) -> Iterator[None]:
    """Fail if what is done in between leaves traces: in memory, in the log, in an answer."""
    said = len(read_log(service))
    memory_mb = measure_memory(service)
    yield
    assert measure_memory(service) - memory_mb < margin_mb
    started = time.monotonic()
    answer = service.ask(published.applicants[0])
    assert time.monotonic() - started < 1
    assert answer["probability"] == published.score_offline()[0]
    added = read_log(service)[said:]
    assert [secret for secret in SECRETS if secret in added] == []
    assert "Traceback" not in added
    assert "[ERROR]" not in added


def read_log(service: Service) -> str:
    return service.output.read_text(errors="replace")


def attack(service: Service, published: Published, count: int, seed: int) -> Outcome:
    attacks = make_attacks(published.applicants[0], count, seed)
    return asyncio.run(attack_all(service, attacks))


def require_harmless(outcome: Outcome, count: int) -> None:
    assert outcome.failed == []
    assert outcome.hung == []
    assert outcome.unanswered == []
    assert sum(outcome.by_kind.values()) == count
    assert {200, 400, 404, 405, 413, 422, 431} <= set(outcome.statuses)


def test_a_thousand_malformed_requests_do_no_harm(service: Service, published: Published) -> None:
    attack(service, published, 100, seed=1)  # what is loaded at first use is no growth

    with require_as_before(service, published):
        outcome = attack(service, published, 1_000, seed=2)

    require_harmless(outcome, 1_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [3, 4])
def test_ten_thousand_malformed_requests_do_no_harm(
    service: Service, published: Published, seed: int
) -> None:
    attack(service, published, 1_000, seed=1)

    with require_as_before(service, published):
        outcome = attack(service, published, 10_000, seed)

    require_harmless(outcome, 10_000)


def test_whoever_sends_heads_without_end_is_cut_off(service: Service, published: Published) -> None:
    pieces = {
        b"GET /": b"a" * 65_536,
        b"GET / HTTP/1.1\r\nX: ": b"a" * 65_536,
        b"GET / HTTP/1.1\r\n": b"X: y\r\n" * 10_000,
    }
    with require_as_before(service, published):
        for start, piece in pieces.items():
            with connect(service) as connection:
                assert send_until_cut(connection, start, piece) < 10_000_000


def send_until_cut(connection: socket.socket, start: bytes, piece: bytes) -> int:
    """Return how many bytes were taken before the service ended the connection."""
    connection.sendall(start)
    for number in range(1_000):
        try:
            connection.sendall(piece)
        except ConnectionError:
            return number * len(piece)
    return 1_000 * len(piece)


def test_many_who_end_their_side_at_once_are_no_failures(
    service: Service, published: Published
) -> None:
    valid = json.dumps({"data": published.applicants[0]}).encode()
    head = b"HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n"
    requests = [
        b"POST %b " % route + head % len(body) + body
        for body in (valid, b"{}")  # the second is answered before it is known that they went
        for route in (b"/predict", b"/explain", b"/predict-minimal", b"/nowhere")
    ]

    with require_as_before(service, published):
        for _ in range(50):
            for request in requests:
                with connect(service) as connection:
                    connection.sendall(request)
                    connection.shutdown(socket.SHUT_WR)


BODIES: dict[str, Callable[[], bytes]] = {
    "lists in lists": lambda: b"[" * 100_000,
    "objects in objects": lambda: b'{"data":' * 100_000,
    "lists in a field": lambda: b'{"data":{"SK_ID_CURR":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "a long integer": lambda: b'{"data":{"SK_ID_CURR":' + b"9" * 100_000 + b"}}",
    "a longer one": lambda: b'{"data":{"SK_ID_CURR":' + b"9" * 16_000_000 + b"}}",
    "a long fraction": lambda: b'{"data":{"AMT_CREDIT":1.' + b"3" * 16_000_000 + b"}}",
    "a long name": lambda: b'{"data":{"' + b"k" * 1_000_000 + b'":1}}',
    "a long text": lambda: b'{"data":{"CODE_GENDER":"' + b"F" * 16_000_000 + b'"}}',
    "a million numbers": lambda: b'{"data":[' + b"1," * 1_000_000 + b"1]}",
    "five million lists": lambda: b'{"data":[' + b"[]," * 5_000_000 + b"[]]}",
    "nine hundred thousand fields": lambda: b'{"data":{' + name_fields(900_000) + b"}}",
    "as many in a history": lambda: (
        b'{"data":{"history":{"bureau":[{' + name_fields(900_000) + b"}]}}}"
    ),
    "a thousand rows of faults": lambda: (
        b'{"data":[' + b",".join([b"{" + name_fields(900) + b"}"] * 1_000) + b"]}"
    ),
    "a byte too many": lambda: b" " * (16 * 1024 * 1024 + 1),
}


def name_fields(count: int) -> bytes:
    return b",".join(b'"%d":1' % number for number in range(count))


def throw_all(service: Service, route: str) -> None:
    for name, make in BODIES.items():
        started = time.monotonic()
        response = service.post(make(), route=route)
        assert response.status_code in {413, 422}, name
        assert len(response.content) < 200_000, name
        assert time.monotonic() - started < BOMB_SECONDS, name


def test_no_body_bomb_goes_off(service: Service, published: Published) -> None:
    throw_all(service, "/predict")  # the allocator keeps what the first ones took

    with require_as_before(service, published, BOMBS_MARGIN_MB):
        throw_all(service, "/explain")
        throw_all(service, "/predict-minimal")


def test_huge_histories_of_a_thousand_applicants_are_refused_or_answered(
    service: Service, published: Published
) -> None:
    loans = [{"SK_ID_BUREAU": number, "DAYS_CREDIT": -5} for number in range(21)]
    rows = [applicant | {"history": {"bureau": loans}} for applicant in published.applicants]

    with require_as_before(service, published):
        refused = service.post({"data": (rows * 3)[:1_000]})
        unlike = service.post({"data": rows[0] | {"history": {"bureau": loans * 300}}})

    assert (refused.status_code, refused.json()["detail"][0]["type"]) == (413, "too_long")
    assert (unlike.status_code, unlike.json()["detail"][0]["type"]) == (422, "too_long")


@pytest.mark.parametrize("size", [b"Content-Length: 17825792", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("route", ["/predict", "/explain", "/predict-minimal"])
def test_a_caller_who_goes_on_sending_too_much_is_told_so_and_nothing_hangs(
    service: Service, route: str, size: bytes
) -> None:
    head = f"POST {route} HTTP/1.1\r\nHost: test\r\n".encode() + size + b"\r\n\r\n"
    piece = b" " * 65_536
    sent = piece if b"Length" in size else b"%x\r\n%b\r\n" % (len(piece), piece)

    with connect(service) as connection:
        connection.sendall(head)
        with suppress(ConnectionError):
            for _ in range(17 * 1024 * 1024 // len(piece)):
                connection.sendall(sent)
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert service.get("/livez").status_code == 200


def connect(service: Service) -> socket.socket:
    address = httpx.URL(service.url)
    connection = socket.create_connection((address.host, address.port or 0), PATIENCE_SECONDS)
    connection.settimeout(PATIENCE_SECONDS)
    return connection
