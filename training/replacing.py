"""A file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from credit.errors import OutputExists


def require_own_file(path: Path, mark: str) -> None:
    """Return if nothing is lost by writing to `path`: it is new, or was written by the same work.

    Args:
        path: Where to.
        mark: A text that every file of this work has.

    Raises:
        OutputExists: If it is a folder, or a file without the mark.
    """
    if path.is_dir():
        raise OutputExists(f"{path} is a folder; expected a file. Name one in it.")
    if path.exists() and mark not in path.read_text(encoding="utf-8", errors="replace"):
        raise OutputExists(
            f"{path} is a file of something else, and would be lost. Name a new file, or delete it."
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; its file replaces `path` only if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
