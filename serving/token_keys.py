"""The keys that tokens are checked with, each kind for its own algorithm alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

from credit.errors import TokenKeyUnusable

SECRET_BYTES = 32
RSA_BITS = 2_048
MAX_KEYS = 32
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key that checks.

    Attributes:
        key_id: What tokens call it; None: nothing, so that it is tried for all.
    """

    key: RSAPublicKey
    key_id: str | None = None


class PublicKeys(Protocol):
    """Where the RSA keys come from."""

    async def find(self, key_id: str | None) -> Sequence[RSAPublicKey]:
        """Return the keys that may have signed a token which names a key, or none."""


@dataclass(frozen=True, slots=True)
class FixedKeys:
    """Keys that stay as they are until the service is started again."""

    keys: tuple[PublicKey, ...]

    async def find(self, key_id: str | None) -> Sequence[RSAPublicKey]:
        """Return the keys that may have signed a token which names a key, or none."""
        return choose_keys(self.keys, key_id)


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """All keys, by what they can check.

    Attributes:
        secrets: For HS256.
        public: For RS256; None: there are none.
    """

    secrets: tuple[bytes, ...] = field(repr=False)
    public: PublicKeys | None


def choose_keys(keys: Sequence[PublicKey], key_id: str | None) -> list[RSAPublicKey]:
    """Return the keys of that name and those without one; without a name all."""
    return [one.key for one in keys if key_id is None or one.key_id in (None, key_id)]


def read_secret(text: str, origin: str) -> bytes:
    """Return the secret of HS256.

    Args:
        text: What was set.
        origin: Where, for the error, which never tells the text.

    Raises:
        TokenKeyUnusable: If it has fewer than 32 bytes, or is a public or private key.
    """
    secret = text.encode()
    if len(secret) < SECRET_BYTES:
        raise TokenKeyUnusable(
            f"{origin} has {len(secret)} bytes; a secret for access tokens has at least "
            f"{SECRET_BYTES}. `openssl rand -hex 32` makes one."
        )
    if _PEM.search(text):
        raise TokenKeyUnusable(
            f"{origin} is a PEM key, which tokens are not to be signed with as a secret. "
            "Set CREDIT_TOKEN_PUBLIC_KEY to a public key, and CREDIT_TOKEN_SECRET to "
            "`openssl rand -hex 32`."
        )
    return secret


def read_public_keys(text: str) -> tuple[PublicKey, ...]:
    """Return the RSA keys of a PEM text, or of the file that it names; several are all accepted.

    Raises:
        TokenKeyUnusable: If there is none, or one that is private, no RSA key, or too short.
    """
    origin = "CREDIT_TOKEN_PUBLIC_KEY"
    if not _PEM.search(text):
        text, origin = _read_file(text, origin), f"{text} (CREDIT_TOKEN_PUBLIC_KEY)"
    blocks = [found[0] for found in _PEM.finditer(text)]
    if not blocks:
        raise TokenKeyUnusable(
            f"{origin} has no public key in PEM. `openssl pkey -in private.pem -pubout` writes one."
        )
    return tuple(PublicKey(_load_public_key(block, origin)) for block in blocks)


def read_jwks(content: bytes | str, origin: str) -> tuple[PublicKey, ...]:
    """Return the RSA keys of a JWKS that are for signatures by RS256; others are passed over.

    Raises:
        TokenKeyUnusable: If it is no JWKS, or has no such key.
    """
    try:
        entries = json.loads(content)["keys"]
        found = [_read_jwk(entry, origin) for entry in entries[:MAX_KEYS] if _is_ours(entry)]
    except TokenKeyUnusable:
        raise
    except Exception as error:  # noqa: BLE001 -- it may hold anything, and no key of it is needed
        raise TokenKeyUnusable(
            f"{origin} is no JWKS ({type(error).__name__}): expected "
            '{"keys": [{"kty": "RSA", "kid", "n", "e"}, …]}.'
        ) from None
    if not found:
        raise TokenKeyUnusable(f"{origin} has no RSA key for RS256 signatures.")
    return tuple(found)


def _is_ours(entry: dict[str, Any]) -> bool:
    purpose = (entry["kty"], entry.get("use", "sig"), entry.get("alg", "RS256"))
    return purpose == ("RSA", "sig", "RS256")


def _read_jwk(entry: dict[str, Any], origin: str) -> PublicKey:
    # Only the public part, should somebody publish the private one, too.
    key = RSAAlgorithm.from_jwk({name: entry[name] for name in ("kty", "n", "e")})
    key_id = entry.get("kid")
    return PublicKey(_require_strong(key, origin), None if key_id is None else str(key_id))


def _load_public_key(block: str, origin: str) -> RSAPublicKey:
    if "PRIVATE" in block.partition("\n")[0]:
        raise TokenKeyUnusable(
            f"{origin} is a private key, which a service must not have: "
            "`openssl pkey -in private.pem -pubout` writes the public one."
        )
    try:
        key = load_pem_public_key(block.encode())
    except Exception as error:  # noqa: BLE001 -- whatever is wrong, it is no key
        raise TokenKeyUnusable(
            f"{origin} is no public key in PEM ({type(error).__name__})."
        ) from None
    return _require_strong(key, origin)


def _require_strong(key: object, origin: str) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey):
        raise TokenKeyUnusable(f"{origin} is no public RSA key; tokens are signed by RS256.")
    if key.key_size < RSA_BITS:
        raise TokenKeyUnusable(
            f"{origin} has {key.key_size} bits; an RSA key for tokens has at least {RSA_BITS}."
        )
    return key


def _read_file(name: str, setting: str) -> str:
    try:
        return Path(name).read_text(encoding="ascii", errors="replace")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise TokenKeyUnusable(
            f"{setting} is neither a PEM text nor a file that can be read ({reason})."
        ) from None
