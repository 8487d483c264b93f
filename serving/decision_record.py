"""A decision of the log as its readers get it: JSON all through, times in ISO 8601."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from typing_extensions import TypedDict

from credit.decision import Decision as DecisionName
from serving.coverage import Coverage, HistorySource
from serving.data_quality import DataQuality
from serving.decision_log import Decision

_JSON_COLUMNS = ("inputs", "reasons", "coverage", "data_quality")
_LEFT_OUT = ("id", "time_us", "history")

JsonObject = dict[str, Any]


class LoggedDecision(TypedDict):
    """A decision on one applicant, as it stands in the log."""

    time: str
    request_id: str
    position: int
    route: str
    client: str
    key_id: str | None
    inputs: dict[str, float | str]
    history_source: HistorySource
    features_sha256: str
    probability: float
    threshold: float
    decision: DecisionName
    refer_to_person: bool
    reasons: dict[str, float] | None
    model_version: str
    bundle_digest: str
    fingerprint: str
    latency_us: int
    coverage: Coverage
    data_quality: DataQuality


class LoggedDecisions(TypedDict):
    """The answer of `GET /logs`."""

    decisions: list[LoggedDecision]


def describe_decision(decision: Decision, *, with_history: bool = False) -> JsonObject:
    """Return the decision as JSON values.

    Args:
        decision: A row of the log.
        with_history: Add the history's features, float32 little endian in base64; null if the
            client had none.
    """
    described: JsonObject = {"time": _tell_time(decision["time_us"])}
    for name, value in decision.items():
        if name not in _LEFT_OUT:
            described[name] = _decode(value) if name in _JSON_COLUMNS else value
    if with_history:
        described["history"] = _encode_history(decision)
    return described


def _tell_time(time_us: int) -> str:
    seconds, microseconds = divmod(time_us, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    return moment.isoformat(timespec="microseconds")


def _decode(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _encode_history(decision: Mapping[str, Any]) -> str | None:
    history = decision["history"]
    return None if history is None else base64.b64encode(history).decode()
