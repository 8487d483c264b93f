"""What an answer of `/predict` must be, whoever asks."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any


def find_fault(status: int, body: bytes, client: int) -> str | None:
    """Return what is wrong with the answer to a question about a client; None if nothing is."""
    if status != HTTPStatus.OK:
        return f"status {status}: {body[:200]!r}"
    try:
        return _find_fault(json.loads(body), client)
    except (ValueError, KeyError, TypeError):
        return f"no answer: {body[:200]!r}"


def _find_fault(answer: dict[str, Any], client: int) -> str | None:
    if answer["SK_ID_CURR"] != client:
        return "the answer is about another client"
    pd, threshold = answer["probability"], answer["threshold"]
    if not 0 <= pd <= 1:
        return f"probability {pd} is none"
    refused = pd >= threshold
    if (answer["prediction"], answer["decision"]) != (
        (1, "REFUSED") if refused else (0, "APPROVED")
    ):
        return f"decision {answer['decision']} at probability {pd} and threshold {threshold}"
    return None
