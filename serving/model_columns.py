"""Which of the catalog's features a model takes, read from its file without loading XGBoost."""

from __future__ import annotations

import struct
from pathlib import Path

from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES

_LENGTH = struct.Struct(">q")


def _write_length(length: int) -> bytes:
    return b"L" + _LENGTH.pack(length)


_KEY = b"feature_names"
_OPENING = _write_length(len(_KEY)) + _KEY + b"[#L"


def read_model_columns(path: Path) -> tuple[str, ...]:
    """Return the names of a model's columns, in its order.

    The process that speaks HTTP names what the other one computes; XGBoost would cost it half a
    second at start and 23 MB. In UBJSON, as XGBoost writes it, the names are an array of counted
    texts. A model without names can only be one of all features (`credit.prediction`).

    Raises:
        FingerprintMismatch: If the names cannot be read, or are not of the catalog, in its order.
    """
    names = _read_names(path.read_bytes()) or FEATURE_NAMES
    known = set(names)
    if names != tuple(name for name in FEATURE_NAMES if name in known):
        raise FingerprintMismatch(
            f"{path} does not tell {len(names)} features of this code, in their order. Train again "
            "with this code."
        )
    return names


def _read_names(content: bytes) -> tuple[str, ...]:
    start = content.find(_OPENING)
    if start < 0:
        return ("unknown",)
    place = start + len(_OPENING)
    (count,) = _LENGTH.unpack_from(content, place)
    place += _LENGTH.size
    names = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(content, place + 2)  # after "SL"
        place += 2 + _LENGTH.size
        names.append(content[place : place + length].decode())
        place += length
    return tuple(names)
