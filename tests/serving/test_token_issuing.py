"""Tokens that `credit token` prints: what they say, and that the service takes them."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from credit.errors import TokenKeyUnusable
from serving.token_issuing import choose_signing_key, read_lifetime
from tests.command import Home
from tests.serving.access_gate import (
    PRIVATE_KEY,
    SECRET,
    WITH_SECRET,
    SetAccess,
    ask_with,
    write_pem,
    write_private_pem,
)

PRIVATE = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("45m", 2_700), ("12h", 43_200), ("366d", 31_622_400)],
)
def test_a_lifetime_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert read_lifetime(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0d", "-1d", "5", "d", "367d", "1.5h", "5 d", "5d\n", "9" * 30, "99999999d"]
)
def test_what_is_no_lifetime_or_longer_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no lifetime"):
        read_lifetime(text)


def test_the_secret_signs_what_the_service_with_the_same_secret_takes(home: Home) -> None:
    finished = home.run(
        *("token", "--subject", "a branch", "--scope", "score", "--scope", "logs"),
        *("--lifetime", "2h"),
        CREDIT_TOKEN_SECRET=SECRET,
    )

    token = finished.out.strip()
    claims = jwt.decode(token, SECRET, ["HS256"], audience="credit-scoring")
    assert (finished.exit_code, finished.err) == (0, "")
    assert ask_with(token, WITH_SECRET, "/predict").status_code == 200
    assert ask_with(token, WITH_SECRET, "/explain").status_code == 403
    assert (claims["sub"], claims["scope"]) == ("a branch", "score logs")
    assert claims["exp"] - claims["iat"] == 7_200


def test_a_private_key_signs_what_the_service_with_its_public_key_takes(
    home: Home, tmp_path: Path
) -> None:
    file = tmp_path / "private.pem"
    file.write_bytes(write_private_pem(PRIVATE_KEY))

    finished = home.run(
        *("token", "--subject", "a branch", "--scope", "explain", "--private-key", file),
        CREDIT_TOKEN_SECRET=SECRET,
    )

    settings = SetAccess(token_public_key=write_pem(PRIVATE_KEY))
    assert ask_with(finished.out.strip(), settings, "/explain").status_code == 200


def test_without_a_key_the_command_says_which_setting_takes_one(home: Home) -> None:
    finished = home.run("token", "--subject", "a branch", "--scope", "score")

    assert (finished.exit_code, finished.out) == (20, "")
    assert "CREDIT_TOKEN_SECRET" in finished.err
    assert "--private-key" in finished.err


def write_curve_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(*PRIVATE, serialization.NoEncryption())


def write_encrypted_key() -> bytes:
    return PRIVATE_KEY.private_bytes(*PRIVATE, serialization.BestAvailableEncryption(b"word"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"garbage", "is no private key in PEM"),
        (write_pem(PRIVATE_KEY).encode(), "is no private key in PEM"),
        (write_encrypted_key(), "is encrypted"),
        (write_curve_key(), "is no RSA key of at least 2048 bits"),
        (None, "cannot be read: No such file"),
    ],
    ids=["garbage", "public", "encrypted", "curve", "none"],
)
def test_a_file_that_cannot_sign_is_refused(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "private.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(TokenKeyUnusable, match=told):
        choose_signing_key(None, file)


def test_a_secret_that_is_too_short_does_not_sign() -> None:
    with pytest.raises(TokenKeyUnusable, match="has 5 bytes"):
        choose_signing_key("short", None)
