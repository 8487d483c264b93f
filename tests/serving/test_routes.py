from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from serving.routes import find_routes
from tests.serving.asgi_asking import Answering

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request


def answer(_request: Request) -> Response:
    return Response()


def test_routes_mounted_ones_and_files_that_are_there_are_found(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "swagger.css").touch()
    below = Starlette(routes=[Route("/features", answer)])
    app = Starlette(
        routes=[
            Route("/predict", answer, methods=["POST"]),
            Route("/predict", answer, methods=["PUT"]),
            Mount("/", below),
            Mount("/static", StaticFiles(directory=tmp_path)),
        ]
    )

    assert find_routes(app) == {
        "/predict": {"POST", "PUT"},
        "/features": {"GET", "HEAD"},
        "/static/deep/swagger.css": {"GET", "HEAD"},
    }


@pytest.mark.parametrize(
    "route",
    [
        Route("/clients/{client}", answer),
        Mount("/other", Answering()),
        WebSocketRoute("/socket", answer),
    ],
)
def test_paths_that_cannot_be_listed_are_refused_at_start(route: Route) -> None:
    with pytest.raises(TypeError, match="cannot be listed"):
        find_routes(Starlette(routes=[route]))
