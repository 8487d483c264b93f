"""What the gate found: checks with their verdicts, kept with the record of a promotion as JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    SKIPPED = "skipped"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Check(_Record):
    """One thing that was looked at.

    Attributes:
        code: Its stable name, explained in docs/gate.md; a text, so that a report with a code that
            is no more still reads.
        title: What is looked at, in a few words.
        figure: What was found, for a person.
        limit: What was demanded, for a person.
        verdict: How it ended.
        detail: Why, and what to do; may be blank where it passed.
        figures: What was found, by name.
        limits: What was demanded, by name.
    """

    code: str
    title: str
    figure: str
    limit: str
    verdict: Verdict
    detail: str = ""
    figures: dict[str, Finite] = Field(default_factory=dict)
    limits: dict[str, Finite] = Field(default_factory=dict)


class GateReport(_Record):
    """All checks of one challenger.

    Attributes:
        model_name: Registered model.
        version: The challenger.
        champion_version: The version that held the stage; None: nobody.
        stage: What it is judged for, such as `Staging`.
        judged_at: UTC, ISO 8601.
        checks: In the order of docs/gate.md.
    """

    model_name: str
    version: str
    champion_version: str | None
    stage: str
    judged_at: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict is Verdict.FAILED)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the report that `to_json` wrote.

        Raises:
            pydantic.ValidationError: If the text is no such report.
        """
        return cls.model_validate_json(text)
