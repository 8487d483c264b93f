"""How the model comes to its estimates: for all clients, and for three of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from credit.counterfactual import Counterfactual, find_counterfactual
from credit.decision import Decision, name_decision, refuse
from credit.features.application import compute_application_features
from credit.features.catalog import FEATURE_NAMES, HISTORY_FEATURE_NAMES
from credit.features.formula import Columns, FloatArray
from credit.reasons import ChosenReasons, choose_reasons
from training.evidence.contributions import Contributions, compute_contributions
from training.evidence.lime_agreement import LimeAgreement, compare_with_lime


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
    """

    clients: int = 2_000
    refused: int = 2_000
    counterfactuals: int = 100


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


@dataclass(frozen=True, slots=True)
class CounterfactualSearch:
    """For how many refused clients other terms were found.

    Attributes:
        tried: Clients.
        sizes: Of the changes found, shape (found,).
    """

    tried: int
    sizes: NDArray[np.float64]

    @property
    def found_share(self) -> float:
        """Share for whom other terms were found; NaN of nobody."""
        return len(self.sizes) / self.tried if self.tried else float("nan")


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
        ArithmeticError: If contributions do not add up to the model's margin.
    """
    used = _take_columns(booster, features, names)
    generator = np.random.default_rng(seed)
    pd = _predict(booster, used)
    chosen = _draw(generator, np.arange(len(used)), sizes.clients)
    contributions = compute_contributions(booster, used[chosen], booster.feature_names or names)
    refused = _draw(generator, np.flatnonzero(refuse(pd, threshold)), sizes.refused)
    tried = refused[: sizes.counterfactuals]
    search = _Search(booster, features, tuple(names), application, threshold)
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
        refusals=_count_reasons(booster, used[refused]),
        search=CounterfactualSearch(len(tried), np.array([one.size for one in found if one])),
        lime=_explain_by_lime(booster, contributions, clients, seed),
    )


def _take_columns(
    booster: xgb.Booster, features: NDArray[np.float32], names: Sequence[str]
) -> NDArray[np.float32]:
    """Return the columns of the booster, in its order."""
    wanted = booster.feature_names or list(names)
    if missing := sorted(set(wanted) - set(names)):
        raise ValueError(f"The model needs columns that are not there: {', '.join(missing)}.")
    if wanted == list(names):
        return features
    positions = {name: number for number, name in enumerate(names)}
    return features[:, [positions[name] for name in wanted]]


def _predict(booster: xgb.Booster, features: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(booster.inplace_predict(features), np.float64)


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
    search: _Search,
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


def _count_reasons(booster: xgb.Booster, features: NDArray[np.float32]) -> RefusalReasons:
    if not len(features):
        return RefusalReasons(0, {}, {}, 0, 0)
    names = booster.feature_names or []
    contributions = compute_contributions(booster, features, names)
    chosen = choose_reasons(contributions.values, features, names)
    told = Counter((reason.code, reason.text) for one in chosen for reason in one.told)
    first = Counter((one.told[0].code, one.told[0].text) for one in chosen if one.told)
    return RefusalReasons(
        refused=len(chosen),
        told=dict(sorted(told.items(), key=lambda item: (-item[1], item[0]))),
        first=dict(first),
        with_reason=sum(bool(one.told) for one in chosen),
        resting_on_protected=sum(one.rests_on_protected for one in chosen),
    )


def _explain_by_lime(
    booster: xgb.Booster,
    contributions: Contributions,
    clients: Sequence[ExplainedClient],
    seed: int,
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
            )
    return None


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for other terms on which clients of a matrix would be approved."""

    booster: xgb.Booster
    features: NDArray[np.float32]
    names: tuple[str, ...]
    application: Mapping[str, FloatArray]
    threshold: float

    def find(self, number: int) -> Counterfactual | None:
        """Return the smallest change of terms for the client of this number."""
        return find_counterfactual(
            self._take_application([number]),
            self._take_histories([number]),
            self._score,
            self.threshold,
        )

    def require_same_clients(self, numbers: Sequence[int] | NDArray[np.intp]) -> None:
        """Return if the applications give the features that the matrix has.

        Raises:
            ValueError: If they are of other clients, or in another order.
        """
        computed = compute_application_features(self._take_application(numbers))
        there = self.features[numbers]
        for position, name in enumerate(self.names):
            if name in computed and not np.array_equal(
                computed[name].astype(np.float32), there[:, position], equal_nan=True
            ):
                raise ValueError(
                    f"The applications do not give the features of these clients: {name} differs. "
                    "Pass the columns of the same table in the same order."
                )

    def _take_application(self, numbers: Sequence[int] | NDArray[np.intp]) -> Columns:
        return {name: values[numbers] for name, values in self.application.items()}

    def _take_histories(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Return history features; what the matrix lacks is NaN, which the model does not see."""
        histories = np.full((len(numbers), len(HISTORY_FEATURE_NAMES)), np.nan, np.float32)
        positions = {name: number for number, name in enumerate(self.names)}
        for place, name in enumerate(HISTORY_FEATURE_NAMES):
            if name in positions:
                histories[:, place] = self.features[numbers, positions[name]]
        return histories

    def _score(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        return _predict(self.booster, _take_columns(self.booster, features, FEATURE_NAMES))
