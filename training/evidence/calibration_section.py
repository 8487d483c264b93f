"""Calibration's part of the model card."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
from matplotlib.figure import Figure

from training.evidence.calibration import LOGISTIC, CalibrationEvidence, Recalibration
from training.evidence.drawing import BLUE, GREY, RED, new_figure
from training.evidence.section import Plot, Section
from training.evidence.tabulate import tabulate

TITLE = "Calibration"


def describe_calibration(evidence: CalibrationEvidence, threshold: float) -> Section:
    """Return the section."""
    parts = evidence.brier
    text = f"""\
A PD is meant to be a probability: of a hundred applicants with 8 %, eight default.

- **Calibration error (ECE) {evidence.ece:.4f}** over ten equally large groups. An exactly \
calibrated model would show {evidence.ece_by_luck:.4f} on as many clients, by luck alone.
- Mean PD less default rate: {evidence.in_the_large:+.4f}. Best logistic map: slope \
{evidence.slope:.3f} (1 is calibrated), intercept {evidence.intercept:+.3f} (0 is calibrated).
- **Brier score {parts.brier:.5f}** = reliability {parts.reliability:.5f} (0 is best) - resolution \
{parts.resolution:.5f} + uncertainty {parts.uncertainty:.5f}, over fifty groups.

### Would a second step help?

Each is fitted on other folds than it is judged on; changes are after less before, per client, \
with 95 % intervals. {_tell_verdict(evidence)}

{_tabulate(evidence.recalibrations)}
"""
    plot = Plot(
        "reliability_diagram",
        "Default rate over mean PD of equally large groups, out of fold, with 95 % Wilson "
        "intervals. On the dashed line a PD is exactly what happens.",
        _draw_reliability(evidence, threshold),
    )
    return Section(
        title=TITLE,
        text=text,
        plots=(plot,),
        tables={"reliability": pd.DataFrame([asdict(group) for group in evidence.bins])},
        metrics={
            "oof_ece_low": evidence.ece.low,
            "oof_ece_high": evidence.ece.high,
            "oof_ece_by_luck": evidence.ece_by_luck.value,
            "calibration_in_the_large": evidence.in_the_large.value,
            "calibration_slope": evidence.slope,
            "calibration_intercept": evidence.intercept,
            "brier_reliability": parts.reliability,
            "brier_resolution": parts.resolution,
            "brier_uncertainty": parts.uncertainty,
        },
    )


def _tell_verdict(evidence: CalibrationEvidence) -> str:
    if applied := evidence.applied:
        return (
            "The logistic step was shown to help and is part of the served model's trees (slope "
            f"{applied.slope:.3f}, intercept {applied.intercept:+.3f}); figures above are after it."
        )
    helping = {step.method for step in evidence.recalibrations if step.helps}
    if LOGISTIC in helping:
        return (
            "The logistic step lowers the log loss only by turning the applicants' order round: "
            "the model ranks no better than chance. It is **not applied**."
        )
    if helping:
        return (
            "Only the isotonic step was shown to help; it ties applicants together and cannot be "
            "part of the trees, so it is **not applied**."
        )
    return "Neither is shown to help, so the served model has **no second step**."


def _tabulate(steps: tuple[Recalibration, ...]) -> str:
    header = ("step", "ECE after", "log loss, change", "Brier score, change", "shown to help")
    rows = [
        (
            step.method,
            f"{step.ece:.4f}",
            f"{step.log_loss_change:+.6f}",
            f"{step.brier_change:+.6f}",
            "yes" if step.helps else "no",
        )
        for step in steps
    ]
    return tabulate(header, rows)


def _draw_reliability(evidence: CalibrationEvidence, threshold: float) -> Figure:
    figure, axes = new_figure("Reliability diagram", width=6.5, height=5.5)
    bins = evidence.bins
    highest = max(max(group.high, group.mean_pd) for group in bins) * 1.05
    axes.plot([0, highest], [0, highest], "--", color=GREY, label="exactly calibrated")
    axes.axvline(threshold, color=RED, lw=1, label=f"threshold {threshold:.4f}")
    rates = [group.default_rate for group in bins]
    margins = [
        [max(0.0, group.default_rate - group.low) for group in bins],
        [max(0.0, group.high - group.default_rate) for group in bins],
    ]
    means = [group.mean_pd for group in bins]
    axes.errorbar(means, rates, margins, fmt="o", color=BLUE, capsize=3, label="groups")
    axes.set_xlim(0, highest)
    axes.set_ylim(0, highest)
    axes.set_xlabel("mean PD of the group")
    axes.set_ylabel("default rate of the group")
    axes.legend(loc="upper left")
    return figure
