"""How well the model tells defaults from repaid loans, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from credit.cost import Flags, Probabilities
from credit.decision import refuse
from credit.evaluation.bootstrap import REPETITIONS, Counts, Estimate, bootstrap
from credit.evaluation.weighted import compute_auc, compute_ks, compute_mean, rank
from training.evidence.drawing import BLUE, GREY, RED, new_figure
from training.evidence.section import Plot, Section
from training.evidence.tabulate import tabulate
from training.metrics import compute_losses

TITLE = "Performance"
NO_BETTER_THAN_CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class Performance:
    """Out-of-fold figures with their intervals.

    Attributes:
        auc: Area under the ROC curve.
        gini: 2 AUC - 1.
        ks: Largest distance between the two score distributions.
        brier: Mean squared error of the probabilities.
        log_loss: Mean negative log-likelihood.
        fold_aucs: AUC within each fold.
        default_rate: Share of defaults.
    """

    auc: Estimate
    gini: Estimate
    ks: Estimate
    brier: Estimate
    log_loss: Estimate
    fold_aucs: tuple[float, ...]
    default_rate: float

    @property
    def beats_chance(self) -> bool:
        """Whether the model is shown to rank better than a coin does."""
        return self.auc.low > NO_BETTER_THAN_CHANCE


def measure_performance(
    defaulted: Flags,
    pd: Probabilities,
    folds: NDArray[np.int8],
    repetitions: int = REPETITIONS,
    seed: int = 0,
) -> Performance:
    """Return the figures of out-of-fold probabilities of shape (n,)."""
    ranking = rank(defaulted, pd)
    squared = (pd - defaulted) ** 2
    loss = compute_losses(defaulted, pd)

    def measure(counts: Counts) -> NDArray[np.float64]:
        auc = compute_auc(ranking, counts)
        means = (compute_mean(each, counts) for each in (squared, loss))
        return np.array([auc, 2 * auc - 1, compute_ks(ranking, counts), *means])

    auc, gini, ks, brier, log_loss = bootstrap(measure, len(pd), repetitions, seed)
    by_fold = [folds == fold for fold in np.unique(folds)]
    return Performance(
        auc=auc,
        gini=gini,
        ks=ks,
        brier=brier,
        log_loss=log_loss,
        fold_aucs=tuple(
            compute_auc(rank(defaulted[own], pd[own]), np.ones(own.sum(), np.int64))
            for own in by_fold
        ),
        default_rate=float(defaulted.mean()),
    )


def describe_performance(
    performance: Performance, defaulted: Flags, pd: Probabilities, threshold: float
) -> Section:
    """Return the section; the probabilities are for the plots."""
    folds = ", ".join(f"{auc:.4f}" for auc in performance.fold_aucs)
    rows = [
        ("AUC", f"{performance.auc:.4f}"),
        ("Gini", f"{performance.gini:.4f}"),
        ("KS", f"{performance.ks:.4f}"),
        ("Brier score", f"{performance.brier:.5f}"),
        ("Log loss", f"{performance.log_loss:.5f}"),
    ]
    warning = "" if performance.beats_chance else f"\n\n{tell_no_better_than_chance(performance)}"
    text = f"""\
Out of fold on {len(pd):,} clients, of whom {performance.default_rate:.2%} defaulted: each is \
predicted by a model that has not seen them, nor stopped fitting by them. Intervals are 95 % \
bootstraps over clients; they do not hold what another fit would have given.

{tabulate(("figure", "value and interval"), rows)}

AUC of the single folds: {folds}.{warning}
"""
    return Section(
        title=TITLE,
        text=text,
        plots=(
            Plot(
                "roc_curve",
                "Share of defaults refused over share of repaid loans refused, at every threshold; "
                "the dot is the served one.",
                _draw_roc(defaulted, pd, threshold, performance.auc),
            ),
            Plot(
                "score_distribution",
                "Distribution of PD among defaults and among repaid loans, each to one; "
                "applicants right of the line are refused. The riskiest 0.5 % lie beyond the "
                "picture.",
                _draw_scores(defaulted, pd, threshold),
            ),
        ),
        tables={
            "fold_auc": list_folds(performance.fold_aucs),
        },
        metrics={
            f"oof_{name}_{end}": getattr(getattr(performance, name), end)
            for name in ("auc", "gini", "ks", "brier", "log_loss")
            for end in ("low", "high")
        },
    )


def tell_no_better_than_chance(performance: Performance) -> str:
    """Return the warning about a model that is not shown to rank better than a coin does."""
    return (
        f"**This model is not shown to be better than chance**: the interval of its AUC, "
        f"{performance.auc:.4f}, reaches 0.5. Use more clients before deciding by it."
    )


def list_folds(fold_aucs: tuple[float, ...]) -> pd.DataFrame:
    """Return the folds' AUC as a table."""
    return pd.DataFrame({"fold": range(len(fold_aucs)), "auc": fold_aucs})


def _draw_roc(
    defaulted: Flags, probabilities: Probabilities, threshold: float, auc: Estimate
) -> Figure:
    figure, axes = new_figure("ROC curve", width=5.5, height=5.5)
    good_refused, bad_refused, _ = roc_curve(defaulted, probabilities)
    axes.plot(good_refused, bad_refused, color=BLUE, label=f"AUC {auc:.4f}")
    axes.plot([0, 1], [0, 1], "--", color=GREY, label="chance")
    refused = refuse(probabilities, threshold)
    at = (refused[~defaulted].mean(), refused[defaulted].mean())
    axes.plot(*at, "o", color=RED, label=f"served threshold {threshold:.4f}")
    axes.set_xlabel("repaid loans refused (false positive rate)")
    axes.set_ylabel("defaults refused (true positive rate)")
    axes.legend(loc="lower right")
    return figure


def _draw_scores(defaulted: Flags, probabilities: Probabilities, threshold: float) -> Figure:
    figure, axes = new_figure("Score distribution by outcome")
    edges = np.linspace(0, float(np.quantile(probabilities, 0.995)), 61).tolist()
    for flags, color, name in ((~defaulted, BLUE, "repaid"), (defaulted, RED, "defaulted")):
        axes.hist(probabilities[flags], edges, density=True, color=color, alpha=0.5, label=name)
    axes.axvline(threshold, color="black", lw=1, label=f"threshold {threshold:.4f}")
    axes.set_xlabel("PD")
    axes.set_ylabel("density")
    axes.legend(loc="upper right")
    return figure
