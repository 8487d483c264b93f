"""Prints steps with their seconds and checks with their verdicts, as they come, and counts them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Report:
    """What was checked so far."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self._open: list[str] = []

    @contextmanager
    def time_step(self, name: str) -> Iterator[None]:
        """Print how long a step took."""
        began = time.monotonic()
        yield
        self.tell(f"step {name:<14} {time.monotonic() - began:7.1f} s")

    def check(self, title: str, *, holds: bool, found: str = "") -> None:
        """Print and count a check."""
        self.passed += holds
        self.failed += not holds
        verdict = "pass" if holds else "FAIL"
        self.tell(f"{verdict} {title}" + (f": {found}" if found else ""))

    def leave_open(self, title: str, reason: str) -> None:
        """Print that a check has no verdict; it does not count, and is told again at the end."""
        self._open.append(title)
        self.tell(f"OPEN {title}: not judged, {reason}")

    def conclude(self) -> int:
        """Print what is open and the last line, and return the exit code."""
        for title in self._open:
            self.tell(f"NOT JUDGED: {title}")
        self.tell(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.passed and not self.failed else 1

    @staticmethod
    def tell(line: str) -> None:
        """Print a line."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
