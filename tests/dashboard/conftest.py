"""A service of canned answers behind a real HTTP server, and the page that asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from serving.applicant import describe_features

PAGE = Path(__file__).parents[2] / "dashboard" / "app.py"
PAGE_SECONDS = 20


def make_answers() -> dict[str, tuple[int, Any]]:
    """Return what a sound service says, by route: status and content."""
    return {
        "/health": (
            200,
            {
                "status": "ok",
                "model": "credit_scoring_model:mlflow-v7",
                "model_version": "7",
                "runner": "ok",
                "history_store": {"state": "loaded", "clients": 1234, "made_at": None},
            },
        ),
        "/model-info": (200, {"model_version": "7", "threshold": 0.0912, "oof_auc": 0.7815}),
        "/features": (200, describe_features(include_all=False)),
        "/predict": (
            200,
            {
                "SK_ID_CURR": 5,
                "probability": 0.25,
                "prediction": 1,
                "decision": "REFUSED",
                "threshold": 0.0912,
                "refer_to_person": False,
                "request_id": "case-5",
                "model_version": "7",
            },
        ),
    }


@dataclass
class CannedService:
    """A service that says what it is told to say, and remembers the applicants it was sent."""

    url: str
    answers: dict[str, tuple[int, Any]]
    applicants: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def canned_service() -> Iterator[CannedService]:
    class Speaker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = service.answers[self.path]
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.applicants.append(json.loads(body)["data"])
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Speaker)
    service = CannedService(f"http://127.0.0.1:{server.server_port}", make_answers())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    server.shutdown()
    thread.join()
    server.server_close()


OpenPage = Callable[[str], AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Shows the page for the service on a URL."""

    def open_for(url: str) -> AppTest:
        monkeypatch.setenv("CREDIT_SERVICE_URL", url)
        return AppTest.from_file(str(PAGE), default_timeout=PAGE_SECONDS).run()

    return open_for
