"""Facts about the service that the delivery files repeat."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic.warnings import PydanticDeprecatedSince211


@dataclass(frozen=True)
class ServiceFacts:
    """What the service's own code says.

    Attributes:
        port: Where it listens.
        routes: What it answers.
        timeout_s: The longest that a request may take.
        user: Id of user and group of BentoML's images.
        probe_timeout_s: How long it waits for the model's process when asked whether it is ready.
    """

    port: int
    routes: frozenset[str]
    timeout_s: float
    user: int
    probe_timeout_s: int


@pytest.fixture(scope="session")
def service_facts() -> ServiceFacts:
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.container import generate

    from serving.openapi import complete_openapi

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticDeprecatedSince211)  # BentoML's own types
        import service

    outer: Any = service.CreditScoring  # the decorator makes another class of it
    return ServiceFacts(
        port=BentoMLContainer.http.port.get(),
        routes=frozenset(complete_openapi(outer.openapi_spec.asdict())["paths"]),
        timeout_s=service.LIMITS.deadline_seconds,
        user=generate.BENTO_UID_GID,
        probe_timeout_s=service.PROBE_TIMEOUT_SECONDS,
    )
