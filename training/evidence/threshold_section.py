"""The threshold's part of the model card."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from credit.cost import CostMatrix
from training.evidence.drawing import BLUE, GREEN, GREY, ORANGE, RED, new_figure
from training.evidence.referral import ReferZone
from training.evidence.section import Plot, Section
from training.evidence.tabulate import tabulate
from training.evidence.threshold import AS_GOOD, CostCurve, ThresholdEvidence

TITLE = "Threshold and cost"


def describe_threshold(
    evidence: ThresholdEvidence,
    zones: tuple[ReferZone, ...],
    costs: CostMatrix,
    refer_zone: ReferZone | None = None,
) -> Section:
    """Return the section; `refer_zone` is the one that was asked for, if any."""
    choice, nested = evidence.choice, evidence.nested
    lowest, highest = min(nested.thresholds), max(nested.thresholds)
    text = f"""\
A missed default costs {costs.false_negative:g}, a refused good applicant \
{costs.false_positive:g}; applicants whose PD is at or above **{choice.threshold:.4f}** are refused.

- **Expected cost: {evidence.nested_cost:.4f} per applicant**, refusing \
{evidence.nested_refused_share:.1%}. Measured with thresholds chosen without the clients they \
decide on (nested folds: {lowest:.4f} to {highest:.4f}); the interval is a 95 % bootstrap over \
clients.
- On the out-of-fold predictions it was chosen on, the served threshold costs \
{choice.cost_per_applicant:.4f} and refuses {choice.refused_share:.1%}; the difference is what the \
choice flatters itself by.
- Approving everybody would cost {evidence.approve_all:.4f}, refusing everybody \
{evidence.refuse_all:.4f}.
- **Band:** redrawing the clients moves the cheapest threshold from {evidence.chosen.low:.4f} to \
{evidence.chosen.high:.4f}. Anywhere from {evidence.as_good[0]:.4f} to {evidence.as_good[1]:.4f} \
the cost on these clients stays within {AS_GOOD:.0%} of the least.
- **Theory:** for exactly calibrated PD the cheapest is {evidence.theoretical:.4f} \
(price of a refusal over the sum of both prices); it costs {evidence.theoretical_cost:.4f} here.

### If a missed default had another price

Cost in refused good applicants, per applicant.

{_tabulate_prices(evidence)}

### Referring to a person

Where an automatic decision is expected to be dearest, a person may decide instead. *Saved at \
most* assumes a person who never errs; *break-even* is the price of one referral up to which that \
pays. \
{_tell_zone(refer_zone)}

{_tabulate_zones(zones)}
"""
    return Section(
        title=TITLE,
        text=text,
        plots=(
            Plot(
                "cost_curve",
                "Cost per applicant over thresholds, out of fold, with its 95 % interval. The "
                "band marks where the cheapest threshold moves when clients are redrawn.",
                _draw_cost_curve(evidence),
            ),
            Plot(
                "price_sensitivity",
                "The cheapest threshold at other prices of a missed default, beside the one that "
                "theory gives for calibrated PD, and what keeping the served threshold would cost.",
                _draw_prices(evidence),
            ),
            Plot(
                "referral_curve",
                "Cost of the decisions left to the model, over the share of applicants referred to "
                "a person; a person who errs saves less.",
                _draw_referrals(evidence, zones),
            ),
        ),
        tables={
            "cost_curve": _list_curve(evidence.curve),
            "price_sensitivity": pd.DataFrame([asdict(case) for case in evidence.prices]),
            "referral_curve": pd.DataFrame([asdict(zone) for zone in zones]),
        },
        metrics=_list_metrics(evidence),
    )


def _list_metrics(evidence: ThresholdEvidence) -> dict[str, float]:
    cost = evidence.nested_cost
    return {
        "nested_cost": cost.value,
        "nested_cost_low": cost.low,
        "nested_cost_high": cost.high,
        "nested_refused_share": evidence.nested_refused_share,
        "threshold_low": evidence.chosen.low,
        "threshold_high": evidence.chosen.high,
        "threshold_theoretical": evidence.theoretical,
        "threshold_theoretical_cost": evidence.theoretical_cost.value,
        "cost_approve_all": evidence.approve_all,
        "cost_refuse_all": evidence.refuse_all,
    }


def _list_curve(curve: CostCurve) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold": curve.thresholds,
            "cost_per_applicant": curve.cost,
            "low": curve.low,
            "high": curve.high,
            "refused_share": curve.refused_share,
        }
    )


def _tabulate_prices(evidence: ThresholdEvidence) -> str:
    header = ("price ratio", "threshold", "theory", "refused", "cost", "cost if kept as served")
    rows = [
        (
            f"{case.ratio:g} : 1",
            f"{case.threshold:.4f}",
            f"{case.theoretical:.4f}",
            f"{case.refused_share:.1%}",
            f"{case.cost:.4f}",
            f"{case.cost_at_served:.4f}",
        )
        for case in evidence.prices
    ]
    return tabulate(header, rows)


def _tabulate_zones(zones: tuple[ReferZone, ...]) -> str:
    header = ("referred", "PD from", "PD to", "cost of the rest", "saved at most", "break-even")
    rows = [
        (
            f"{zone.share:.1%}",
            f"{zone.low:.4f}",
            f"{zone.high:.4f}",
            f"{zone.automatic_cost:.4f}",
            f"{zone.saved:.4f}",
            f"{zone.break_even:.2f}",
        )
        for zone in zones
    ]
    return tabulate(header, rows)


def _tell_zone(zone: ReferZone | None) -> str:
    if zone is None:
        return (
            "No zone was asked for (`credit train --refer-share`): the model decides on everybody."
        )
    return (
        f"Asked for: PD from {zone.low:.4f} to {zone.high:.4f} is marked for a person, "
        f"{zone.share:.1%} of the applicants."
    )


def _draw_cost_curve(evidence: ThresholdEvidence) -> Figure:
    figure, axes = new_figure("Business cost over thresholds")
    curve, choice = evidence.curve, evidence.choice
    axes.fill_between(curve.thresholds, curve.low, curve.high, color=BLUE, alpha=0.2, lw=0)
    axes.plot(curve.thresholds, curve.cost, color=BLUE, label="cost per applicant (95 % interval)")
    axes.axvspan(
        evidence.chosen.low, evidence.chosen.high, color=ORANGE, alpha=0.25, lw=0, label="band"
    )
    axes.axvline(choice.threshold, color=RED, label=f"served: {choice.threshold:.4f}")
    axes.axvline(
        evidence.theoretical, color=GREY, ls="--", label=f"theory: {evidence.theoretical:.4f}"
    )
    axes.axhline(evidence.approve_all, color=GREEN, ls=":", label="approve everybody")
    axes.set_xlim(0, float(curve.thresholds[-1]))
    axes.set_xlabel("threshold (PD at or above it is refused)")
    axes.set_ylabel("cost per applicant")
    axes.legend(loc="lower right")
    return figure


def _draw_prices(evidence: ThresholdEvidence) -> Figure:
    figure, axes = new_figure("Threshold at other prices of a missed default")
    ratios = [case.ratio for case in evidence.prices]
    axes.plot(
        ratios, [case.threshold for case in evidence.prices], "o-", color=BLUE, label="cheapest"
    )
    fine = np.linspace(min(ratios), max(ratios), 100)
    axes.plot(fine, 1 / (1 + fine), "--", color=GREY, label="theory, 1 / (1 + ratio)")
    axes.axhline(evidence.choice.threshold, color=RED, lw=1, label="served")
    axes.set_xlabel("price of a missed default, in refused good applicants")
    axes.set_ylabel("threshold")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right")
    return figure


def _draw_referrals(evidence: ThresholdEvidence, zones: tuple[ReferZone, ...]) -> Figure:
    figure, axes = new_figure("Cost of automatic decisions over referrals")
    shares = [0.0, *(zone.share for zone in zones)]
    costs = [evidence.choice.cost_per_applicant, *(zone.automatic_cost for zone in zones)]
    axes.plot(shares, costs, "o-", color=BLUE)
    axes.set_xlabel("share of applicants referred to a person")
    axes.set_ylabel("cost of the rest, per applicant")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_ylim(bottom=0)
    return figure
