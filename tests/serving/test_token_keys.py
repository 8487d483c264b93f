"""What is taken for a key, and what is refused in one line at the start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import SecretStr

from credit.errors import AccessUnguarded, TokenKeyUnusable
from serving.access_settings import open_checker, require_guard
from serving.token_keys import read_jwks
from tests.serving.access_gate import (
    OTHER_PRIVATE_KEY,
    PRIVATE_KEY,
    SECRET,
    WITH_SECRET,
    SetAccess,
    ask_with,
    make_token,
    write_pem,
    write_private_pem,
)

SHORT_PRIVATE_KEY = rsa.generate_private_key(65_537, 1_024)  # noqa: S505 -- to be refused
BROKEN_PEM = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
EVERYWHERE = "0.0.0.0"  # noqa: S104 -- nothing listens there


def write_jwk(key: rsa.RSAPrivateKey, **entries: object) -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | entries


def write_curve_pem() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, kind).decode()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (SetAccess(SecretStr("")), "CREDIT_TOKEN_SECRET has 0 bytes"),
        (SetAccess(SecretStr("x" * 31)), "CREDIT_TOKEN_SECRET has 31 bytes"),
        (SetAccess(SecretStr(SECRET), SecretStr("y")), "CREDIT_TOKEN_SECRET_PREVIOUS has 1 bytes"),
        (SetAccess(SecretStr(write_pem(PRIVATE_KEY))), "CREDIT_TOKEN_PUBLIC_KEY to a public key"),
        (SetAccess(token_public_key=""), "neither a PEM text nor a file"),
        (SetAccess(token_public_key=str(Path("gone.pem"))), "No such file"),
        (SetAccess(token_public_key=write_private_pem(PRIVATE_KEY).decode()), "private key"),
        (SetAccess(token_public_key=write_curve_pem()), "no public RSA key"),
        (SetAccess(token_jwks=""), "cannot be read"),
        (SetAccess(token_jwks=str(Path("gone.json"))), "No such file"),
        (
            SetAccess(token_jwks=str(Path("a.json")), token_public_key=write_pem(PRIVATE_KEY)),
            "both set",
        ),
        (
            SetAccess(token_public_key=write_pem(SHORT_PRIVATE_KEY)),
            "has 1024 bits",
        ),
        (
            SetAccess(token_public_key=BROKEN_PEM),
            "no public key in PEM",
        ),
    ],
)
def test_a_key_that_is_none_is_refused_in_one_line(settings: SetAccess, told: str) -> None:
    with pytest.raises(TokenKeyUnusable, match=told) as refused:
        open_checker(settings)

    for secret in (settings.token_secret, settings.token_secret_previous):
        text = secret.get_secret_value() if secret else ""
        assert len(text) < 2 or text not in str(refused.value)


def test_a_public_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "public.pem"
    file.write_text(write_pem(PRIVATE_KEY))
    token = make_token(key=PRIVATE_KEY, algorithm="RS256")

    assert ask_with(token, SetAccess(token_public_key=str(file))).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"kid": "ours"}, 200), ({"kid": "unknown"}, 401), (None, 200)],
    ids=["its name", "another name", "no name"],
)
def test_a_jwks_in_a_file_has_the_key_of_the_name_that_a_token_gives(
    tmp_path: Path, headers: dict[str, object] | None, status: int
) -> None:
    file = tmp_path / "jwks.json"
    keys = [write_jwk(OTHER_PRIVATE_KEY, kid="other"), write_jwk(PRIVATE_KEY, kid="ours")]
    file.write_text(json.dumps({"keys": keys}))
    token = make_token(key=PRIVATE_KEY, algorithm="RS256", headers=headers)

    assert ask_with(token, SetAccess(token_jwks=str(file))).status_code == status


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": 5}',
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        b'{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}',
        b'{"keys": [{"kty": "RSA", "n": 5, "e": []}]}',
        b"\xff",
        b"[" * 100_000,
        json.dumps({"keys": [write_jwk(PRIVATE_KEY, use="enc")]}).encode(),
        json.dumps({"keys": [write_jwk(PRIVATE_KEY, alg="PS256")]}).encode(),
    ],
)
def test_a_jwks_without_a_key_for_signatures_is_refused(content: bytes) -> None:
    with pytest.raises(TokenKeyUnusable, match="The JWKS"):
        read_jwks(content, "The JWKS")


@pytest.mark.parametrize("entries", [{}, {"use": "sig"}, {"alg": "RS256"}, {"kid": "a"}])
def test_a_key_of_a_jwks_need_not_say_what_it_is_for(entries: Mapping[str, object]) -> None:
    keys = [{"kty": "EC", "crv": "P-256"}, write_jwk(PRIVATE_KEY, **entries)]

    (found,) = read_jwks(json.dumps({"keys": keys}), "The JWKS")

    assert found.key.public_numbers() == PRIVATE_KEY.public_key().public_numbers()
    assert found.key_id == entries.get("kid")


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.7"])
def test_without_a_key_a_service_is_not_to_listen_where_others_reach_it(host: str) -> None:
    with pytest.raises(AccessUnguarded, match=f"Refusing to listen on {host} without a key"):
        require_guard(SetAccess(), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_without_a_key_a_service_says_that_it_listens_to_this_machine_only(host: str) -> None:
    assert f"listening on {host} only" in (require_guard(SetAccess(), host) or "")


def test_a_service_that_answers_everyone_by_intent_says_so() -> None:
    notice = require_guard(SetAccess(allow_anonymous=True), EVERYWHERE)

    assert "everyone who reaches 0.0.0.0 may ask" in (notice or "")


def test_a_service_with_a_key_has_nothing_to_say() -> None:
    assert require_guard(WITH_SECRET, EVERYWHERE) is None
