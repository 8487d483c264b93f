"""One process at a file of studies: a second would draw the same trials."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from credit.errors import TuningUnusable


@contextmanager
def reserved(file: Path) -> Iterator[None]:
    """Keep others from the file; the system ends it with the process, however that ends.

    The lock stands beside the file and goes with it: one that a killed process left is taken over.

    Raises:
        TuningUnusable: If another process has it, or there can be no lock.
    """
    place = file.with_name(f"{file.name}.lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = _take(place)
    except BlockingIOError:
        raise TuningUnusable(
            f"Another process is tuning with {file}: it holds {place}. Wait for its end, or name "
            "another file with --study."
        ) from None
    except OSError as error:
        raise TuningUnusable(
            f"{file} cannot be kept from other processes: {place}: {error.strerror}. Make it "
            "writable, or name another file with --study."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            if _is_still(place, lock):
                place.unlink()  # while it is held: whoever opened it before tries again
        lock.close()


def _take(place: Path) -> IO[bytes]:
    while True:
        lock = place.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(place, lock):
                return lock
        except OSError:
            lock.close()
            raise
        lock.close()


def _is_still(place: Path, lock: IO[bytes]) -> bool:
    """Return whether the opened file still stands there: who had it before may have removed it."""
    try:
        return os.path.samestat(place.stat(), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False
