"""From how many clients on anything is told of a group."""

from __future__ import annotations

SMALLEST_GROUP = 10
"""No group of fewer clients is shown: its figures would be those of persons."""

TOO_FEW = f"fewer than {SMALLEST_GROUP} clients"
"""What is said of it instead."""
