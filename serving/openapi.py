"""The OpenAPI description that Swagger shows at `/`: BentoML's own, completed from the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.described_replies import (
    as_json,
    describe_models,
    describe_rejection,
    describe_replies,
    refer,
)
from serving.history_block import HISTORY_MODELS
from serving.request import DEFAULT_TAIL, MAX_ROWS, MOST_TAIL
from serving.route_scopes import SCOPES

JsonObject = dict[str, Any]

_INFO = {
    "title": "Credit scoring",
    "description": "Probability of default and decision for loan applications. Whatever the path, "
    "400 answers what is no HTTP, 404 a path that is none of these, 405 another method, and 431 a "
    "request line and headers of more than 64 KiB.",
}
_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Comes back in the answer and stands in the log. Up to 128 letters, digits, and "
    "any of `._:-`; in the place of anything else, and of none, there comes a new one.",
    "schema": {"type": "string"},
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

_ALWAYS = (408, 413, 422, 500, 503, 504)
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_YES = {"description": "Yes", "content": _TEXT}
_NO = {"description": "No: not yet, or the model does not answer", "content": _TEXT}
_STATES: Mapping[str, JsonObject] = {
    "/livez": {"200": _YES},
    "/healthz": {"200": _YES, "503": _NO},
    "/readyz": {"200": _YES, "503": _NO},
    "/metrics": {"200": {"description": "In Prometheus' words", "content": _TEXT}},
}


def complete_openapi(generated: Mapping[str, Any], *, guarded: bool = False) -> JsonObject:
    """Return BentoML's description with the applicant's fields, our replies and our GET routes.

    Args:
        generated: BentoML's own description.
        guarded: Whether a key for access tokens is configured.
    """
    own = describe_models()
    own["Applicant"]["properties"]["history"] = _describe_history()
    components = {"schemas": {**generated["components"]["schemas"], **own}}
    if guarded:
        components["securitySchemes"] = {"bearer": _BEARER}
    ours = {
        "/predict": _describe_predict(),
        "/explain": _describe_explain(),
        "/predict-minimal": _describe_predict_minimal(),
        "/features": _describe_get(
            "Fields of an applicant",
            describe_replies("The fields", refer("FeatureList"), 422, 500),
            _INCLUDE_ALL,
        ),
        "/model-info": _describe_get(
            "Versions, threshold, costs, history store",
            describe_replies("The model that decides", refer("ModelInfo"), 500),
        ),
        "/logs": _describe_get(
            "The last decisions; needs a token",
            describe_replies(
                "The decisions, the newest first", refer("LoggedDecisions"), 403, 422, 500, 503
            ),
            _TAIL,
        ),
        "/health": _describe_get("State of model, runner and history store", _describe_health()),
    }
    infrastructure = {path: item for path, item in generated["paths"].items() if path not in ours}
    for path in infrastructure.keys() & _STATES:
        infrastructure[path]["get"]["responses"] = _STATES[path]
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
        for operation in paths[path].values():
            operation["security"] = [{"bearer": []}]
            operation["responses"] |= {
                "401": describe_rejection(401),
                "403": describe_rejection(403, f"The token has not the scope {scope}"),
            }


def _describe_predict() -> JsonObject:
    applicant, answer = refer("Applicant"), refer("Answer")
    several = {"type": "array", "items": applicant, "minItems": 1, "maxItems": MAX_ROWS}
    entries = {"oneOf": [answer, refer("RowRejection")]}
    answers = {"type": "array", "items": entries, "minItems": 1, "maxItems": MAX_ROWS}
    operation = {
        "summary": "Decide on one applicant or on a list of them",
        "operationId": "credit_scoring__predict",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _REQUEST_ID],
        "requestBody": _describe_body({"oneOf": [applicant, several]}),
        "responses": describe_replies(
            "One answer, or a list with one entry an applicant",
            {"oneOf": [answer, answers]},
            403,
            *_ALWAYS,
        ),
    }
    return {"post": operation}


def _describe_explain() -> JsonObject:
    operation = {
        "summary": "Decide on one applicant, and tell how the decision came about",
        "operationId": "credit_scoring__explain",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _ALL, _COUNTERFACTUAL, _REQUEST_ID],
        "requestBody": _describe_body(refer("Applicant")),
        "responses": describe_replies(
            "The decision, contributions in log-odds of default, and reasons",
            refer("ExplainedAnswer"),
            403,
            *_ALWAYS,
        ),
    }
    return {"post": operation}


def _describe_predict_minimal() -> JsonObject:
    operation = {
        "summary": "Decide on a stored application with another amount and duration",
        "operationId": "credit_scoring__predict_minimal",
        "tags": ["Service APIs"],
        "parameters": [_THRESHOLD, _REQUEST_ID],
        "requestBody": {"required": True, "content": as_json(refer("MinimalApplication"))},
        "responses": describe_replies("The decision", refer("Answer"), 403, 404, *_ALWAYS),
    }
    return {"post": operation}


def _describe_body(data: JsonObject) -> JsonObject:
    body = {
        "type": "object",
        "properties": {"data": data},
        "required": ["data"],
        "additionalProperties": False,
    }
    return {"required": True, "content": as_json(body)}


def _describe_history() -> JsonObject:
    tables = {name: {"type": "array", "items": refer(name)} for name in HISTORY_MODELS}
    return {
        "type": ["object", "null"],
        "description": "The whole history, instead of what the store has; rows by table. "
        "Null stands for what the store has.",
        "properties": tables,
        "additionalProperties": False,
    }


def _describe_health() -> JsonObject:
    state = refer("Health")
    away = {"description": "The model does not answer, or a part is missing"}
    return {
        **describe_replies("All is there", state, 500),
        "503": {**away, "content": as_json(state)},
    }


def _describe_get(summary: str, responses: JsonObject, *parameters: JsonObject) -> JsonObject:
    operation = {
        "summary": summary,
        "tags": ["Service APIs"],
        "parameters": list(parameters),
        "responses": responses,
    }
    return {"get": operation}
