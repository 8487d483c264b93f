"""BentoML's OpenTelemetry, turned on and off."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from credit.errors import ServiceFailed

EXPORTER = "opentelemetry.exporter.otlp.proto.http"
PROBES = "livez,readyz,health,metrics,probe"


def configure_tracing(endpoint: str | None, sample_rate: float) -> dict[str, Any]:
    """Return BentoML's `tracing` option of a service.

    Without an endpoint no request is looked at; a tracer that samples none of them would still
    cost each of them time.

    Args:
        endpoint: Where traces go, by OTLP over HTTP; None: nowhere.
        sample_rate: Share of the requests, of those without a trace of their own.
    """
    if endpoint is None:
        return {"excluded_urls": ".*"}
    return {
        "exporter_type": "otlp",
        "sample_rate": sample_rate,
        "excluded_urls": PROBES,
        "otlp": {"protocol": "http", "endpoint": endpoint},
    }


def require_tracing(endpoint: str | None) -> None:
    """Return if traces can be sent, or shall not be.

    Raises:
        ServiceFailed: If the package that sends them is not there.
    """
    if endpoint is not None and not _is_installed(EXPORTER):
        raise ServiceFailed(
            "CREDIT_TRACING_ENDPOINT is set, and the package that sends traces is not installed: "
            "install the extra `tracing` (opentelemetry-exporter-otlp-proto-http), or unset it."
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # one above it is missing
        return False
