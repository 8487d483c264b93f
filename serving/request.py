"""What stands in a request to `/predict`, decoded and bounded; applicants are checked elsewhere."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import from_json

from serving.rejection import Location, reject, shorten

MAX_ROWS = 1_000
MAX_HISTORY_ROWS = 20_000
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_VALUES = 1_000_000
"""The most rows, of applicants and histories, have fewer; decoded, each takes memory."""

DEFAULT_TAIL = 20
MOST_TAIL = 1_000

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(frozen=True, slots=True)
class PredictionRequest:
    """The decoded body.

    Attributes:
        rows: One decoded JSON value an applicant, not checked yet.
        several: True if the applicants came as a list, which is answered with a list.
    """

    rows: list[object]
    several: bool

    def locate(self, position: int) -> Location:
        """Return where a row stands in the body."""
        return ("body", "data", position) if self.several else ("body", "data")


def parse_body(body: bytes) -> PredictionRequest:
    """Return what stands under `data`.

    NaN and Infinity are let through here, since one bad number must not fail the other rows.

    Raises:
        RequestRejected: If the body is too large, not JSON, not an object with `data` alone, or
            `data` is neither an object nor a list of 1 to 1,000 entries.
    """
    content = decode_body(body)
    if not isinstance(content, dict):
        raise reject(("body",), "Input should be a valid dictionary", "dict_type")
    if "data" not in content:
        raise reject(("body", "data"), "Field required", "missing")
    unknown = next((name for name in content if name != "data"), None)
    if unknown is not None:
        raise reject(
            ("body", shorten(unknown)), "Extra inputs are not permitted", "extra_forbidden"
        )
    return _parse_data(content["data"])


def decode_body(body: bytes) -> object:
    """Return the JSON value, with NaN and Infinity where they stand.

    Raises:
        RequestRejected: If the body is too large or not JSON.
    """
    if len(body) > MAX_BODY_BYTES:
        raise reject(("body",), f"Body should have at most {MAX_BODY_BYTES} bytes", "too_long", 413)
    # A body of few bytes has no room for them; and there is a comma between any two.
    if len(body) > MAX_VALUES and body.count(b",") > MAX_VALUES:
        raise reject(("body",), f"Body should have at most {MAX_VALUES} values", "too_long", 413)
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as error:
        raise reject(("body",), f"Body should be valid JSON: {error}", "json_invalid") from None


def _parse_data(data: object) -> PredictionRequest:
    location = ("body", "data")
    if isinstance(data, dict):
        return PredictionRequest([data], several=False)
    if not isinstance(data, list):
        raise reject(
            location, "Input should be a valid dictionary or a list of dictionaries", "dict_type"
        )
    if not data:
        raise reject(location, "List should have at least 1 item", "too_short")
    if len(data) > MAX_ROWS:
        raise reject(location, f"List should have at most {MAX_ROWS} items", "too_long", 413)
    if sum(map(_count_history_rows, data)) > MAX_HISTORY_ROWS:
        raise reject(
            location, f"Histories should have at most {MAX_HISTORY_ROWS} rows", "too_long", 413
        )
    return PredictionRequest(data, several=True)


def _count_history_rows(row: object) -> int:
    history = row.get("history") if isinstance(row, dict) else None
    if not isinstance(history, dict):
        return 0
    return sum(len(rows) for rows in history.values() if isinstance(rows, list))


def parse_threshold(query: Iterable[tuple[str, str]]) -> float | None:
    """Return the threshold that the query asks for, between 0 and 1; None if it asks for none.

    Raises:
        RequestRejected: If it is not a number between 0 and 1, stands there twice, or the query
            has another parameter: a misspelt threshold must not be silently ignored.
    """
    threshold = None
    for name, text in query:
        location = ("query", name)
        if name != "threshold":
            raise reject(location, "Extra inputs are not permitted", "extra_forbidden")
        if threshold is not None:
            raise reject(location, "Input should be given once", "too_long")
        try:
            threshold = float(text)
        except ValueError:
            raise reject(location, "Input should be a valid number", "float_parsing") from None
        if not 0 < threshold < 1:
            raise reject(location, "Input should be greater than 0 and less than 1", "out_of_range")
    return threshold


def parse_include_all(query: Iterable[tuple[str, str]]) -> bool:
    """Return whether the query of `/features` asks for the optional fields too.

    Raises:
        RequestRejected: If it is neither true nor false, or the query has another parameter.
    """
    include_all = False
    for name, text in query:
        location = ("query", name)
        if name != "include_all":
            raise reject(location, "Extra inputs are not permitted", "extra_forbidden")
        include_all = parse_flag(location, text)
    return include_all


def parse_tail(query: Iterable[tuple[str, str]]) -> int:
    """Return how many decisions the query of `/logs` asks for, 20 by default.

    Raises:
        RequestRejected: If it is not a number from 1 to 1,000, or the query has another parameter.
    """
    tail = DEFAULT_TAIL
    for name, text in query:
        location = ("query", name)
        if name != "tail":
            raise reject(location, "Extra inputs are not permitted", "extra_forbidden")
        if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MOST_TAIL:
            raise reject(location, f"Input should be from 1 to {MOST_TAIL}", "out_of_range")
        tail = int(text)
    return tail


def parse_flag(location: Location, text: str) -> bool:
    """Return what a parameter of the query says.

    Raises:
        RequestRejected: If it is neither true nor false.
    """
    if text.lower() not in _FLAGS:
        raise reject(location, "Input should be true or false", "bool_parsing")
    return _FLAGS[text.lower()]


def choose_request_id(given: str | None) -> str:
    """Return the client's request id if it is one that can be logged safely, else a new one.

    New ones begin with the time, so that those of a moment stand together in the log's index.
    """
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return f"{time.time_ns() // 1_000:016x}{secrets.token_hex(8)}"
