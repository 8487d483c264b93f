"""What a fairness audit says, and the limits a gate may hold it to; both read and write JSON.

The audit is made by training; this is its form, shared with whoever judges it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from credit.cost import CostMatrix

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Record):
    """A number with its 95 % interval.

    Attributes:
        value: On the clients as they are.
        low: Lower end.
        high: Upper end.
    """

    value: Finite
    low: Finite
    high: Finite

    def __format__(self, spec: str) -> str:
        """Return `value (low to high)`, each in the given format."""
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


class GroupAudit(_Record):
    """One group of clients; None stands for what cannot be measured on it, or is not told.

    Attributes:
        group: Its name.
        clients: How many belong to it; None: fewer than `credit.disclosure.SMALLEST_GROUP`, of whom
            nothing else is told either.
        defaults: How many of them defaulted.
        judged: Whether it is large enough for its figures to be held to a limit.
        default_rate: Share of defaults.
        approval_rate: Share of approved clients.
        approval_ratio: That share / the reference's.
        approval_of_repaid: Share of approved clients among those who repaid.
        opportunity_gap: That share less the reference's (equal opportunity).
        missed_default_rate: Share of approved clients among those who defaulted: the model's false
            negative rate.
        missed_default_gap: That share less the reference's (with the former: equalized odds).
        mean_pd: Mean probability of default.
        calibration_gap: Mean PD less default rate (calibration in the large).
        calibration_ratio: Mean PD / default rate.
        calibration_error: ECE over ten equally large classes of the group. Chance alone makes it
            positive, the more the smaller the group, and its interval leans upwards.
        auc: Area under the ROC curve.
        cost: Business cost per applicant.
    """

    group: str
    clients: int | None
    defaults: int | None
    judged: bool
    default_rate: Figure | None
    approval_rate: Figure | None
    approval_ratio: Figure | None
    approval_of_repaid: Figure | None
    opportunity_gap: Figure | None
    missed_default_rate: Figure | None
    missed_default_gap: Figure | None
    mean_pd: Figure | None
    calibration_gap: Figure | None
    calibration_ratio: Figure | None
    calibration_error: Figure | None
    auc: Figure | None
    cost: Figure | None


class Spread(_Record):
    """How far the judged groups of an attribute lie apart.

    Attributes:
        approval_ratio: Lowest approval rate / highest (demographic parity ratio); None if nobody is
            approved.
        opportunity: Highest less lowest approval among the repaid.
        odds: The larger of that and the same among the defaulted (equalized odds difference).
    """

    approval_ratio: Finite | None
    opportunity: Finite
    odds: Finite


class AttributeAudit(_Record):
    """One attribute that clients are grouped by.

    Attributes:
        attribute: Its name, such as ``gender``.
        reference: The group others are compared with: of those judged, the most approved; None if
            none is judged.
        groups: Every group that has clients.
        spread: Of the judged groups; None if there are fewer than two.
    """

    attribute: str
    reference: str | None
    groups: tuple[GroupAudit, ...]
    spread: Spread | None


class FairnessAudit(_Record):
    """What the decisions of a model mean for groups of clients.

    Attributes:
        clients: Clients audited.
        refused_share: Share of them who are refused.
        costs: Prices of mistakes.
        fewest_clients: A group of fewer clients is not judged.
        fewest_of_outcome: Nor is one of fewer defaults, or fewer repaid loans.
        attributes: By what they are grouped.
    """

    clients: int
    refused_share: Share
    costs: CostMatrix
    fewest_clients: int
    fewest_of_outcome: int
    attributes: tuple[AttributeAudit, ...]

    def to_json(self) -> str:
        """Return the audit as JSON text."""
        return self.model_dump_json(indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the audit that `to_json` wrote.

        Raises:
            pydantic.ValidationError: If the text is no such audit.
        """
        return cls.model_validate_json(text)


class BreachCode(StrEnum):
    """Which limit a group is beyond."""

    APPROVAL_RATIO = "approval_ratio"
    OPPORTUNITY_GAP = "opportunity_gap"
    MISSED_DEFAULT_GAP = "missed_default_gap"
    CALIBRATION_RATIO = "calibration_ratio"


class FairnessLimits(_Record):
    """Beyond which a group's figure is a breach.

    None of them is law for a lender: the first is a rule of thumb of another field, the next two
    are conventions of tools, the last is ours.

    Attributes:
        approval_ratio_min: The four-fifths rule of the Uniform Guidelines on Employee Selection
            Procedures, 29 CFR 1607.4(D) (1978), widely borrowed as a reference for lending.
        opportunity_gap_max: In either direction. Equal opportunity: Hardt, Price, Srebro,
            Equality of Opportunity in Supervised Learning (2016); up to 0.1 is what AI Fairness 360
            and Holistic AI read as fair.
        missed_default_gap_max: The same convention for the other half of equalized odds.
        calibration_ratio_max: Of mean PD to default rate, or of default rate to mean PD: the
            four-fifths rule's own distance, 1 / 0.8. No authority names one.
    """

    approval_ratio_min: Share = 0.8
    opportunity_gap_max: Share = 0.1
    missed_default_gap_max: Share = 0.1
    calibration_ratio_max: Annotated[float, Field(gt=1)] = 1.25

    def to_ranges(self) -> dict[BreachCode, tuple[float, float]]:
        """Return the range in which each figure is no breach."""
        return {
            BreachCode.APPROVAL_RATIO: (self.approval_ratio_min, float("inf")),
            BreachCode.OPPORTUNITY_GAP: (-self.opportunity_gap_max, self.opportunity_gap_max),
            BreachCode.MISSED_DEFAULT_GAP: (
                -self.missed_default_gap_max,
                self.missed_default_gap_max,
            ),
            BreachCode.CALIBRATION_RATIO: (
                1 / self.calibration_ratio_max,
                self.calibration_ratio_max,
            ),
        }


LIMITS = FairnessLimits()


class Breach(_Record):
    """A group's figure beyond a limit.

    Attributes:
        code: Which.
        attribute: What the clients are grouped by.
        group: The group.
        figure: Its figure.
        limit: What the figure is above or below.
        certain: Whether the whole interval lies beyond the limit, not the figure alone.
    """

    code: BreachCode
    attribute: str
    group: str
    figure: Figure
    limit: Finite
    certain: bool


def find_breaches(audit: FairnessAudit, limits: FairnessLimits = LIMITS) -> tuple[Breach, ...]:
    """Return every figure beyond its limit, of groups that are judged, in the audit's order."""
    return tuple(_find_breaches(audit, limits))


def _find_breaches(audit: FairnessAudit, limits: FairnessLimits) -> Iterator[Breach]:
    for attribute in audit.attributes:
        for group in attribute.groups:
            for code, admitted in limits.to_ranges().items():
                figure: Figure | None = getattr(group, code.value)
                if group.judged and figure is not None:
                    yield from _judge(code, attribute.attribute, group.group, figure, admitted)


def _judge(
    code: BreachCode, attribute: str, group: str, figure: Figure, admitted: tuple[float, float]
) -> Iterator[Breach]:
    lowest, highest = admitted
    if lowest <= figure.value <= highest:
        return
    below = figure.value < lowest
    yield Breach(
        code=code,
        attribute=attribute,
        group=group,
        figure=figure,
        limit=lowest if below else highest,
        certain=figure.high < lowest if below else figure.low > highest,
    )
