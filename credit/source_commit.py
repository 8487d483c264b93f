"""The commit that code is of."""

from __future__ import annotations

import subprocess
from pathlib import Path


def find_commit(file: Path) -> str:
    """Return the commit of the checkout that holds a file; another's repository is none.

    It ends with `+changes` if files of the checkout differ from it.
    """
    folder = file.resolve().parent
    if _ask_git(folder, "ls-files", "--error-unmatch", file.name) is None:
        return "not a git checkout"
    commit = _ask_git(folder, "rev-parse", "HEAD")
    changes = _ask_git(folder, "status", "--porcelain")
    if commit is None or changes is None:
        return "unknown"
    return f"{commit}+changes" if changes else commit


def _ask_git(folder: Path, *arguments: str) -> str | None:
    """Return what git says in the folder; None if it fails, or is not there."""
    try:
        done = subprocess.run(  # noqa: S603  (our own arguments)
            ("git", *arguments),  # noqa: S607  (the user's git)
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
