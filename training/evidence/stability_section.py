"""Stability in words and pictures: score, features, and what tells the populations apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from credit.drift import LARGE, NOTABLE, Drift
from training.evidence.adversarial import Adversary
from training.evidence.drawing import BLUE, GREY, ORANGE, RED, new_figure
from training.evidence.section import Plot, Section
from training.evidence.stability import Stability

TITLE = "Stability"
SHOWN = 20
LISTED = 10
"""Most features named in a sentence."""


def describe_stability(stability: Stability | None) -> Section:
    """Return the section on whether application_test is like application_train.

    Args:
        stability: What was measured; None: there is no application_test, or it has no rows.
    """
    if stability is None:
        return Section(title=TITLE, text=_explain_absence())
    parts = [
        _introduce(stability),
        _describe_score(stability),
        _describe_features(stability),
        _describe_adversary(stability.adversary),
    ]
    return Section(
        title=TITLE,
        text="\n\n".join(parts),
        plots=tuple(_draw(stability)),
        tables={"stability": tabulate_stability(stability)},
        metrics=stability.to_metrics(),
    )


def tabulate_stability(stability: Stability) -> pd.DataFrame:
    """Return one row a feature: its index, and its share of the gain of telling apart."""
    gains = stability.adversary.gains if stability.adversary else {}
    return pd.DataFrame(
        {
            "feature": list(stability.features),
            "psi": [drift.psi for drift in stability.features.values()],
            "psi_by_chance": [drift.chance for drift in stability.features.values()],
            "adversarial_gain_share": [gains.get(name, 0.0) for name in stability.features],
        }
    )


def _explain_absence() -> str:
    return (
        "Nothing was measured: the data hold no application_test, or one without rows, so there "
        "are no clients beside those the model was fitted on. Stability compares the two tables; "
        "put application_test beside application_train and train again."
    )


def _introduce(stability: Stability) -> str:
    return (
        f"{stability.train:,} clients of application_train against {stability.test:,} of "
        "application_test. PSI: population stability index, over tenths of application_train, "
        f"missing being a bin of its own. Usual reading: below {NOTABLE:g} none to speak of, from "
        f"{LARGE:g} on large (Siddiqi, Credit Risk Scorecards, 2006), provided the index is above "
        "what chance lays between two samples of one population of these sizes (Yurdakul, Naranjo "
        f"2020), {stability.score.chance:.4f} for the score."
    )


def _describe_score(stability: Stability) -> str:
    return (
        f"**Score.** PSI {stability.score.psi:.4f}, {_read(stability.score)}: out-of-fold PD "
        "of application_train against the final model's of application_test, neither having seen "
        f"the client. Mean PD {stability.pd_train.mean():.4f} and {stability.pd_test.mean():.4f}."
    )


def _read(drift: Drift) -> str:
    if drift.reaches(LARGE):
        return "a large drift"
    return "a notable drift" if drift.reaches(NOTABLE) else "no drift to speak of"


def _describe_features(stability: Stability) -> str:
    drifted = stability.find_drifted()
    if not drifted:
        name, drift = next(iter(stability.features.items()))
        return (
            f"**Features.** None of {len(stability.features)} reaches {NOTABLE:g} beyond chance; "
            f"the largest index is {drift.psi:.4f}, of `{name}`, where chance gives up to "
            f"{drift.chance:.4f}."
        )
    large = len(stability.find_drifted(LARGE))
    named = ", ".join(f"`{name}` {stability.features[name].psi:.3f}" for name in drifted[:LISTED])
    more = f", and {len(drifted) - LISTED} more" if len(drifted) > LISTED else ""
    return (
        f"**Features.** {len(drifted)} of {len(stability.features)} reach {NOTABLE:g}, {large} of "
        f"them {LARGE:g}: {named}{more}."
    )


def _describe_adversary(adversary: Adversary | None) -> str:
    if adversary is None:
        return "**Telling apart.** One of the tables has too few clients to fit a model on."
    one, other = adversary.clients
    found = (
        f"**Telling apart.** A small model told {one:,} clients of application_train from "
        f"{other:,} of application_test with an out-of-fold AUC of {adversary.auc:.3f}; 0.5 is "
        "chance."
    )
    if not adversary.tells_apart:
        return f"{found} That is within what chance reaches: no difference was found."
    named = ", ".join(
        f"`{name}` {share:.1%}" for name, share in list(adversary.gains.items())[:LISTED]
    )
    return f"{found} By share of the gain it did so by {named}."


def _draw(stability: Stability) -> Iterator[Plot]:
    yield _draw_psi(stability)
    yield _draw_scores(stability)
    if stability.adversary and stability.adversary.gains:
        yield _draw_gains(stability.adversary)


def _draw_psi(stability: Stability) -> Plot:
    shown = {name: drift.psi for name, drift in list(stability.features.items())[:SHOWN]}
    title = f"Population stability index, the {len(shown)} largest of {len(stability.features)}"
    caption = (
        "How far application_test lies from application_train, by feature. Dashed: from where on a "
        "drift is called notable, and large."
    )
    return _draw_bars("stability_psi", title, caption, shown, "PSI", marks=(NOTABLE, LARGE))


def _draw_gains(adversary: Adversary) -> Plot:
    shown = dict(list(adversary.gains.items())[:SHOWN])
    title = f"What tells the tables apart (AUC {adversary.auc:.3f})"
    caption = (
        "Share of each feature in the gain of the model that tells application_test from "
        "application_train. Where its AUC is near 0.5 they say nothing."
    )
    return _draw_bars("stability_adversary", title, caption, shown, "share of the gain")


def _draw_bars(
    name: str,
    title: str,
    caption: str,
    values: Mapping[str, float],
    quantity: str,
    marks: tuple[float, ...] = (),
) -> Plot:
    figure, axes = new_figure(title, height=1.3 + 0.24 * len(values))
    axes.barh(list(values), list(values.values()), color=BLUE)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    largest = max(values.values(), default=0.0)
    for mark, color in zip(marks, (ORANGE, RED), strict=False):
        if mark <= max(1.5 * largest, marks[0]):
            axes.axvline(mark, color=color, ls="--")
    axes.set_xlabel(quantity)
    return Plot(name, caption, figure)


def _draw_scores(stability: Stability) -> Plot:
    title = f"Score on both tables, PSI {stability.score.psi:.4f}"
    figure, axes = new_figure(title)
    both = np.concatenate([stability.pd_train, stability.pd_test])
    edges = np.linspace(0.0, max(float(np.quantile(both, 0.995)), 1e-6), 51)
    named = (
        ("application_train, out of fold", stability.pd_train, GREY),
        ("application_test, final model", stability.pd_test, BLUE),
    )
    for label, pd_of, color in named:
        shares = np.histogram(pd_of, edges)[0] / len(pd_of)
        axes.stairs(shares, edges, color=color, lw=1.8, label=label)
    axes.set_xlabel("probability of default")
    axes.set_ylabel("share of clients")
    axes.legend(loc="upper right", frameon=False)
    caption = (
        "How probabilities of default are spread, each by a model that has not seen the client; "
        "the highest half percent lies beyond the picture."
    )
    return Plot("stability_score", caption, figure)
