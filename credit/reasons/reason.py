"""What a reason is: facts that a refused applicant is told as one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for a refusal, with its wordings; each must be true where it is told.

    Attributes:
        code: ``R01`` and on; it keeps its meaning for good.
        title: What the applicant is told.
        features: Pattern of the names that belong to it.
        missing: Told instead where what speaks against the applicant is that something is not
            known; empty where nothing of it can be missing.
        shown_by: Pattern of the features of which one is above 0 if the title is true; empty where
            the title only names a fact and claims nothing of it.
        neutral: Told instead of the title where none of them is: the fact without the claim.
    """

    code: str
    title: str
    features: str
    missing: str = ""
    shown_by: str = ""
    neutral: str = ""

    def __post_init__(self) -> None:
        """Reject a claim without a way out.

        Raises:
            ValueError: If only one of `shown_by` and `neutral` is given.
        """
        if bool(self.shown_by) != bool(self.neutral):
            raise ValueError(f"{self.code}: shown_by and neutral belong together.")
