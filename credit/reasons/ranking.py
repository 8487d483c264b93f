"""Which reasons weigh most for many applicants at once: codes and pushes, without the words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.reasons.catalog import REASONS
from credit.reasons.choice import MOST_REASONS


@dataclass(frozen=True, slots=True)
class RankedReasons:
    """What one refusal rests on.

    Attributes:
        pushes: Reasons that push towards refusal by their code, in log-odds of default, the
            strongest first, at most four: those that `choose_reasons` tells.
        protected_push: Sum of the protected features' contributions.
    """

    pushes: dict[str, float]
    protected_push: float

    @property
    def rests_on_protected(self) -> bool:
        """Whether protected facts push harder than every reason: a case for a person."""
        return self.protected_push > next(iter(self.pushes.values()), 0.0)


def rank_reasons(pushes: NDArray[np.float64], most: int = MOST_REASONS) -> list[RankedReasons]:
    """Return for each applicant the reasons that push towards refusal, the strongest first.

    Args:
        pushes: Sums of contributions (`sum_by_reason`), shape (n, reasons + 1).
        most: How many at most.
    """
    places = np.argsort(-pushes[:, :-1], axis=1, kind="stable")[:, :most]
    strongest = np.take_along_axis(pushes, places, axis=1)
    rows = zip(places.tolist(), strongest.tolist(), pushes[:, -1].tolist(), strict=True)
    return [
        RankedReasons(
            {
                REASONS[place].code: push
                for place, push in zip(codes, values, strict=True)
                if push > 0
            },
            protected,
        )
        for codes, values, protected in rows
    ]
