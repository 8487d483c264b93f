"""Whether a bearer token is one of ours or our issuer's, and what it allows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import jwt

from serving.jwks import KeysAway
from serving.rejection import RequestRejected, reject
from serving.token_keys import TokenKeys

MAX_TOKEN_BYTES = 8_192
CLOCK_SKEW_SECONDS = 10
REMEMBERED_TOKENS = 4_096
REMEMBERED_SECONDS = 300  # after that a key that was withdrawn counts no more
REQUIRED_CLAIMS = ["exp", "iss", "aud", "sub"]

_LOCATION = ("header", "authorization")
_INVALID = ("Token is not valid", "token_invalid")
_REASONS: dict[type[Exception], tuple[str, str]] = {
    jwt.ExpiredSignatureError: ("Token has expired", "token_expired"),
    jwt.ImmatureSignatureError: ("Token is not valid yet", "token_immature"),
    jwt.InvalidAudienceError: ("Token is for another audience", "token_audience"),
    jwt.InvalidIssuerError: ("Token is of another issuer", "token_issuer"),
    jwt.MissingRequiredClaimError: (
        f"Token should have the claims {', '.join(REQUIRED_CLAIMS)}",
        "token_claims",
    ),
}


@dataclass(frozen=True, slots=True)
class Access:
    """What a token allows.

    Attributes:
        subject: Whose it is.
        scopes: What it allows, in the words of the token.
        until_s: How long this holds without another check, in seconds of the epoch.
    """

    subject: str
    scopes: frozenset[str]
    until_s: float


@dataclass(frozen=True, slots=True)
class Audience:
    """Who issues tokens, and for whom; a token has to name both."""

    issuer: str
    audience: str


class TokenChecker:
    """Checks tokens, and remembers the good ones by their SHA-256 for a few minutes.

    Args:
        keys: What to check them with.
        expected: Which issuer and audience they have to name.
        clock: Tells the seconds of the epoch.
    """

    def __init__(
        self, keys: TokenKeys, expected: Audience, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._expected = expected
        self._clock = clock
        self._remembered: dict[bytes, Access] = {}

    async def check(self, token: bytes) -> Access:
        """Return what a token allows.

        Raises:
            RequestRejected: With 401 if it is no good, with 503 if that cannot be told now.
        """
        # How long it takes to find a hash tells nothing of the tokens that would be found.
        digest = hashlib.sha256(token).digest()
        access = self._remembered.get(digest)
        if access is not None and self._clock() < access.until_s:
            return access
        access = await self._verify(token)
        self._remember(digest, access)
        return access

    def _remember(self, digest: bytes, access: Access) -> None:
        self._remembered.pop(digest, None)
        while len(self._remembered) >= REMEMBERED_TOKENS:
            del self._remembered[next(iter(self._remembered))]  # the one checked longest ago
        self._remembered[digest] = access

    async def _verify(self, token: bytes) -> Access:
        if len(token) > MAX_TOKEN_BYTES:
            raise _refuse(f"Token should have at most {MAX_TOKEN_BYTES} bytes", "token_too_long")
        try:
            header = jwt.get_unverified_header(token)
        except Exception:  # noqa: BLE001 -- it may hold anything
            raise _refuse(*_INVALID) from None
        algorithm, candidates = await self._find_keys(header)
        return self._read_claims(self._decode(token, algorithm, candidates))

    async def _find_keys(self, header: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        """Return the algorithm and its own keys: a token never chooses how a key is used."""
        match header.get("alg"):
            case "HS256":
                return "HS256", self._keys.secrets
            case "RS256" if self._keys.public is not None:
                try:
                    return "RS256", await self._keys.public.find(header.get("kid"))
                except KeysAway:
                    message = "The keys that tokens are checked with cannot be had just now"
                    status = HTTPStatus.SERVICE_UNAVAILABLE
                    raise reject(_LOCATION, message, "unavailable", status) from None
            case _:
                raise _refuse(*_INVALID)

    def _decode(self, token: bytes, algorithm: str, candidates: Sequence[Any]) -> dict[str, Any]:
        for key in candidates:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    issuer=self._expected.issuer,
                    audience=self._expected.audience,
                    leeway=CLOCK_SKEW_SECONDS,
                    options={"require": REQUIRED_CLAIMS},
                )
            except jwt.InvalidSignatureError:
                continue
            except Exception as error:  # noqa: BLE001 -- numbers too large for Python, and the like
                raise _refuse(*_REASONS.get(type(error), _INVALID)) from None
            return claims
        raise _refuse(*_INVALID)

    def _read_claims(self, claims: dict[str, Any]) -> Access:
        allowed = claims.get("scope", "")
        if not isinstance(allowed, str):
            raise _refuse(
                "Token's scope should be a string, scopes parted by blanks", "token_claims"
            )
        return Access(
            str(claims["sub"]),
            frozenset(allowed.split()),
            min(float(claims["exp"]), self._clock() + REMEMBERED_SECONDS),
        )


def read_bearer_token(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the token of a request's headers, as ASGI gives them.

    Raises:
        RequestRejected: With 401 if there is none, or more than one header that could hold it.
    """
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        raise _refuse("A bearer token is required", "token_missing")
    if len(given) > 1:
        raise _refuse("The header should be given once", "token_invalid")
    scheme, _, token = given[0].partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token:
        raise _refuse("The header should be `Bearer` and a token", "token_invalid")
    return token


def _refuse(message: str, kind: str) -> RequestRejected:
    return reject(_LOCATION, message, kind, HTTPStatus.UNAUTHORIZED)
