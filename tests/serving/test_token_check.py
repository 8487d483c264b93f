"""Which tokens are good, and how long one that was found good needs no other look."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from serving.token_check import REMEMBERED_SECONDS, REMEMBERED_TOKENS, Audience, TokenChecker
from serving.token_keys import TokenKeys
from tests.serving.access_gate import (
    CLAIMS,
    NOW,
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    SECRET,
    WITH_SECRET,
    SetAccess,
    ask_with,
    make_token,
    read_fault,
    write_pem,
)

WITH_PUBLIC_KEY = SetAccess(token_public_key=write_pem(PRIVATE_KEY))


class Clock:
    """A clock that stands still until it is set on."""

    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_good_token_opens_the_route_of_its_scope(algorithm: str) -> None:
    settings = {"HS256": WITH_SECRET, "RS256": WITH_PUBLIC_KEY}[algorithm]
    key = {"HS256": SECRET, "RS256": PRIVATE_KEY}[algorithm]

    response = ask_with(make_token(key=key, algorithm=algorithm), settings)

    assert (response.status_code, response.text) == (200, "answered")


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("garbage", "token_invalid"),
        ("a.b.c", "token_invalid"),
        (make_token({"exp": int(NOW) - 60}), "token_expired"),
        (make_token({"nbf": int(NOW) + 86_400}), "token_immature"),
        (make_token({"iat": int(NOW) + 86_400}), "token_immature"),
        (make_token(key=SECRET[::-1]), "token_invalid"),
        (make_token(key=None, algorithm="none"), "token_invalid"),
        (make_token(key=SECRET, algorithm="HS384"), "token_invalid"),
        (make_token(key=PRIVATE_KEY, algorithm="RS256"), "token_invalid"),
        (make_token({"aud": "somebody-else"}), "token_audience"),
        (make_token({"iss": "somebody-else"}), "token_issuer"),
        (make_token({"exp": None}), "token_claims"),
        (make_token({"aud": None}), "token_claims"),
        (make_token({"iss": None}), "token_claims"),
        (make_token({"sub": None}), "token_claims"),
        (make_token({"scope": ["score"]}), "token_claims"),
        (make_token({"exp": "tomorrow"}), "token_invalid"),
        (make_token({"exp": float("inf")}), "token_invalid"),
        (make_token(headers={"crit": ["x"], "x": 1}), "token_invalid"),
        (make_token({"note": "x" * 10_000}), "token_too_long"),
        (make_token()[:-2], "token_invalid"),
        ("[" * 8_000, "token_invalid"),
    ],
)
def test_a_token_that_is_no_good_opens_nothing(token: str, kind: str) -> None:
    response = ask_with(token)

    assert read_fault(response) == (401, kind)
    assert response.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    assert token not in response.text


def test_a_public_key_is_not_taken_for_a_secret() -> None:
    pem = write_pem(PRIVATE_KEY)
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, CLAIMS)
    ]
    signature = hmac.digest(pem.encode(), b".".join(parts), hashlib.sha256)
    forged = b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()

    both = SetAccess(token_secret=SecretStr(SECRET), token_public_key=pem)
    for settings in (WITH_PUBLIC_KEY, both):
        assert read_fault(ask_with(forged, settings)) == (401, "token_invalid")


def test_a_token_of_another_private_key_opens_nothing() -> None:
    forged = make_token(key=OTHER_PRIVATE_KEY, algorithm="RS256")

    assert read_fault(ask_with(forged, WITH_PUBLIC_KEY)) == (401, "token_invalid")


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_two_keys_count_while_one_replaces_the_other(algorithm: str) -> None:
    if algorithm == "HS256":
        old: Any = SECRET[::-1]
        new: Any = SECRET
        settings = SetAccess(SecretStr(new), SecretStr(old))
    else:
        old, new = OTHER_PRIVATE_KEY, PRIVATE_KEY
        settings = SetAccess(token_public_key=write_pem(old) + write_pem(new))

    for key in (old, new):
        assert ask_with(make_token(key=key, algorithm=algorithm), settings).status_code == 200


def test_a_token_is_checked_once_in_a_few_minutes_and_not_longer_than_it_counts() -> None:
    clock = Clock()
    keys = CountingKeys()
    checker = make_checker(keys, clock)
    long = make_token(key=PRIVATE_KEY, algorithm="RS256").encode()
    counts = []

    for elapsed_s in (0, 1, REMEMBERED_SECONDS - 2, 2, 1):
        clock.now_s += elapsed_s
        asyncio.run(checker.check(long))
        counts.append(keys.asked)

    assert counts == [1, 1, 1, 2, 2]


def test_a_token_that_has_expired_meanwhile_is_not_remembered() -> None:
    clock = Clock()
    keys = CountingKeys()
    checker = make_checker(keys, clock)
    token = make_token({"exp": int(clock.now_s) + 30}, key=PRIVATE_KEY, algorithm="RS256").encode()

    first = asyncio.run(checker.check(token))
    clock.now_s += 31
    asyncio.run(checker.check(token))

    assert first.until_s == int(first.until_s)
    assert keys.asked == 2


def test_of_tokens_without_end_so_many_are_remembered() -> None:
    checker = make_checker(CountingKeys(), Clock())

    async def check_all() -> None:
        for number in range(REMEMBERED_TOKENS + 3):
            await checker.check(make_token({"n": number}).encode())

    asyncio.run(check_all())

    assert len(checker._remembered) == REMEMBERED_TOKENS


class CountingKeys:
    """One key, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def find(self, _key_id: str | None) -> Sequence[Any]:
        self.asked += 1
        return [PRIVATE_KEY.public_key()]


def make_checker(keys: CountingKeys, clock: Clock) -> TokenChecker:
    expected = Audience("credit-scoring", "credit-scoring")
    return TokenChecker(TokenKeys((SECRET.encode(),), keys), expected, clock)
