"""The stages a version can hold."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where a version can be promoted to."""

    STAGING = "Staging"
    PRODUCTION = "Production"

    @property
    def alias(self) -> str:
        """The alias beside the stage."""
        return self.value.lower()
