"""Which paths the application answers, and by which methods: found before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

Methods = frozenset[str]


def find_routes(app: Starlette) -> Mapping[str, Methods]:
    """Return the methods of every path that the application answers.

    Of static files only those count that are there: a path is not invented by asking for it.

    Raises:
        TypeError: If a route has parameters in its path, or an application below is of a kind
            whose paths cannot be listed.
    """
    found: dict[str, Methods] = {}
    for path, methods in _list_routes(app.routes, ""):
        found[path] = found.get(path, frozenset()) | methods
    return found


def _list_routes(routes: Sequence[BaseRoute], above: str) -> Iterator[tuple[str, Methods]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _list_mounted(route, above + route.path)
        elif isinstance(route, Route) and not route.param_convertors:
            yield above + route.path, frozenset(route.methods or ())
        else:
            raise TypeError(f"The paths of {route} cannot be listed.")


def _list_mounted(mount: Mount, path: str) -> Iterator[tuple[str, Methods]]:
    if isinstance(mount.app, StaticFiles):
        for folder in mount.app.all_directories:
            for file in Path(folder).rglob("*"):
                if file.is_file():
                    yield (
                        f"{path}/{file.relative_to(folder).as_posix()}",
                        frozenset({"GET", "HEAD"}),
                    )
    elif isinstance(mount.app, Starlette):
        yield from _list_routes(mount.app.routes, path)
    else:
        raise TypeError(f"The paths of {mount.app} below {path} cannot be listed.")
