"""The service among those who mean it harm: no failure, no hang, no growth, no word too many."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import psutil

from tests.end_to_end.malformed_requests import Attack

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Service

AT_A_TIME = 24
PATIENCE_SECONDS = 20
GLANCE_SECONDS = 0.1
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
