"""Bodies that nobody should send, the same ones for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Applicant = Mapping[str, Any]

WRONG_VALUES: tuple[Any, ...] = (
    None, True, "", "x" * 5_000, "\ud800", "\x00", -1, 0, 2**63, 10**400, 1e308, -1e308,
    float("nan"), float("inf"), [], [1], {}, {"a": {"b": []}}, "2026-01-01", "'; DROP TABLE x; --",
)  # fmt: skip
WHOLE_BODIES = (
    b"", b" ", b"null", b"true", b"0", b'"data"', b"[]", b"{}", b'{"data": null}', b'{"data": []}',
    b'{"data": [[]]}', b'{"data": {}}', b'{"data": 1, "data": 2}', b"{'data': {}}", b"\xff\xfe{}",
    b"\xef\xbb\xbf{}", b"NaN", b"[" * 50_000, b'{"data":' * 20_000, b'{"data": 1e999999}',
    b'{"data": {"SK_ID_CURR": ' + b"9" * 5_000 + b"}}",
)  # fmt: skip


def make_malformed(applicant: Applicant, number: int, seed: int) -> Iterator[bytes]:
    """Return bodies, each an applicant's spoiled in one way; a few may still be valid."""
    dice = random.Random(seed)  # noqa: S311 -- to be repeated, not to be kept from anyone
    yield from WHOLE_BODIES[:number]
    for _ in range(number - len(WHOLE_BODIES)):
        yield dice.choice(WAYS)(applicant, dice)


def _spoil_value(applicant: Applicant, dice: random.Random) -> bytes:
    return _write({**applicant, dice.choice(list(applicant)): dice.choice(WRONG_VALUES)})


def _spoil_name(applicant: Applicant, dice: random.Random) -> bytes:
    name = dice.choice(list(applicant))
    return _write({(name + "\u0000" if key == name else key): applicant[key] for key in applicant})


def _leave_out(applicant: Applicant, dice: random.Random) -> bytes:
    name = dice.choice(list(applicant))
    return _write({key: value for key, value in applicant.items() if key != name})


def _cut(applicant: Applicant, dice: random.Random) -> bytes:
    body = _write(dict(applicant))
    return body[: dice.randrange(len(body))]


def _flip_bytes(applicant: Applicant, dice: random.Random) -> bytes:
    body = bytearray(_write(dict(applicant)))
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body))] = dice.randrange(256)
    return bytes(body)


def _spoil_history(applicant: Applicant, dice: random.Random) -> bytes:
    rows: Any = dice.choice(([], [{}], [{"SK_ID_BUREAU": dice.choice(WRONG_VALUES)}], "rows", None))
    table = dice.choice(("bureau", "bureau_balance", "previous_application", "application", ""))
    return _write({**applicant, "history": {table: rows}})


def _mix(applicant: Applicant, dice: random.Random) -> bytes:
    rows = [dict(applicant), dice.choice(WRONG_VALUES), dict(applicant)]
    return json.dumps({"data": rows}).encode("utf-8", "surrogatepass")


def _write(applicant: Mapping[str, Any]) -> bytes:
    return json.dumps({"data": applicant}).encode("utf-8", "surrogatepass")


WAYS: tuple[Callable[[Applicant, random.Random], bytes], ...] = (
    _spoil_value, _spoil_value, _spoil_name, _leave_out, _cut, _flip_bytes, _spoil_history, _mix,
)  # fmt: skip
