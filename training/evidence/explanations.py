"""How the model comes to its estimates: for all clients, and for three of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.counterfactual import Counterfactual
from credit.decision import Decision, name_decision, refuse
from credit.features.formula import FloatArray
from credit.reasons import ChosenReasons, choose_reasons
from training.evidence.contributions import Contributions, compute_contributions
from training.evidence.lime_agreement import NEIGHBOURS, LimeAgreement, compare_with_lime
from training.evidence.other_terms import (
    CounterfactualSearch,
    TermSearch,
    predict_pd,
    take_booster_columns,
)
from training.evidence.refusal_reasons import RefusalReasons, count_reasons


class Role(StrEnum):
    """Why a client is shown; their only name."""

    SAFE = "Client A, safely approved"
    NEAR = "Client B, just refused"
    RISKY = "Client C, clearly refused"


@dataclass(frozen=True, slots=True)
class SampleSizes:
    """How many clients are looked at.

    Attributes:
        clients: Of all, for what weighs on the whole.
        refused: Of the refused, for the reasons they are told.
        counterfactuals: Of these, for whom other terms are looked for.
        neighbours: Drawn around one client by LIME.
    """

    clients: int = 2_000
    refused: int = 2_000
    counterfactuals: int = 100
    neighbours: int = NEIGHBOURS


@dataclass(frozen=True, slots=True)
class ExplainedClient:
    """One client's estimate, explained.

    Attributes:
        role: Why they are shown.
        pd: Probability of default, by the model itself.
        decision: What follows at the threshold.
        features: What the model was given, shape (columns,).
        contributions: In log-odds of default, shape (columns,).
        reasons: What they are told if refused.
        counterfactual: Other terms on which they would be approved; None: none, or approved.
    """

    role: Role
    pd: float
    decision: Decision
    features: NDArray[np.float32]
    contributions: NDArray[np.float64]
    reasons: ChosenReasons
    counterfactual: Counterfactual | None


@dataclass(frozen=True, slots=True)
class Explanations:
    """How the model comes to its estimates.

    Attributes:
        contributions: Of a random sample.
        threshold: At or above it a client is refused.
        clients: Those of the three roles that somebody has.
        refusals: What a random sample of refused clients is told.
        search: Other terms for some of these.
        lime: LIME beside SHAP, for the just refused client; None where nobody is.
    """

    contributions: Contributions
    threshold: float
    clients: tuple[ExplainedClient, ...]
    refusals: RefusalReasons
    search: CounterfactualSearch
    lime: LimeAgreement | None


def explain(
    booster: xgb.Booster,
    features: NDArray[np.float32],
    names: Sequence[str],
    application: Mapping[str, FloatArray],
    threshold: float,
    seed: int = 0,
    sizes: SampleSizes = SampleSizes(),
) -> Explanations:
    """Return how the model comes to its estimates, on seeded samples of these clients.

    Probabilities are the model's own, not out of fold: they are what is explained.

    Args:
        booster: The model; it may be fitted on a part of the columns.
        features: Of all clients, shape (n, columns).
        names: Of the columns, out of the catalog.
        application: Encoded columns of the same clients' applications in the same order, each of
            shape (n,), as `training.feature_matrix.read_encoded` returns them.
        threshold: At or above it a client is refused.
        seed: Of the samples and of LIME's neighbours.
        sizes: Of the samples.

    Raises:
        ValueError: If a column of the model is missing, or the applications are not these clients'.
        ExplanationWrong: If contributions do not add up to the model's margin.
    """
    used = take_booster_columns(booster, features, names)
    generator = np.random.default_rng(seed)
    pd = predict_pd(booster, used)
    chosen = _draw(generator, np.arange(len(used)), sizes.clients)
    contributions = compute_contributions(booster, used[chosen], booster.feature_names or names)
    refused = _draw(generator, np.flatnonzero(refuse(pd, threshold)), sizes.refused)
    tried = refused[: sizes.counterfactuals]
    search = TermSearch(booster, features, tuple(names), application, threshold)
    search.require_same_clients(tried)
    found = [search.find(number) for number in tried]
    clients = tuple(
        _explain_client(role, contributions, pd[chosen], place, search, int(chosen[place]))
        for role, place in _cast(pd[chosen], threshold).items()
    )
    return Explanations(
        contributions=contributions,
        threshold=threshold,
        clients=clients,
        refusals=count_reasons(_explain_refused(booster, used[refused], contributions.names)),
        search=CounterfactualSearch(len(tried), np.array([one.size for one in found if one])),
        lime=_explain_by_lime(booster, contributions, clients, seed, sizes.neighbours),
    )


def _draw(
    generator: np.random.Generator, numbers: NDArray[np.intp], count: int
) -> NDArray[np.intp]:
    return generator.choice(numbers, min(count, len(numbers)), replace=False)


def _cast(pd: NDArray[np.float64], threshold: float) -> dict[Role, int]:
    """Return where the clients of each role stand; roles that nobody has are left out.

    The median of the approved, the refused one who is nearest the threshold, the median of the
    refused.
    """
    order = np.argsort(pd, kind="stable")
    refused = refuse(pd[order], threshold)
    approved, over = order[~refused], order[refused]
    roles: dict[Role, int] = {}
    if len(approved):
        roles[Role.SAFE] = int(approved[len(approved) // 2])
    if len(over):
        roles[Role.NEAR] = int(over[0])
        roles[Role.RISKY] = int(over[len(over) // 2])
    return roles


def _explain_client(
    role: Role,
    contributions: Contributions,
    pd: NDArray[np.float64],
    place: int,
    search: TermSearch,
    number: int,
) -> ExplainedClient:
    features, values = contributions.features[place], contributions.values[place]
    (reasons,) = choose_reasons(values[np.newaxis], features[np.newaxis], contributions.names)
    refused = bool(refuse(pd[place : place + 1], search.threshold)[0])
    return ExplainedClient(
        role=role,
        pd=float(pd[place]),
        decision=name_decision(refused=refused),
        features=features,
        contributions=values,
        reasons=reasons,
        counterfactual=search.find(number) if refused else None,
    )


def _explain_refused(
    booster: xgb.Booster, features: NDArray[np.float32], names: Sequence[str]
) -> Contributions | None:
    return compute_contributions(booster, features, names) if len(features) else None


def _explain_by_lime(
    booster: xgb.Booster,
    contributions: Contributions,
    clients: Sequence[ExplainedClient],
    seed: int,
    neighbours: int,
) -> LimeAgreement | None:
    for client in clients:
        if client.role is Role.NEAR:
            return compare_with_lime(
                booster,
                contributions.features,
                contributions.names,
                client.features,
                client.contributions,
                seed,
                neighbours,
            )
    return None
