"""What goes back over HTTP: decisions, refusals to answer, and the state of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from credit.decision import Decision
from serving.coverage import Coverage
from serving.data_quality import DataQuality
from serving.rejection import ErrorDetail

RETRY_AFTER_SECONDS = 1


AnswerFields = Mapping[str, Any]
"""The fields of `Answer`: a dictionary is made three times as quickly as a model."""


class Answer(BaseModel):
    """The decision on one applicant."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    SK_ID_CURR: int
    probability: float
    prediction: Literal[0, 1]
    decision: Decision
    threshold: float
    refer_to_person: bool
    request_id: str
    model_version: str
    coverage: Coverage
    data_quality: DataQuality


class RowRejection(BaseModel):
    """What stands in a list of answers for an applicant who does not keep the contract."""

    model_config = ConfigDict(frozen=True)

    status: Literal[422] = 422
    detail: list[ErrorDetail]


class Rejection(BaseModel):
    """Why a request has no answer, in FastAPI's shape."""

    model_config = ConfigDict(frozen=True)

    detail: list[ErrorDetail]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer before it becomes bytes.

    Attributes:
        status: HTTP status.
        content: What becomes the JSON body.
        headers: Headers beside the body's own.
    """

    status: int
    content: BaseModel | Mapping[str, object] | Sequence[BaseModel | Mapping[str, object]]
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the body; floats keep every bit."""
        return to_json(self.content)


def reply_rejection(status: int, details: Sequence[ErrorDetail]) -> Reply:
    """Return the reply to a request that the client can mend."""
    return Reply(status, Rejection(detail=list(details)))


def reply_overload(message: str, status: int = 503) -> Reply:
    """Return the reply to a request that may succeed later, with `Retry-After`."""
    detail = ErrorDetail((), message, "unavailable")
    return Reply(status, Rejection(detail=[detail]), {"Retry-After": str(RETRY_AFTER_SECONDS)})


def reply_failure(request_id: str) -> Reply:
    """Return the reply to a request that failed through no fault of the client."""
    message = f"The service failed; its operator finds the reason under request id {request_id}"
    detail = ErrorDetail((), message, "internal_error")
    return Reply(500, Rejection(detail=[detail]))
