"""A BentoML service that reads a request and answers a constant: no service on it is faster.

Workers, access log and tracing are set as `service.py` sets them.
"""

# BentoML's decorators and most of what it exports are untyped.
# mypy: disable-error-code="misc,untyped-decorator,no-any-return"

from typing import Any

import bentoml
from starlette.requests import Request
from starlette.responses import Response

from benchmarks.serving.constant_server import BODY


class RawBody(bentoml.IODescriptor):
    """A body that nobody decodes."""

    data: dict[str, Any]

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "RawBody":  # noqa: ARG003
        """Return the bytes of the body."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
        return cls.model_construct(data=bytes(body))


class ConstantAnswer(bentoml.IODescriptor):
    """What the interface says is answered."""

    probability: float


@bentoml.service(
    name="constant",
    traffic={"timeout": 15},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": "predict"},
)
class Constant:
    """Answers a constant."""

    @bentoml.api(route="/predict", input_spec=RawBody, output_spec=ConstantAnswer)
    async def predict(self, data: bytes) -> Response:  # noqa: ARG002 -- read, and that is all
        """Answer."""
        return Response(BODY, media_type="application/json")
