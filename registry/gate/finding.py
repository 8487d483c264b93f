"""What a check hands back, and the case it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from registry.gate.codes import TITLES, CheckCode
from registry.gate.evidence import DeletedVersion, EvidenceMissing, VersionEvidence
from registry.gate.limits import GateLimits
from registry.gate.report import Check, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """Who is judged, against whom, by what.

    Attributes:
        challenger: The version that would take the stage.
        champion: The version that holds the stage, or Production where nobody holds it; None:
            nobody holds either.
        limits: What it is held to.
    """

    challenger: VersionEvidence
    champion: VersionEvidence | DeletedVersion | None
    limits: GateLimits

    def find_champion(self) -> VersionEvidence | None:
        """Return the champion; None if there is none.

        Raises:
            EvidenceMissing: If there was one, and it is not in the registry any more.
        """
        if isinstance(self.champion, DeletedVersion):
            raise EvidenceMissing(
                f"The champion, {self.champion.told}, was deleted from the registry, so nothing "
                "can be compared with it. Restore the registry, or promote with --force and a "
                "--reason."
            )
        return self.champion


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check ended; `registry.gate.report.Check` without its name."""

    verdict: Verdict
    figure: str
    limit: str
    detail: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)

    def name(self, code: CheckCode) -> Check:
        """Return the check it belongs to; figures that are no number are left out."""
        return Check(
            code=code.value,
            title=TITLES[code],
            figure=self.figure,
            limit=self.limit,
            verdict=self.verdict,
            detail=self.detail,
            figures={name: float(value) for name, value in self.figures.items() if isfinite(value)},
            limits=dict(self.limits),
        )


Look = Callable[[Case], Finding | tuple[Finding, ...]]
"""Returns the finding of the one check it makes, or of each, in their order."""


def pass_if(passed: bool) -> Verdict:  # noqa: FBT001  (the only argument, and the question itself)
    """Return the verdict on what must be so."""
    return Verdict.PASSED if passed else Verdict.FAILED
