"""Two workers with JSON logs, an access line and traces: what each tells, and that it adds up."""

from __future__ import annotations

import gzip
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.conftest import Published, Service, Start

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
REQUESTS = 40
WAIT_SECONDS = 20


class Collector(ThreadingHTTPServer):
    """Takes traces, and knows the ids of their spans' traces by the spans' names."""

    def __init__(self) -> None:
        self.spans: set[tuple[str, str]] = set()
        super().__init__(("127.0.0.1", 0), TakeTraces)


class TakeTraces(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        sent = ExportTraceServiceRequest.FromString(body)
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans |= {(span.name, span.trace_id.hex()) for span in scope.spans}
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collect() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.05,))
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def read_lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for file in folder.iterdir() for line in file.read_text().splitlines()]


def ask_all(service: Service, published: Published) -> None:
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    for number in range(REQUESTS):
        own = {"X-Request-ID": f"case-{number}", **headers}
        service.ask(published.applicants[number], headers=own)


@pytest.mark.slow
def test_workers_together_tell_of_every_request(
    start_service: Start,
    published: Published,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with collect() as collector:
        for name, value in {
            "CREDIT_WORKERS": "2",
            "CREDIT_LOG_FORMAT": "json",
            "CREDIT_LOG_FILE": str(tmp_path / "logs" / "service.log"),
            "CREDIT_ACCESS_LOG": "true",
            "CREDIT_TRACING_ENDPOINT": f"http://127.0.0.1:{collector.server_port}/v1/traces",
            "CREDIT_TRACING_SAMPLE_RATE": "1",
        }.items():
            monkeypatch.setenv(name, value)
        with start_service(published.bentoml_home, published.history_store) as service:
            ask_all(service, published)
            decided = service.read_metric("credit_decisions_total")
            workers = service.read_metric("credit_model_info")
            recorded = service.read_log()
            deadline = time.monotonic() + WAIT_SECONDS
            while ("POST /predict", TRACE) not in collector.spans:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        lines = read_lines(tmp_path / "logs")

    asked = {f"case-{number}" for number in range(REQUESTS)}
    told = [line for line in lines if line.get("route") == "/predict"]
    assert decided == REQUESTS
    assert workers == 1
    assert set(recorded) == asked
    assert {line["request_id"] for line in told} == asked
    assert len(told) == REQUESTS
    assert {(line["method"], line["status"], line["trace_id"]) for line in told} == {
        ("POST", 200, TRACE)
    }
    assert {file.name for file in (tmp_path / "logs").iterdir()} >= {
        "service.main.log",
        "service.credit_runner-1.log",
        "service.credit_scoring-1.log",
        "service.credit_scoring-2.log",
    }
