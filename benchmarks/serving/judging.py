"""Whether an answer is right: its status, and the probabilities in it beside the offline ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

PD_PATTERN = rb'"probability": ?([-+.0-9eE]+)'


@dataclass(frozen=True, slots=True)
class Judge:
    """Finds what is wrong with answers, in about a microsecond each, while the clock runs.

    Attributes:
        expected: The probabilities that the answer to each question must carry, in the rows' order;
            None: only the status is looked at.
        tolerance: By how much they may differ.
        pattern: Finds one probability in the body of an answer, as its only group.
    """

    expected: Sequence[Sequence[float]] | None = None
    tolerance: float = 0.0
    pattern: re.Pattern[bytes] = re.compile(PD_PATTERN)

    def find_fault(self, status: int, body: bytes, question: int) -> str | None:
        """Return what is wrong with the answer to a question; None if nothing is."""
        if status != HTTPStatus.OK:
            return f"status {status}"
        if self.expected is None:
            return None
        found = self.pattern.findall(body)
        expected = self.expected[question]
        if len(found) != len(expected):
            return "not one probability a row"
        for text, pd in zip(found, expected, strict=True):
            if not abs(float(text) - pd) <= self.tolerance:
                return "another probability than offline"
        return None
