"""A small application behind the gate, and who asks it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from serving.access import AccessControl
from serving.access_settings import open_checker

SECRET = "the secret of these tests, of more than 32 bytes"  # noqa: S105 -- it opens nothing else
PRIVATE_KEY = rsa.generate_private_key(65_537, 2_048)
OTHER_PRIVATE_KEY = rsa.generate_private_key(65_537, 2_048)
NOW = time.time()
CLAIMS = {
    "iss": "credit-scoring",
    "aud": "credit-scoring",
    "sub": "tests",
    "scope": "score",
    "exp": int(NOW) + 86_400,
}


@dataclass
class SetAccess:
    """What is set about access."""

    token_secret: SecretStr | None = None
    token_secret_previous: SecretStr | None = None
    token_public_key: str | None = None
    token_jwks: str | None = None
    token_issuer: str = "credit-scoring"  # noqa: S105 -- a name
    token_audience: str = "credit-scoring"  # noqa: S105 -- the same
    allow_anonymous: bool = False


@dataclass
class Application:
    """Answers everything with 200, and remembers what it was asked."""

    paths: list[str] = field(default_factory=list)
    failure: Exception | None = None

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        if self.failure is not None:
            raise self.failure
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"answered"})


WITH_SECRET = SetAccess(token_secret=SecretStr(SECRET))


def write_pem(key: rsa.RSAPrivateKey) -> str:
    """Return the public key of a private one."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def write_private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_token(
    changes: Mapping[str, object] | None = None,
    *,
    key: Any = SECRET,  # noqa: ANN401 -- PyJWT takes secrets and keys
    algorithm: str = "HS256",
    headers: dict[str, object] | None = None,
) -> str:
    """Return a token that is good but for the changes; None takes a claim out."""
    claims = {**CLAIMS, **(changes or {})}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers=headers)


def ask(
    gate: AccessControl,
    path: str = "/predict",
    headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
    *,
    host: str = "127.0.0.1",
    **options: Any,  # noqa: ANN401 -- httpx's own
) -> httpx.Response:
    """Return the answer to one request that comes to an address of this machine."""

    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(gate, **options)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.post(path, headers=headers, content=b"{}")

    return asyncio.run(request())


def ask_with(
    token: str, settings: SetAccess = WITH_SECRET, path: str = "/predict"
) -> httpx.Response:
    """Return the answer to one request with a token."""
    return ask(make_gate(settings), path, {"Authorization": f"Bearer {token}"})


def make_gate(settings: SetAccess, application: Application | None = None) -> AccessControl:
    return AccessControl(
        application or Application(),
        lambda: open_checker(settings),
        allow_anonymous=settings.allow_anonymous,
    )


def read_fault(response: httpx.Response) -> tuple[int, str]:
    """Return status and kind of the one fault that an answer tells."""
    (fault,) = response.json()["detail"]
    assert set(fault) == {"loc", "msg", "type"}
    return response.status_code, fault["type"]


def ask_raw(gate: AccessControl, scope: dict[str, Any]) -> list[Any]:
    """Return what is sent to a caller that no client would be, whose body must not be read."""
    sent: list[Any] = []

    async def send(message: Any) -> None:  # noqa: ANN401 -- an ASGI message
        sent.append(message)

    async def receive() -> Any:  # noqa: ANN401 -- the same
        raise AssertionError("The body was read.")

    whole = {"type": "http", "method": "POST", "path": "/predict", "headers": [], **scope}
    asyncio.run(gate({"server": ("127.0.0.1", 3000), **whole}, receive, send))
    return sent
