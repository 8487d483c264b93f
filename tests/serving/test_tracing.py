from __future__ import annotations

import re

import pytest

from credit.errors import ServiceFailed
from serving import tracing
from serving.tracing import configure_tracing, require_tracing

ENDPOINT = "http://127.0.0.1:4318/v1/traces"


def test_without_an_endpoint_no_request_is_looked_at() -> None:
    options = configure_tracing(None, 1.0)

    assert set(options) == {"excluded_urls"}
    assert re.search(options["excluded_urls"], "http://127.0.0.1:3000/predict")
    require_tracing(None)


def test_with_one_all_but_probes_are() -> None:
    options = configure_tracing(ENDPOINT, 0.25)
    excluded = options["excluded_urls"].split(",")

    assert (options["exporter_type"], options["sample_rate"]) == ("otlp", 0.25)
    assert options["otlp"] == {"protocol": "http", "endpoint": ENDPOINT}
    for path, traced in {"/predict": True, "/explain": True, "/readyz": False}.items():
        assert any(re.search(part, path) for part in excluded) is not traced
    require_tracing(ENDPOINT)


def test_without_the_package_that_sends_traces_the_service_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "EXPORTER", "opentelemetry.exporter.of.nobody")

    with pytest.raises(ServiceFailed, match="extra `tracing`"):
        require_tracing(ENDPOINT)
