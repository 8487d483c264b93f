"""The gate in front of every route: who brings no token that allows it does not get in.

An ASGI middleware, so that a request is refused before a byte of its body is read. It always
answers: in BentoML an exception in a middleware leaves the caller waiting.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.rejection import RequestRejected, reject
from serving.request import choose_request_id
from serving.route_scopes import AccessScope, Rule, find_rule, read_routed_path
from serving.token_check import TokenChecker, read_bearer_token

logger = logging.getLogger("bentoml.credit")

RETRY_AFTER_SECONDS = 5
_REALM = 'Bearer realm="credit-scoring"'
_AUTHORIZATION = ("header", "authorization")


class AccessControl:
    """Lets a request through to the application, or answers it.

    Args:
        app: The application.
        open_checker: Makes what checks tokens; None where no key is configured. Then everyone on
            this machine may ask for what needs a scope, except for logs.
        allow_anonymous: Without a key, everyone anywhere may.
    """

    def __init__(
        self,
        app: ASGIApp,
        open_checker: Callable[[], TokenChecker | None],
        *,
        allow_anonymous: bool = False,
    ) -> None:
        self._app = app
        self._checker = open_checker()
        self._allow_anonymous = allow_anonymous

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have the application answer."""
        refusal = None if scope["type"] == "lifespan" else await self._find_refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(scope, refusal)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _find_refusal(self, scope: Scope) -> RequestRejected | None:
        """Return why the request is not let through; None if it is."""
        try:
            await self._require_access(scope)
        except RequestRejected as rejection:
            return rejection
        except Exception as error:  # noqa: BLE001 -- whatever it is, the caller must be answered
            logger.error("Access could not be checked: %s.", type(error).__name__)  # noqa: TRY400 -- a traceback may hold the token
            message = "Access cannot be checked just now"
            return reject(_AUTHORIZATION, message, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
        return None

    async def _require_access(self, scope: Scope) -> None:
        rule = find_rule(read_routed_path(scope))
        if rule is Rule.OPEN:
            return
        if self._checker is None:
            self._require_no_key(rule, scope)
        else:
            await _require_token(self._checker, rule, scope)

    def _require_no_key(self, rule: AccessScope | Rule, scope: Scope) -> None:
        if rule is Rule.UNKNOWN:
            raise _not_found()
        if rule is AccessScope.LOGS:
            raise reject(
                _AUTHORIZATION,
                "No key for access tokens is configured, and logs never open without a token; "
                "the service's CREDIT_TOKEN_SECRET sets one",
                "no_key_configured",
                HTTPStatus.FORBIDDEN,
            )
        if not (self._allow_anonymous or _is_asked_on_loopback(scope)):
            raise reject(
                _AUTHORIZATION,
                "No key for access tokens is configured, so only this machine itself may ask; "
                "the service's CREDIT_TOKEN_SECRET sets one",
                "no_key_configured",
                HTTPStatus.FORBIDDEN,
            )


async def _require_token(checker: TokenChecker, rule: AccessScope | Rule, scope: Scope) -> None:
    access = await checker.check(read_bearer_token(scope["headers"]))
    if not isinstance(rule, AccessScope):
        raise _not_found()
    if rule not in access.scopes:
        message = f"Token should have the scope {rule}"
        raise reject(_AUTHORIZATION, message, "scope_missing", HTTPStatus.FORBIDDEN)


def _not_found() -> RequestRejected:
    return reject(("path",), "There is no such route", "not_found", HTTPStatus.NOT_FOUND)


def _is_asked_on_loopback(scope: Scope) -> bool:
    """Return whether the request came to an address, or socket, that only this machine reaches."""
    server = scope.get("server")
    return server is not None and (server[0].startswith("/") or is_loopback(server[0]))


def is_loopback(host: str) -> bool:
    """Return whether only this machine itself reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answer(scope: Scope, refusal: RequestRejected) -> Response:
    headers = {
        "X-Request-ID": choose_request_id(_read_request_id(scope)),
        "Cache-Control": "no-store",
    }
    headers |= _describe_demand(refusal)
    content = to_json({"detail": refusal.details})
    return Response(content, refusal.http_status, headers, media_type="application/json")


def _describe_demand(refusal: RequestRejected) -> Mapping[str, str]:
    """Return the headers that tell a client what to do (RFC 6750)."""
    kind = refusal.details[0].type
    if refusal.http_status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if kind == "scope_missing":
        return {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope"'}
    if refusal.http_status != HTTPStatus.UNAUTHORIZED:
        return {}
    error = "" if kind == "token_missing" else ', error="invalid_token"'
    return {"WWW-Authenticate": f"{_REALM}{error}"}


def _read_request_id(scope: Scope) -> str | None:
    found: Any = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
    return None if found is None else found.decode("latin-1")
