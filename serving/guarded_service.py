"""BentoML's service behind our guard, and without BentoML's own time limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bentoml
from bentoml._internal.server.http.traffic import TimeoutMiddleware
from starlette.applications import Starlette
from starlette.types import ASGIApp

from serving.routes import Methods, find_routes

MakeGuard = Callable[[ASGIApp, Mapping[str, Methods]], ASGIApp]


def guard_service(service: bentoml.Service[Any], make_guard: MakeGuard) -> None:
    """Make the service put a guard around the application that it hands to the server.

    BentoML's middlewares all lie inside of its metrics, and only what lies outside can bound
    their labels. Its time limit is left out: it waits for a caller who has gone, and for a
    middleware that failed, until the time is over, and keeps a timer for every request as long.

    Args:
        service: As `bentoml.service` made it.
        make_guard: Makes the guard of an application with these routes.
    """

    class GuardedService(type(service)):  # type: ignore[misc]
        __slots__ = ()

        def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002 -- BentoML's own
            app = super().to_asgi(is_main=is_main)
            drop_time_limit(app)
            return make_guard(app, find_routes(app))

    service.__class__ = GuardedService


def drop_time_limit(app: Starlette) -> None:
    """Take BentoML's time limit out of an application that has not been asked anything yet."""
    limit: Any = TimeoutMiddleware
    kept = [layer for layer in app.user_middleware if layer.cls is not limit]
    if len(kept) + 1 != len(app.user_middleware):
        raise RuntimeError("BentoML's time limit is not where it was: look at serving.limiter.")
    app.user_middleware = kept
