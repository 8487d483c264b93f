"""The answers of every route as OpenAPI describes them: status, headers, shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from serving.answers import Answer, Rejection, RowRejection
from serving.applicant import Applicant, FeatureList
from serving.decision_record import LoggedDecisions
from serving.explained_answer import ExplainedAnswer
from serving.history_block import HISTORY_MODELS
from serving.minimal import MinimalApplication
from serving.state import Health, ModelInfo

JsonObject = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_ASKED: Final[tuple[Any, ...]] = (Applicant, MinimalApplication, *HISTORY_MODELS.values())
_ANSWERED: Final[tuple[Any, ...]] = (
    Answer,
    ExplainedAnswer,
    FeatureList,
    Health,
    LoggedDecisions,
    ModelInfo,
    Rejection,
    RowRejection,
)

REJECTIONS: Final[Mapping[int, str]] = {
    401: "No token, or one that is not valid",
    403: "The token has not the scope that the route needs, or no key for tokens is configured",
    404: "No application of this client is stored",
    408: "The body did not come in time",
    413: "More rows or bytes than one request may have",
    422: "The request, or each of its applicants, is invalid",
    500: "The service failed; its log says where",
    503: "Overloaded, or what the answer needs is away; the same request may succeed later",
    504: "There was no answer in time",
}
"""What a status says, whichever route answers with it."""

_ID_BACK = {
    "description": "The request's id, the caller's or a new one.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    "required": True,
}
_HEADERS: Final[Mapping[int, JsonObject]] = {
    401: {
        "WWW-Authenticate": {
            "description": "What is wrong with the token (RFC 6750).",
            "schema": {"type": "string"},
            "required": True,
        }
    },
    503: {
        "Retry-After": {
            "description": "Seconds until it is worth another try; absent if that is unknown.",
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}


def describe_models() -> JsonObject:
    """Return the schemas of all that is sent and answered, by name."""
    asked: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (model, "validation", TypeAdapter(model)) for model in _ASKED
    ]
    answered: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (model, "serialization", TypeAdapter(model)) for model in _ANSWERED
    ]
    _, schemas = TypeAdapter.json_schemas([*asked, *answered], ref_template=_REFERENCE)
    described: JsonObject = schemas["$defs"]
    for model in _ASKED:
        _drop_defaults(described[model.__name__])
    return described


def _drop_defaults(model: JsonObject) -> None:
    """Take away that a field which is left out is null: of most, null may not be sent."""
    for field in model["properties"].values():
        field.pop("default", None)


def describe_replies(description: str, answer: JsonObject, *rejections: int) -> JsonObject:
    """Return the answers of a route by status.

    Args:
        description: Of the answer with status 200.
        answer: Its schema.
        rejections: The other statuses, of `REJECTIONS`.
    """
    found = {"description": description, "headers": _name_id(), "content": as_json(answer)}
    refused = {str(status): describe_rejection(status) for status in sorted(rejections)}
    return {"200": found, **refused}


def describe_rejection(status: int, description: str | None = None) -> JsonObject:
    """Return a rejection of a status, in words of the route's own or in those for all."""
    return {
        "description": description or REJECTIONS[status],
        "headers": {**_name_id(), **_HEADERS.get(status, {})},
        "content": as_json(refer("Rejection")),
    }


def refer(model: str) -> JsonObject:
    """Return a reference to the schema of a model."""
    return {"$ref": _REFERENCE.format(model=model)}


def as_json(schema: JsonObject) -> JsonObject:
    """Return the content of a body in JSON."""
    return {"application/json": {"schema": schema}}


def _name_id() -> JsonObject:
    return {"X-Request-ID": _ID_BACK}
