"""Makes access tokens, signed with the service's secret or with an issuer's private key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from credit.errors import TokenKeyUnusable
from serving.route_scopes import AccessScope
from serving.token_check import Audience
from serving.token_keys import RSA_BITS, read_secret

MAX_LIFETIME_SECONDS = 366 * 86_400
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LIFETIME = re.compile(r"([1-9]\d{0,8})([smhd])")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs, and the one algorithm it signs by."""

    algorithm: str
    key: bytes | RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to allow.

    Attributes:
        subject: Whom: a program or a person.
        lifetime_s: For how long.
    """

    subject: str
    scopes: Collection[AccessScope]
    lifetime_s: int


def issue_token(
    grant: Grant, key: SigningKey, expected: Audience, clock: Callable[[], float] = time.time
) -> str:
    """Return a token."""
    now = int(clock())
    claims = {
        "iss": expected.issuer,
        "aud": expected.audience,
        "sub": grant.subject,
        "scope": " ".join(scope for scope in AccessScope if scope in grant.scopes),
        "iat": now,
        "exp": now + grant.lifetime_s,
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, key.key, algorithm=key.algorithm)


def read_lifetime(text: str) -> int:
    """Return the seconds of a lifetime such as 45m, 12h or 30d.

    Raises:
        ValueError: If it is none, or longer than 366 days.
    """
    found = _LIFETIME.fullmatch(text)
    seconds = int(found[1]) * _UNIT_SECONDS[found[2]] if found else 0
    if not 0 < seconds <= MAX_LIFETIME_SECONDS:
        raise ValueError(f"{text!r} is no lifetime; expected such as 45m, 12h or 30d, up to 366d.")
    return seconds


def choose_signing_key(secret: str | None, private_key: Path | None) -> SigningKey:
    """Return the private key of a file if one is named, else the secret.

    Raises:
        TokenKeyUnusable: If there is neither, or what there is cannot sign.
    """
    if private_key is not None:
        return SigningKey("RS256", _read_private_key(private_key))
    if secret is not None:
        return SigningKey("HS256", read_secret(secret, "CREDIT_TOKEN_SECRET"))
    raise TokenKeyUnusable(
        "There is no key to sign a token with. Set CREDIT_TOKEN_SECRET to the service's own "
        "(`openssl rand -hex 32` makes one), or name a private RSA key by --private-key."
    )


def _read_private_key(file: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise TokenKeyUnusable(
            f"The private key {file} cannot be read: {error.strerror}."
        ) from None
    except TypeError:
        raise TokenKeyUnusable(
            f"The private key {file} is encrypted: `openssl pkey -in {file}` decrypts it."
        ) from None
    except Exception as error:  # noqa: BLE001 -- whatever is wrong, it is no key
        raise TokenKeyUnusable(
            f"{file} is no private key in PEM ({type(error).__name__}). `openssl genpkey "
            "-algorithm RSA -pkeyopt rsa_keygen_bits:3072` makes one."
        ) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS:
        raise TokenKeyUnusable(
            f"{file} is no RSA key of at least {RSA_BITS} bits; tokens are signed by RS256."
        )
    return key
