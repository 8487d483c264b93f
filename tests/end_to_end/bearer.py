"""Tokens for services that are started with a secret."""

from __future__ import annotations

from serving.route_scopes import AccessScope
from serving.token_check import Audience
from serving.token_issuing import Grant, SigningKey, issue_token

SECRET = "a secret of the tests, of more than 32 bytes"  # noqa: S105 -- it opens nothing else
EXPECTED = Audience("credit-scoring", "credit-scoring")


def make_token(*scopes: AccessScope, lifetime_s: int = 86_400) -> str:
    grant = Grant("tests", scopes, lifetime_s)
    return issue_token(grant, SigningKey("HS256", SECRET.encode()), EXPECTED)


def bear(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
