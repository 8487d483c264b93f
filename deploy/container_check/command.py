"""Runs other programs, and says what they said when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class CheckImpossible(Exception):
    """Something that the check needs is not there or does not work: no verdict on the image."""


def run(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    timeout_seconds: float = 120,
    with_errors: bool = False,
) -> str:
    """Return what a program wrote, its errors only if they are asked for.

    Raises:
        CheckImpossible: If it is not installed, fails, or takes too long.
    """
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(environment or {})},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except FileNotFoundError:
        raise CheckImpossible(f"`{command[0]}` is not installed.") from None
    except subprocess.TimeoutExpired:
        raise CheckImpossible(
            f"`{' '.join(command[:4])}` did not end within {timeout_seconds:.0f} s."
        ) from None
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise CheckImpossible(f"`{' '.join(command[:4])}` ended with {done.returncode}:\n{last}")
    return done.stdout + done.stderr if with_errors else done.stdout
