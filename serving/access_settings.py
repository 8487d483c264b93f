"""From what was set to what checks tokens; and where a service without a key may listen."""

from __future__ import annotations

from typing import Protocol

import click
from bentoml._internal.configuration.containers import BentoMLContainer
from pydantic import SecretStr

from credit.errors import AccessUnguarded, TokenKeyUnusable
from serving.access import is_loopback
from serving.jwks import open_jwks
from serving.token_check import Audience, TokenChecker
from serving.token_keys import FixedKeys, PublicKeys, TokenKeys, read_public_keys, read_secret

LOOPBACK = "127.0.0.1"


class AccessSettings(Protocol):
    """What is set about access: `settings.py` tells what each is; a key is None if not set."""

    token_secret: SecretStr | None
    token_secret_previous: SecretStr | None
    token_public_key: str | None
    token_jwks: str | None
    token_issuer: str
    token_audience: str
    allow_anonymous: bool


def has_key(settings: AccessSettings) -> bool:
    """Return whether any key is set, usable or not."""
    keys = (
        settings.token_secret,
        settings.token_secret_previous,
        settings.token_public_key,
        settings.token_jwks,
    )
    return any(key is not None for key in keys)


def open_checker(settings: AccessSettings) -> TokenChecker | None:
    """Return what checks tokens; None if no key was set.

    Nothing is downloaded before a token asks for it.

    Raises:
        TokenKeyUnusable: If a key was set that is none.
    """
    if not has_key(settings):
        return None
    named = (
        ("CREDIT_TOKEN_SECRET", settings.token_secret),
        ("CREDIT_TOKEN_SECRET_PREVIOUS", settings.token_secret_previous),
    )
    secrets = tuple(
        read_secret(secret.get_secret_value(), origin)
        for origin, secret in named
        if secret is not None
    )
    keys = TokenKeys(secrets, _open_public_keys(settings))
    return TokenChecker(keys, Audience(settings.token_issuer, settings.token_audience))


def find_host() -> str:
    """Return the address that `bentoml serve` is about to listen on.

    That of the command line, or of BENTOML_HOST; else what configuration and service say. Whoever
    starts the service by BentoML's Python functions can name another one, which is not seen here:
    then the gate refuses what does not come over the loopback address (`serving/access.py`).
    """
    command = click.get_current_context(silent=True)
    named: str | None = command.params.get("host") if command else None
    host: str = named or BentoMLContainer.http.host.get()
    return host


def require_guard(settings: AccessSettings, host: str) -> str | None:
    """Return what is to be said of a service without a key; None if it has one.

    Args:
        settings: What was set.
        host: The address it is to listen on.

    Raises:
        TokenKeyUnusable: If a key was set that is none.
        AccessUnguarded: If others would reach it, and nobody has allowed that.
    """
    if open_checker(settings) is not None:
        return None
    if is_loopback(host):
        return (
            f"No key for access tokens is set: listening on {host} only, where everyone on this "
            "machine may ask; /logs stays closed. CREDIT_TOKEN_SECRET sets one."
        )
    if settings.allow_anonymous:
        return (
            f"No key for access tokens is set, and CREDIT_ALLOW_ANONYMOUS is true: everyone who "
            f"reaches {host} may ask; /logs stays closed."
        )
    raise AccessUnguarded(
        f"Refusing to listen on {host} without a key for access tokens: everyone who reaches it "
        "could ask for decisions. Set CREDIT_TOKEN_SECRET (`openssl rand -hex 32` makes one), or "
        "listen on 127.0.0.1, or allow it by CREDIT_ALLOW_ANONYMOUS=true."
    )


def _open_public_keys(settings: AccessSettings) -> PublicKeys | None:
    if settings.token_public_key is not None and settings.token_jwks is not None:
        raise TokenKeyUnusable(
            "CREDIT_TOKEN_PUBLIC_KEY and CREDIT_TOKEN_JWKS are both set; set one of them. Several "
            "public keys may stand one after the other in one PEM file."
        )
    if settings.token_jwks is not None:
        return open_jwks(settings.token_jwks)
    if settings.token_public_key is not None:
        return FixedKeys(read_public_keys(settings.token_public_key))
    return None
