"""A temporary folder that an interrupt cannot leave behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.interrupt import postpone_ending


@contextmanager
def open_temporary_folder(prefix: str, *, ignore_cleanup_errors: bool = False) -> Iterator[Path]:
    """Yield a new folder, removed with all that is in it at the end.

    `tempfile.TemporaryDirectory` leaves its folder when the interrupt comes while it is being made
    or removed; here it waits for that moment to pass.

    Args:
        prefix: How the folder's name begins.
        ignore_cleanup_errors: Leave what cannot be removed, instead of raising `OSError`.
    """
    folder = None
    try:
        with postpone_ending():
            folder = tempfile.TemporaryDirectory(
                prefix=prefix, ignore_cleanup_errors=ignore_cleanup_errors
            )
        yield Path(folder.name)
    finally:
        if folder is not None:
            with postpone_ending():
                folder.cleanup()
