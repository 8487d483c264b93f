"""Who may ask what: the open paths, and the scope that each of the others needs.

A path is looked up as it is routed, and a path that is not here is not the service's: an unusual
spelling of one that is protected (`//predict`, `/predict/`, `/PREDICT`, a newline at the end)
never reaches a route by another rule than its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, Final


class AccessScope(StrEnum):
    """What a token may allow."""

    SCORE = "score"
    EXPLAIN = "explain"
    LOGS = "logs"


class Rule(Enum):
    """What holds for a path that needs no scope."""

    OPEN = "open"
    UNKNOWN = "unknown"


SCOPES: Final[Mapping[str, AccessScope]] = {
    "/predict": AccessScope.SCORE,
    "/predict-minimal": AccessScope.SCORE,
    "/explain": AccessScope.EXPLAIN,
    "/logs": AccessScope.LOGS,
}
# They tell of the service and its model, and nothing of anybody who was asked about.
OPEN_PATHS: Final = frozenset(
    {
        "/",
        "/docs.json",
        "/features",
        "/health",
        "/healthz",
        "/livez",
        "/metrics",
        "/model-info",
        "/readyz",
        "/schema.json",
    }
)
_SWAGGER_ASSET = re.compile(r"/static_content/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")


def find_rule(path: str) -> AccessScope | Rule:
    """Return what holds for a path; it is decoded, and below the application's root."""
    if scope := SCOPES.get(path):
        return scope
    if path in OPEN_PATHS or _SWAGGER_ASSET.fullmatch(path):
        return Rule.OPEN
    return Rule.UNKNOWN


def read_routed_path(scope: Mapping[str, Any]) -> str:
    """Return the path of an ASGI request as Starlette's routes see it, without the root's."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path.removeprefix(root)
    if root and below != path and (not below or below.startswith("/")):
        return below
    return path
