"""Clients under names that only the holder of a key can give them: HMAC-SHA256, cut to 16 bytes.

The same client has the same pseudonym wherever the same key was used, so that what is published of
a client here can be laid beside what is logged of them there, without saying who they are. Who has
the key can try all identifiers: it belongs to the lender alone.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from credit.errors import PseudonymKeyUnusable

KEY_BYTES = 32
PSEUDONYM_BYTES = 16
_ID_PURPOSE = b"credit scoring: id of this key"


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """A key, and what it is called.

    Attributes:
        secret: At least 32 bytes; never shown.
        id: 8 hex digits that follow from the secret and do not tell it: pseudonyms of different
            keys are never compared.
    """

    secret: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Reject short keys, and name the key.

        Raises:
            PseudonymKeyUnusable: If there are fewer than 32 bytes.
        """
        if len(self.secret) < KEY_BYTES:
            raise PseudonymKeyUnusable(
                f"A pseudonym key has at least {KEY_BYTES} bytes; this one has {len(self.secret)}."
            )
        digest = hmac.digest(self.secret, _ID_PURPOSE, hashlib.sha256)
        object.__setattr__(self, "id", digest[:4].hex())

    @classmethod
    def from_text(cls, text: str, origin: str) -> Self:
        """Return the key that was written as hex digits.

        Args:
            text: At least 64 hex digits.
            origin: Where it was read, for the error, which never tells the text.

        Raises:
            PseudonymKeyUnusable: If it is something else.
        """
        try:
            return cls(bytes.fromhex(text))
        except (ValueError, PseudonymKeyUnusable):
            raise PseudonymKeyUnusable(
                f"{origin} is no pseudonym key: {'it is empty, ' if not text.strip() else ''}"
                f"expected at least {2 * KEY_BYTES} hex digits. `openssl rand -hex 32` makes one."
            ) from None

    @classmethod
    def random(cls) -> Self:
        """Return a new key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def name(self, clients: Iterable[int]) -> list[bytes]:
        """Return the clients' pseudonyms, in their order, 16 bytes each.

        Args:
            clients: SK_ID_CURR.
        """
        empty = hmac.new(self.secret, digestmod=hashlib.sha256)
        pseudonyms = []
        for client in clients:
            mac = empty.copy()
            mac.update(b"%d" % client)
            pseudonyms.append(mac.digest()[:PSEUDONYM_BYTES])
        return pseudonyms


def provide_key(text: str | None, file: Path) -> PseudonymKey:
    """Return the key that was set; without one that of the file, which is made at first need.

    Of processes that make it at the same time one wins, and all return its key. Only the owner may
    read the file.

    Args:
        text: What was set, hex digits; None: nothing.
        file: Where the key is kept otherwise.

    Raises:
        PseudonymKeyUnusable: If either is no key.
    """
    if text is None and not file.exists():
        _make_key_file(file)
    return read_key(text, file)


def read_key(text: str | None, file: Path) -> PseudonymKey:
    """Return the key that was set; without one that of the file, which is never made.

    Args:
        text: What was set, hex digits; None: nothing.
        file: Where the key is kept otherwise.

    Raises:
        PseudonymKeyUnusable: If there is none, or it is no key.
    """
    if text is not None:
        return PseudonymKey.from_text(text, "CREDIT_PSEUDONYM_KEY")
    if not file.exists():
        raise PseudonymKeyUnusable(
            f"There is no pseudonym key: CREDIT_PSEUDONYM_KEY is not set, and {file} is not there. "
            "Set it to the key that the version was trained with, or CREDIT_HOME to the folder "
            "that holds it."
        )
    return PseudonymKey.from_text(file.read_text(encoding="ascii", errors="replace"), str(file))


def _make_key_file(file: Path) -> None:
    """Write a random key under another name, and give it its own only if nobody has it yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"{secrets.token_hex(KEY_BYTES)}\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(part, file)
        except FileExistsError:
            return
    finally:
        part.unlink(missing_ok=True)
