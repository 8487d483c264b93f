"""How many defaulted, and what the price of mistakes makes of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from credit.cost import CostMatrix
from credit.disclosure import SMALLEST_GROUP
from training.data_report.applicants import Applicants
from training.data_report.page import Chapter, Grid, Part, picture, tell_only
from training.data_report.plots import FULL, draw_bars
from training.data_report.rates import Group, count_flag
from training.data_report.words import tell_count, tell_number, tell_percent, tell_rate
from training.evidence.drawing import BLUE, GREY, RED

ANCHOR, TITLE = "outcome", "Defaults, and what mistakes cost"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the clients' loans ended.

    Attributes:
        group: Clients with a known outcome, and the defaults.
        unknown: Rows of application_train whose TARGET is neither 0 nor 1.
        test: Rows of application_test.
        repeated: Rows of application_train beyond the first of their client.
        costs: Prices of mistakes.
    """

    group: Group
    unknown: int
    test: int
    repeated: int
    costs: CostMatrix

    @property
    def enough(self) -> bool:
        """Whether there are enough clients of known outcome to be shown."""
        return self.group.clients >= SMALLEST_GROUP

    @property
    def approve_all(self) -> float:
        """Cost per applicant of approving everyone."""
        return self.costs.false_negative * self.group.rate

    @property
    def refuse_all(self) -> float:
        """Cost per applicant of refusing everyone."""
        return self.costs.false_positive * (1 - self.group.rate)


def measure_outcomes(
    train: Applicants | None, test: Applicants | None, costs: CostMatrix
) -> Outcomes:
    """Return how many are known, how many defaulted, and the rest."""
    tested = len(test) if test is not None else 0
    if train is None:
        return Outcomes(Group("all", 0, 0), 0, tested, 0, costs)
    group = count_flag("all", train.known, train.defaulted)
    named = train.clients[~np.isnan(train.clients)]
    return Outcomes(
        group=group,
        unknown=len(train) - group.clients,
        test=tested,
        repeated=len(named) - len(np.unique(named)),
        costs=costs,
    )


def describe_outcomes(measured: Outcomes) -> Chapter:
    """Return the chapter of the outcome; without one it says what cannot be measured."""
    group = measured.group
    if group.clients and not measured.enough:
        few = f"Fewer than {SMALLEST_GROUP} clients have a known outcome: too few to be shown."
        return tell_only(ANCHOR, TITLE, few)
    if not group.clients:
        return tell_only(
            ANCHOR,
            TITLE,
            "No outcome is known: there is no application_train with a TARGET of 0 or 1. Default "
            "rates are left out of this page; distributions, gaps and joins are shown.",
        )
    return Chapter(ANCHOR, TITLE, (_show_sizes(measured), _show_costs(measured)))


def _tell(measured: Outcomes) -> tuple[str, ...]:
    group = measured.group
    sentences = [
        (
            f"{group.defaults:,} of {group.clients:,} clients with a known outcome defaulted: "
            f"{tell_rate(group)}."
        )
    ]
    if group.defaults in (0, group.clients):
        sentences.append(
            "There is one outcome only, so nothing can be learned from it, and rates are the same "
            "everywhere on this page."
        )
    else:
        good = (group.clients - group.defaults) / group.defaults
        sentences.append(f"For each default there are {good:.1f} loans that were repaid.")
    if measured.unknown:
        sentences.append(
            f"{tell_count(measured.unknown)} rows of application_train have a TARGET that is "
            "neither 0 nor 1; they are left out of all default rates."
        )
    if measured.repeated:
        sentences.append(
            f"{tell_count(measured.repeated)} rows repeat a client who has an earlier row."
        )
    return tuple(sentences)


def _show_sizes(measured: Outcomes) -> Part:
    group = measured.group
    good = group.clients - group.defaults
    named = (("defaulted", group.defaults, RED), ("repaid", good, BLUE))
    unknown = (("outcome unknown", measured.unknown, GREY), ("test", measured.test, GREY))
    bars = [*named, *((name, count, colour) for name, count, colour in unknown if count)]
    figure = draw_bars(
        "Clients",
        [name for name, _, _ in bars],
        [count for _, count, _ in bars],
        "clients",
        colours=[colour for _, _, colour in bars],
        texts=[f"{count:,}" for _, count, _ in bars],
        width=FULL,
    )
    tested = (
        f"The test table has {measured.test:,} clients, "
        f"{measured.test / group.clients:.2f} for each of train."
        if measured.test
        else "There is no test table."
    )
    alt = "Bars: how many clients defaulted, repaid, and are to be judged in test."
    return Part(paragraphs=_tell(measured), pictures=(picture(figure, alt, tested),))


def _show_costs(measured: Outcomes) -> Part:
    costs = measured.costs
    price = costs.false_negative / costs.false_positive
    cheaper = "approving" if measured.approve_all < measured.refuse_all else "refusing"
    threshold = costs.calibrated_threshold
    rate = measured.group.rate
    above = "above" if rate > threshold else "below"
    paragraphs = (
        (
            f"A missed default costs as much as {tell_number(price)} good applicants refused. Of "
            f"the two policies that need no model, {cheaper} everyone is the cheaper one, at "
            f"{min(measured.approve_all, measured.refuse_all):.3f} per applicant. A model is worth "
            "what it saves of that."
        ),
        (
            f"With calibrated probabilities it pays to refuse from {tell_percent(threshold)} on; "
            f"the default rate here, {tell_percent(rate)}, is {above} that."
        ),
    )
    grid = Grid(
        "Cost per applicant without a model",
        ("policy", "defaults approved", "good applicants refused", "cost per applicant"),
        (
            ("approve all", tell_percent(rate), "0.0%", f"{measured.approve_all:.3f}"),
            ("refuse all", "0.0%", tell_percent(1 - rate), f"{measured.refuse_all:.3f}"),
        ),
    )
    title = f"The price of mistakes, {costs.false_negative:g} to {costs.false_positive:g}"
    return Part(title, paragraphs, grids=(grid,))
