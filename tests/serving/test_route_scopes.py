"""Which spelling of a path leads where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette._utils import get_route_path
from starlette.routing import Match, Route

from serving.route_scopes import SCOPES, Rule, find_rule, read_routed_path
from tests.serving.access_gate import (
    WITH_SECRET,
    Application,
    SetAccess,
    ask_raw,
    make_gate,
    make_token,
)

PARTS = st.sampled_from(
    ["/", "//", "predict", "PREDICT", "logs", "explain", "health", "static_content", "..", ".",
     "\n", "%", "%2f", "é", "\x00", "-minimal", "a.css", "\\", "?"]
)  # fmt: skip
PATHS = st.lists(PARTS, max_size=6).map("".join) | st.text(max_size=30)


@given(PATHS, st.sampled_from([None, "score", "logs"]))
def test_only_the_very_path_of_a_route_leads_to_it(path: str, granted: str | None) -> None:
    application = Application()
    gate = make_gate(WITH_SECRET, application)
    headers = []
    if granted:
        token = make_token({"scope": granted})
        headers = [(b"authorization", f"Bearer {token}".encode())]

    status = ask_raw(gate, {"path": path, "headers": headers})[0]["status"]

    rule = find_rule(path)
    if status == 200:
        assert rule is Rule.OPEN or rule == granted
        assert application.paths == [path]
    else:
        assert application.paths == []
        assert status == 401 if granted is None else status in {403, 404}


@given(PATHS)
def test_a_path_that_starlette_would_route_to_a_guarded_route_is_never_open(path: str) -> None:
    scope = {"type": "http", "path": path, "method": "GET"}
    routes = [Route(guarded, lambda _request: None) for guarded in SCOPES]

    if any(route.matches(scope)[0] is not Match.NONE for route in routes):
        assert find_rule(path) is not Rule.OPEN


@pytest.mark.parametrize("path", [f"{path}\n" for path in SCOPES])
def test_a_newline_at_the_end_which_starlette_overlooks_leads_nowhere(path: str) -> None:
    assert find_rule(path) is Rule.UNKNOWN
    assert ask_raw(make_gate(WITH_SECRET), {"path": path})[0]["status"] == 401
    assert ask_raw(make_gate(SetAccess()), {"path": path})[0]["status"] == 404


@given(PATHS, st.sampled_from(["", "/", "/api", "/predict", "/health", "api"]))
def test_a_path_below_a_root_is_read_as_starlette_routes_it(path: str, root: str) -> None:
    for whole in (path, root + path):
        scope = {"path": whole, "root_path": root}

        assert read_routed_path(scope) == get_route_path(scope)
