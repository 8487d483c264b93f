"""Keys behind an address: when they are fetched, and what happens when they cannot be."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from serving.jwks import FRESH_SECONDS, RETRY_SECONDS, STALE_SECONDS, USABLE_SECONDS, Jwks, KeysAway
from tests.serving.access_gate import (
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    SetAccess,
    ask,
    make_gate,
    make_token,
    read_fault,
)


def write_jwks(**keys: rsa.RSAPrivateKey) -> bytes:
    entries = [
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": name}
        for name, key in keys.items()
    ]
    return json.dumps({"keys": entries}).encode()


class Issuer:
    """Gives its keys, or fails; counts how often it was asked; its clock is set by hand."""

    def __init__(self) -> None:
        self.content: bytes | Exception = write_jwks(first=PRIVATE_KEY)
        self.asked = 0
        self.now_s = 1_000.0
        self.jwks = Jwks("https://issuer.example/jwks", self.load, lambda: self.now_s)

    async def load(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.content, Exception):
            raise self.content
        return self.content

    async def count(self, key_id: str | None) -> int:
        """Return how many keys are found; what it began in the background is done by then."""
        found = len(await self.jwks.find(key_id))
        if self.jwks._reading is not None:
            await self.jwks._reading
        return found


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def test_nothing_is_fetched_before_a_token_asks(issuer: Issuer) -> None:
    assert issuer.asked == 0


def test_keys_are_fetched_once_for_many_who_ask_at_the_same_time(issuer: Issuer) -> None:
    async def ask_together() -> list[int]:
        return await asyncio.gather(*(issuer.count("first") for _ in range(20)))

    assert asyncio.run(ask_together()) == [1] * 20
    assert issuer.asked == 1


def test_older_keys_count_while_newer_ones_are_fetched(issuer: Issuer) -> None:
    async def grow_old() -> list[int]:
        counts = [await issuer.count("first")]
        issuer.content = write_jwks(second=OTHER_PRIVATE_KEY)
        issuer.now_s += FRESH_SECONDS + 1
        counts += [await issuer.count("first")]  # withdrawn, which is being found out
        issuer.now_s += RETRY_SECONDS + 1
        return [*counts, await issuer.count("first"), await issuer.count("second")]

    assert asyncio.run(grow_old()) == [1, 1, 0, 1]


def test_stale_keys_do_not_count_before_newer_ones_were_asked_for(issuer: Issuer) -> None:
    async def sleep() -> list[int]:
        counts = [await issuer.count("first")]
        issuer.content = write_jwks(second=OTHER_PRIVATE_KEY)
        issuer.now_s += STALE_SECONDS + 1
        return [*counts, await issuer.count("first")]

    assert asyncio.run(sleep()) == [1, 0]


def test_an_unknown_key_has_them_fetched_once_in_a_while(issuer: Issuer) -> None:
    async def attack() -> int:
        await issuer.count("first")
        issuer.now_s += RETRY_SECONDS + 1
        for number in range(50):
            assert await issuer.count(f"unknown {number}") == 0
        return issuer.asked

    assert asyncio.run(attack()) == 2


def test_a_new_key_counts_as_soon_as_a_token_names_it(issuer: Issuer) -> None:
    async def rotate() -> int:
        await issuer.count("first")
        issuer.content = write_jwks(first=PRIVATE_KEY, second=OTHER_PRIVATE_KEY)
        issuer.now_s += RETRY_SECONDS + 1
        return await issuer.count("second")

    assert asyncio.run(rotate()) == 1


@pytest.mark.parametrize("failure", [OSError("no way there"), b"<html>", ValueError("bad address")])
def test_an_issuer_that_fails_for_an_hour_stops_nobody_and_then_everybody(
    issuer: Issuer, failure: bytes | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def wait_for_an_hour() -> int:
        await issuer.count("first")
        issuer.content = failure
        issuer.now_s += USABLE_SECONDS - 1
        kept = await issuer.count("first")
        issuer.now_s += RETRY_SECONDS + 1
        with pytest.raises(KeysAway):
            await issuer.count("first")
        with pytest.raises(KeysAway):
            await issuer.count("first")  # at once, for half a minute
        return kept

    assert asyncio.run(wait_for_an_hour()) == 1
    assert issuer.asked == 3
    assert caplog.text.count("https://issuer.example/jwks") == 2


def test_a_caller_who_goes_away_does_not_stop_the_fetching_for_the_others(issuer: Issuer) -> None:
    async def leave() -> int:
        leaving = asyncio.create_task(issuer.count("first"))
        staying = asyncio.create_task(issuer.count("first"))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(leave()) == 1


@contextmanager
def serve_jwks(status: int, content: bytes) -> Iterator[str]:
    """Answer everything with a status and a content, on 127.0.0.1; gives the address."""

    class Speaker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Speaker) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://ann:s3cret@127.0.0.1:{server.server_port}/jwks.json?key=k3y"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "content", "answer"),
    [
        (200, write_jwks(first=PRIVATE_KEY), 200),
        (302, write_jwks(first=PRIVATE_KEY), 503),
        (404, b"", 503),
        (200, b" " * 1_000_001, 503),
        (200, b"<html>", 503),
    ],
    ids=["keys", "redirect", "not there", "too large", "no keys"],
)
def test_keys_are_fetched_over_http_and_what_is_no_jwks_opens_nothing(
    status: int, content: bytes, answer: int, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_token(key=PRIVATE_KEY, algorithm="RS256", headers={"kid": "first"})

    with serve_jwks(status, content) as address:
        gate = make_gate(SetAccess(token_jwks=address))
        response = ask(gate, headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == answer
    if answer == 503:
        assert read_fault(response) == (503, "unavailable")
        assert "/jwks.json" in caplog.text
        assert "s3cret" not in caplog.text
        assert "k3y" not in caplog.text
