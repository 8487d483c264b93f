"""The engines' names; imported by whoever offers the choice, so nothing heavy stands here."""

from __future__ import annotations

from enum import StrEnum


class EngineName(StrEnum):
    """The table engines that compute history features."""

    DUCKDB = "duckdb"
    SPARK = "spark"
