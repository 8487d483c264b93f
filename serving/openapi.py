"""The OpenAPI description that Swagger shows at `/`: BentoML's own, completed from the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from serving.answers import Answer, Rejection, RowRejection
from serving.applicant import Applicant
from serving.explained_answer import ExplainedAnswer
from serving.history_block import HISTORY_MODELS
from serving.minimal import MinimalApplication
from serving.request import DEFAULT_TAIL, MOST_TAIL
from serving.route_scopes import SCOPES

JsonObject = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_INFO = {
    "title": "Credit scoring",
    "description": "Probability of default and decision for loan applications.",
}
_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Comes back in the answer and stands in the log; made up if absent.",
    "schema": {"type": "string", "maxLength": 128},
}
_THRESHOLD = {
    "name": "threshold",
    "in": "query",
    "required": False,
    "description": "Decide with this threshold instead of the model's. Who is referred to a person "
    "does not depend on it.",
    "schema": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
}
_TAIL = {
    "name": "tail",
    "in": "query",
    "required": False,
    "description": "How many decisions, the newest first.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST_TAIL, "default": DEFAULT_TAIL},
}
_ALL = {
    "name": "all",
    "in": "query",
    "required": False,
    "description": "List what every feature adds, not only the strongest.",
    "schema": {"type": "boolean", "default": False},
}
_COUNTERFACTUAL = {
    "name": "counterfactual",
    "in": "query",
    "required": False,
    "description": "Search the smallest change of the loan's terms by which a refused applicant "
    "would be approved.",
    "schema": {"type": "boolean", "default": False},
}
_INCLUDE_ALL = {
    "name": "include_all",
    "in": "query",
    "required": False,
    "description": "Tell the optional fields too.",
    "schema": {"type": "boolean", "default": False},
}


_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token; `credit token` issues one.",
}


def complete_openapi(generated: Mapping[str, Any], *, guarded: bool = False) -> JsonObject:
    """Return BentoML's description with the applicant's fields, our replies and our GET routes.

    Args:
        generated: BentoML's own description.
        guarded: Whether a key for access tokens is configured.
    """
    models: tuple[Any, ...] = (
        Applicant,
        *HISTORY_MODELS.values(),
        Answer,
        ExplainedAnswer,
        MinimalApplication,
        RowRejection,
        Rejection,
    )
    _, schemas = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=_REFERENCE,
    )
    own = schemas["$defs"]
    own["Applicant"]["properties"]["history"] = _describe_history()
    components = {"schemas": {**generated["components"]["schemas"], **own}}
    if guarded:
        components["securitySchemes"] = {"bearer": _BEARER}
    ours = {
        "/predict": _describe_predict(),
        "/explain": _describe_explain(),
        "/predict-minimal": _describe_predict_minimal(),
        "/features": _describe_get("Fields of an applicant", _INCLUDE_ALL),
        "/model-info": _describe_get("Versions, threshold, costs, history store"),
        "/logs": _describe_get("The last decisions; needs a token", _TAIL),
        "/health": _describe_get("State of model, runner and history store"),
    }
    infrastructure = {path: item for path, item in generated["paths"].items() if path not in ours}
    described = {
        **generated,
        "openapi": "3.1.0",
        "info": {**_INFO, "version": generated["info"]["version"]},
        "components": components,
        "paths": {**ours, **infrastructure},
    }
    if guarded:
        _demand_tokens(described["paths"])
    return described


def _demand_tokens(paths: JsonObject) -> None:
    """Write to the operations that need one which scope a token must have."""
    for path, scope in SCOPES.items():
        for operation in paths.get(path, {}).values():
            operation["security"] = [{"bearer": []}]
            operation["responses"] |= {
                "401": _describe_rejection("No token, or one that is not valid"),
                "403": _describe_rejection(f"The token has not the scope {scope}"),
            }


def _describe_predict() -> JsonObject:
    applicant, answer = _refer("Applicant"), _refer("Answer")
    entries = {"oneOf": [answer, _refer("RowRejection")]}
    body = {
        "type": "object",
        "properties": {"data": _one_or_several(applicant, applicant)},
        "required": ["data"],
        "additionalProperties": False,
    }
    operation = {
        "summary": "Decide on one applicant or on a list of them",
        "operationId": "credit_scoring__predict",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _REQUEST_ID],
        "requestBody": {"required": True, "content": _as_json(body)},
        "responses": {
            "200": {
                "description": "One answer, or a list with one entry an applicant",
                "content": _as_json(_one_or_several(answer, entries)),
            },
            "413": _describe_rejection("More rows or bytes than one request may have"),
            "422": _describe_rejection("The request, or each of its applicants, is invalid"),
            "503": _describe_rejection("Overloaded, or the model does not answer: Retry-After"),
        },
    }
    return {"post": operation}


def _describe_explain() -> JsonObject:
    body = {
        "type": "object",
        "properties": {"data": _refer("Applicant")},
        "required": ["data"],
        "additionalProperties": False,
    }
    operation = {
        "summary": "Decide on one applicant, and tell how the decision came about",
        "operationId": "credit_scoring__explain",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _ALL, _COUNTERFACTUAL, _REQUEST_ID],
        "requestBody": {"required": True, "content": _as_json(body)},
        "responses": {
            "200": {
                "description": "The decision, contributions in log-odds of default, and reasons",
                "content": _as_json(_refer("ExplainedAnswer")),
            },
            "413": _describe_rejection("More bytes than one request may have"),
            "422": _describe_rejection("The request or its applicant is invalid"),
            "503": _describe_rejection("Overloaded, or the model does not answer: Retry-After"),
        },
    }
    return {"post": operation}


def _describe_predict_minimal() -> JsonObject:
    operation = {
        "summary": "Decide on a stored application with another amount and duration",
        "operationId": "credit_scoring__predict_minimal",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _REQUEST_ID],
        "requestBody": {"required": True, "content": _as_json(_refer("MinimalApplication"))},
        "responses": {
            "200": {"description": "The decision", "content": _as_json(_refer("Answer"))},
            "404": _describe_rejection("No application of this client is stored"),
            "413": _describe_rejection("More bytes than one request may have"),
            "422": _describe_rejection("The request is invalid, or what follows from it"),
            "503": _describe_rejection(
                "No application store; or overloaded, or the model does not answer: Retry-After"
            ),
        },
    }
    return {"post": operation}


def _describe_history() -> JsonObject:
    tables = {name: {"type": "array", "items": _refer(name)} for name in HISTORY_MODELS}
    return {
        "type": "object",
        "description": "The whole history, instead of what the store has; rows by table.",
        "properties": tables,
        "additionalProperties": False,
    }


def _describe_get(summary: str, *parameters: JsonObject) -> JsonObject:
    responses = {"200": {"description": "Successful Response", "content": _as_json({})}}
    operation = {
        "summary": summary,
        "tags": ["Service APIs"],
        "parameters": list(parameters),
        "responses": responses,
    }
    return {"get": operation}


def _describe_rejection(description: str) -> JsonObject:
    return {"description": description, "content": _as_json(_refer("Rejection"))}


def _one_or_several(one: JsonObject, entry: JsonObject) -> JsonObject:
    return {"oneOf": [one, {"type": "array", "items": entry, "minItems": 1}]}


def _refer(model: str) -> JsonObject:
    return {"$ref": _REFERENCE.format(model=model)}


def _as_json(schema: JsonObject) -> JsonObject:
    return {"application/json": {"schema": schema}}
