"""What refused clients are told, over many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from credit.reasons import choose_reasons
from training.evidence.contributions import Contributions


@dataclass(frozen=True, slots=True)
class RefusalReasons:
    """What refused clients are told.

    Attributes:
        refused: How many were looked at.
        told: How many are told each reason, by code and wording, the most frequent first.
        first: How many are told it first.
        with_reason: How many are told at least one.
        resting_on_protected: For how many protected facts push harder than any reason told.
    """

    refused: int
    told: Mapping[tuple[str, str], int]
    first: Mapping[tuple[str, str], int]
    with_reason: int
    resting_on_protected: int


def count_reasons(contributions: Contributions | None) -> RefusalReasons:
    """Return what refused clients with these contributions are told; None: nobody is refused."""
    if contributions is None:
        return RefusalReasons(0, {}, {}, 0, 0)
    chosen = choose_reasons(contributions.values, contributions.features, contributions.names)
    told = Counter((reason.code, reason.text) for one in chosen for reason in one.told)
    first = Counter((one.told[0].code, one.told[0].text) for one in chosen if one.told)
    return RefusalReasons(
        refused=len(chosen),
        told=dict(sorted(told.items(), key=lambda item: (-item[1], item[0]))),
        first=dict(first),
        with_reason=sum(bool(one.told) for one in chosen),
        resting_on_protected=sum(one.rests_on_protected for one in chosen),
    )
