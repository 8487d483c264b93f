"""How a long work tells a person where it is."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
"""Told what is being done, a line a step."""
Track = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is in all."""
