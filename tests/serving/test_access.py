"""Who gets in at the gate, and what the others are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from serving.route_scopes import OPEN_PATHS, SCOPES, AccessScope
from serving.token_check import (
    TokenChecker,
)
from tests.serving.access_gate import (
    SECRET,
    WITH_SECRET,
    Application,
    SetAccess,
    ask,
    ask_raw,
    ask_with,
    make_gate,
    make_token,
    read_fault,
)

GATE = make_gate(WITH_SECRET)


@pytest.mark.parametrize("path", SCOPES)
@pytest.mark.parametrize("granted", AccessScope)
def test_each_route_takes_its_own_scope_and_no_other(path: str, granted: AccessScope) -> None:
    response = ask_with(make_token({"scope": str(granted)}), path=path)

    if granted is SCOPES[path]:
        assert response.status_code == 200
    else:
        assert read_fault(response) == (403, "scope_missing")
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
        {"Authorization": make_token()},
        [("Authorization", f"Bearer {make_token()}")] * 2,
        [("Authorization", f"Bearer {make_token()}"), ("Authorization", "Basic eA==")],
    ],
)
def test_without_one_bearer_token_nothing_opens(headers: Any) -> None:  # noqa: ANN401
    response = ask(GATE, headers=headers)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="credit-scoring"')


def test_the_scheme_may_be_written_as_the_client_likes() -> None:
    assert ask(GATE, headers={"Authorization": f"bEaReR {make_token()}"}).status_code == 200


def test_a_refusal_carries_the_request_id_and_is_kept_by_no_cache() -> None:
    response = ask(GATE, headers={"X-Request-ID": "case-17"})

    assert response.headers["X-Request-ID"] == "case-17"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_body_of_a_refused_request_is_not_read() -> None:
    sent = ask_raw(GATE, {})

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 401


def test_a_web_socket_is_closed() -> None:
    sent = ask_raw(GATE, {"type": "websocket"})

    assert sent == [{"type": "websocket.close", "code": 1008}]


@given(st.binary(max_size=200))
def test_no_header_opens_anything_or_leaves_the_caller_without_an_answer(value: bytes) -> None:
    for header in (value, b"Bearer " + value):
        sent = ask_raw(GATE, {"headers": [(b"authorization", header)]})

        assert sent[0]["status"] == 401


def test_a_fault_while_checking_is_answered_and_tells_no_token(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = make_gate(WITH_SECRET)

    async def fail(_checker: TokenChecker, token: bytes) -> None:
        raise KeyError(token)

    monkeypatch.setattr(TokenChecker, "check", fail)
    token = make_token()

    response = ask(gate, headers={"Authorization": f"Bearer {token}"})

    assert read_fault(response) == (503, "unavailable")
    assert response.headers["Retry-After"]
    assert "KeyError" in caplog.text
    assert token not in caplog.text


def test_what_the_application_raises_is_its_own() -> None:
    gate = make_gate(SetAccess(), Application(failure=RuntimeError("its own")))

    with pytest.raises(RuntimeError, match="its own"):
        ask(gate)


@pytest.mark.parametrize("settings", [SetAccess(), WITH_SECRET], ids=["no key", "key"])
@pytest.mark.parametrize("path", sorted({*OPEN_PATHS, "/static_content/swagger-ui.css"}))
def test_what_tells_of_nobody_is_open_to_all(path: str, settings: SetAccess) -> None:
    assert ask(make_gate(settings), path, host="192.0.2.7").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_without_a_key_this_machine_may_ask_for_all_but_logs(host: str) -> None:
    gate = make_gate(SetAccess())
    token = {"Authorization": f"Bearer {make_token({'scope': 'logs'})}"}

    assert ask(gate, "/predict", host=host).status_code == 200
    assert ask(gate, "/explain", host=host).status_code == 200
    assert read_fault(ask(gate, "/logs", host=host)) == (403, "no_key_configured")
    assert read_fault(ask(gate, "/logs", token, host=host)) == (403, "no_key_configured")


def test_without_a_key_others_may_ask_only_if_that_was_allowed_and_never_for_logs() -> None:
    allowed = make_gate(SetAccess(allow_anonymous=True))

    refused = ask(make_gate(SetAccess()), host="192.0.2.7")

    assert read_fault(refused) == (403, "no_key_configured")
    assert ask(allowed, host="192.0.2.7").status_code == 200
    assert read_fault(ask(allowed, "/logs", host="192.0.2.7")) == (403, "no_key_configured")


def test_a_key_counts_although_everyone_was_allowed() -> None:
    settings = SetAccess(SecretStr(SECRET), allow_anonymous=True)

    assert ask(make_gate(settings)).status_code == 401
