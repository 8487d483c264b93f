"""Whether the challenger ranks as well as the champion, and costs no more; or than no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.cost import CostMatrix
from credit.evaluation.bootstrap import Counts, Estimate, bootstrap
from credit.evaluation.weighted import compute_auc, compute_cost, rank
from registry.gate.evidence import VersionEvidence
from registry.gate.finding import Case, Finding, pass_if
from registry.gate.pairs import Pairs, find_pairs
from registry.gate.report import Verdict

CHANCE_AUC = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """The challenger less the champion, on the same draws of the same clients.

    Attributes:
        told: Who the clients are.
        auc: AUC of the challenger.
        champion_auc: Of the champion.
        auc_change: The former less the latter.
        cost: Cost per applicant of the challenger's decisions, at its prices.
        champion_cost: Of the champion's, at the same prices.
        cost_change: The former less the latter.
    """

    told: str
    auc: Estimate
    champion_auc: Estimate
    auc_change: Estimate
    cost: Estimate
    champion_cost: Estimate
    cost_change: Estimate


@dataclass(frozen=True, slots=True)
class Standing:
    """What the challenger is worth where there is nobody to compare it with.

    Attributes:
        auc: Its AUC.
        cost: Cost per applicant of its decisions.
        rule: What is cheapest without a model: "approving" or "refusing" everybody.
        without_model: Cost per applicant of that.
        excess: Cost of its decisions less that, on the same draws.
    """

    auc: Estimate
    cost: Estimate
    rule: str
    without_model: float
    excess: Estimate


def compare(pairs: Pairs, costs: CostMatrix, repetitions: int) -> Comparison:
    """Return both versions' figures and their differences, from paired draws."""
    sides = (pairs.challenger, pairs.champion)
    rankings = [rank(pairs.defaulted, side.pd) for side in sides]

    def measure(counts: Counts) -> NDArray[np.float64]:
        ours, theirs = (compute_auc(ranking, counts) for ranking in rankings)
        cost, champion = (
            compute_cost(pairs.defaulted, side.refused, counts, costs) for side in sides
        )
        return np.array([ours, theirs, ours - theirs, cost, champion, cost - champion])

    return Comparison(pairs.told, *bootstrap(measure, len(pairs.defaulted), repetitions))


def look_at_worth(case: Case) -> tuple[Finding, Finding]:
    """Return whether the challenger ranks as well as the champion, and costs no more.

    Without champion: whether it certainly ranks better than chance, which is what a model has to
    show, and does not certainly cost as much as no model.
    """
    champion = case.find_champion()
    if champion is None:
        standing = measure_standing(case.challenger, case.limits.repetitions)
        return _judge_auc_alone(standing), judge_cost_alone(standing)
    pairs = find_pairs(case.challenger, champion, case.limits)
    found = compare(pairs, case.challenger.bundle.costs, case.limits.repetitions)
    return _judge_auc(found, case.limits.auc_margin), _judge_cost(found, case.limits.cost_margin)


def measure_standing(challenger: VersionEvidence, repetitions: int) -> Standing:
    """Return what the challenger is worth by itself."""
    known, costs = challenger.predictions, challenger.bundle.costs
    ranking = rank(known.defaulted, known.pd_out_of_fold)
    rate = float(known.defaulted.mean())
    approve_all, refuse_all = costs.false_negative * rate, costs.false_positive * (1 - rate)
    refusing = refuse_all < approve_all
    nobody_asked = np.full(len(known.refused), refusing)

    def measure(counts: Counts) -> NDArray[np.float64]:
        cost, without_model = (
            compute_cost(known.defaulted, refused, counts, costs)
            for refused in (known.refused, nobody_asked)
        )
        return np.array([compute_auc(ranking, counts), cost, cost - without_model])

    auc, cost, excess = bootstrap(measure, len(known.defaulted), repetitions)
    rule = "refusing" if refusing else "approving"
    return Standing(auc, cost, rule, min(approve_all, refuse_all), excess)


def _judge_auc(found: Comparison, margin: float) -> Finding:
    change = found.auc_change
    failure = ""
    if change.high < 0:
        failure = "It ranks worse than the champion, and that is no chance"
    elif change.value < -margin:
        failure = f"It ranks worse than the champion by more than {margin:g}"
    return _tell_change(
        failure,
        change,
        f"at least {-margin:g}, not certainly below 0",
        f"{found.auc.value:.4f}, champion {found.champion_auc.value:.4f}, on {found.told}",
        {"auc": found.auc.value, "champion_auc": found.champion_auc.value},
        {"change_min": -margin},
    )


def _judge_cost(found: Comparison, margin: float) -> Finding:
    change = found.cost_change
    failure = ""
    if change.low > 0:
        failure = "Its decisions cost more than the champion's, and that is no chance"
    elif change.value > margin:
        failure = f"Its decisions cost more than the champion's by more than {margin:g}"
    return _tell_change(
        failure,
        change,
        f"at most {margin:g}, not certainly above 0",
        f"{found.cost.value:.4f} per applicant, champion {found.champion_cost.value:.4f}, at the "
        f"challenger's prices, on {found.told}",
        {"cost": found.cost.value, "champion_cost": found.champion_cost.value},
        {"change_max": margin},
    )


def _tell_change(
    failure: str,
    change: Estimate,
    limit: str,
    told: str,
    figures: dict[str, float],
    limits: dict[str, float],
) -> Finding:
    return Finding(
        Verdict.FAILED if failure else Verdict.PASSED,
        f"{change:+.4f}",
        limit,
        f"{failure}: {told}." if failure else f"{told}.",
        {"change": change.value, "change_low": change.low, "change_high": change.high, **figures},
        limits,
    )


def _judge_auc_alone(found: Standing) -> Finding:
    passed = found.auc.low > CHANCE_AUC
    return Finding(
        pass_if(passed),
        f"{found.auc:.4f}",
        f"interval above {CHANCE_AUC:g}; no champion",
        ""
        if passed
        else "It is not shown to rank applicants better than chance. Train on more clients.",
        {"auc": found.auc.value, "auc_low": found.auc.low, "auc_high": found.auc.high},
        {"auc_low_min": CHANCE_AUC},
    )


def judge_cost_alone(found: Standing) -> Finding:
    """Return whether it is not certain that one decision for everybody would cost as little."""
    excess = found.excess
    passed = excess.low < 0
    return Finding(
        pass_if(passed),
        f"{found.cost:.4f}",
        f"{found.without_model:.4f}, {found.rule} everybody, unless by chance; no champion",
        ""
        if passed
        else f"Its decisions certainly cost no less than {found.rule} everybody, without any "
        "model. Train on more clients, or look at prices and threshold.",
        {
            "cost": found.cost.value,
            "excess": excess.value,
            "excess_low": excess.low,
            "excess_high": excess.high,
        },
        {"excess_low_max": 0},
    )
