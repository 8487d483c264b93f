"""The BentoML store: what is in it, and how half an item is told from a whole one and removed.

BentoML copies into its store in place, and cleans up after errors but not after an interrupt. So a
note stands beside the store as long as an item is being written, locked by whoever writes it. The
lock dies with its process: a note that nobody holds tells the next command what to remove.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, unquote

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer

NOTES = "credit-unfinished"


class Kind(StrEnum):
    """What BentoML stores, by the name of its folder."""

    MODEL = "models"
    BENTO = "bentos"


@contextmanager
def writing(kind: Kind, tag: str) -> Iterator[int]:
    """Note that an item is being written; on any failure discard what is there of it.

    Waits while another process writes the same item. Gives a descriptor: a process that inherits it
    keeps the item from being called unfinished for as long as it lives.
    """
    path = _find_notes() / quote(f"{kind}/{tag}", safe="")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _lock(path)
    try:
        try:
            yield descriptor
        except BaseException:
            discard(kind, tag)
            raise
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def discard_unfinished() -> list[str]:
    """Discard every item whose writer is no more, and return their tags."""
    discarded = []
    for path in sorted(_find_notes().glob("*")):
        with _trying_lock(path) as is_ours:
            if is_ours:
                kind, _, tag = unquote(path.name).partition("/")
                discard(Kind(kind), tag)
                path.unlink(missing_ok=True)
                discarded.append(tag)
    return discarded


def is_being_written(kind: Kind, besides: str) -> bool:
    """Return whether a living process writes an item of the kind, other than the one named."""
    for path in _find_notes().glob("*"):
        found, _, tag = unquote(path.name).partition("/")
        if found == kind and tag != besides and path.exists():
            with _trying_lock(path) as is_ours:
                if not is_ours and path.exists():
                    return True
    return False


def make_latest(kind: Kind, tag: str) -> None:
    """Let a whole item be what `NAME:latest` means."""
    name, _, version = tag.partition(":")
    latest = Path(BentoMLContainer.bentoml_home.get()) / kind / name / "latest"
    part = latest.with_name(f".latest.{os.getpid()}.part")
    part.write_text(version)
    part.replace(latest)


def discard(kind: Kind, tag: str) -> None:
    """Remove an item, whole or not; BentoML then finds the latest of the rest by itself."""
    name, _, version = tag.partition(":")
    items = Path(BentoMLContainer.bentoml_home.get()) / kind / name
    shutil.rmtree(items / version, ignore_errors=True)
    (items / "latest").unlink(missing_ok=True)
    if items.is_dir() and not any(items.iterdir()):
        items.rmdir()


def get_model(tag: str) -> bentoml.Model | None:
    """Return the model in the store; None if it is not there or cannot be read."""
    try:
        return bentoml.models.get(tag)
    except Exception:  # noqa: BLE001 -- half of a model.yaml makes BentoML raise almost anything
        return None


def _find_notes() -> Path:
    return Path(BentoMLContainer.bentoml_home.get()) / NOTES


@contextmanager
def _trying_lock(path: Path) -> Iterator[bool]:
    """Give whether the note could be locked: it is there, and its writer is no more."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # its writer has just finished
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = _is_at(path, descriptor)
    except BlockingIOError:
        is_ours = False
    try:
        yield is_ours
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Return whether the file that was opened still has that name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(path: Path) -> int:
    """Return a descriptor that locks the file of that name, once nobody else does."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # whoever held the lock took the file away
