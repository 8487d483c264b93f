"""Clients for whom both versions' predictions are known, none of them seen when they were made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.bundle import compute_fingerprint
from credit.cost import Flags, Probabilities
from credit.decision import refuse
from registry.gate.evidence import EvidenceMissing, VersionEvidence
from registry.gate.limits import GateLimits
from registry.gate.predictions import Predictions

OTHERWISE = "Otherwise promote with --force and a --reason."


@dataclass(frozen=True, slots=True)
class Judged:
    """What one version says of the clients, each of shape (n,).

    Attributes:
        pd: Probabilities by models that have not seen the client.
        refused: Decisions by thresholds that have not seen the client.
    """

    pd: Probabilities
    refused: Flags


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same clients, judged by both.

    Attributes:
        told: Who they are, for a person.
        defaulted: Outcomes, as the challenger's run knows them, shape (n,).
        challenger: Its predictions.
        champion: Its predictions.
    """

    told: str
    defaulted: Flags
    challenger: Judged
    champion: Judged


def find_pairs(challenger: VersionEvidence, champion: VersionEvidence, limits: GateLimits) -> Pairs:
    """Return the clients both versions predicted out of fold.

    Where they are too few, the champion scores those of the challenger's reference applicants whom
    it has not seen.

    Raises:
        EvidenceMissing: If there are too few of these as well, or nobody can tell who they are.
    """
    ours, theirs = challenger.predictions, champion.predictions
    if ours.key_id != theirs.key_id:
        raise EvidenceMissing(
            f"Clients of {challenger.told} bear pseudonyms of key {ours.key_id}, those of "
            f"{champion.told} of key {theirs.key_id}, so nobody can tell which are the same, or "
            "new. Set CREDIT_PSEUDONYM_KEY, or `pseudonym.key` in CREDIT_HOME, to the champion's "
            f"key and train again. {OTHERWISE}"
        )
    places = _find_common(ours, theirs)
    _require_same_people(ours, theirs, places, limits)
    if _suffice(ours.defaulted[places[0]], limits):
        return _pair(ours, theirs, places)
    return _score_reference(challenger, champion, len(places[0]), limits)


def _find_common(
    ours: Predictions, theirs: Predictions
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the clients in common, in either."""
    place_of = {client: place for place, client in enumerate(theirs.clients)}
    found = [
        (place, place_of[client]) for place, client in enumerate(ours.clients) if client in place_of
    ]
    both = np.array(found, np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _require_same_people(
    ours: Predictions,
    theirs: Predictions,
    places: tuple[NDArray[np.intp], NDArray[np.intp]],
    limits: GateLimits,
) -> None:
    mine, others = places
    changed = int(np.count_nonzero(ours.defaulted[mine] != theirs.defaulted[others]))
    if changed > limits.outcome_changes_max * len(mine):
        raise EvidenceMissing(
            f"{changed:,} of {len(mine):,} clients in common have another outcome in one run than "
            "in the other: the tables number other people alike, or outcomes were revised. Train "
            f"the champion's recipe again on the challenger's tables. {OTHERWISE}"
        )


def _suffice(defaulted: Flags, limits: GateLimits) -> bool:
    defaults = int(np.count_nonzero(defaulted))
    repaid = len(defaulted) - defaults
    return len(defaulted) >= limits.fewest_pairs and min(defaults, repaid) >= limits.fewest_defaults


def _pair(
    ours: Predictions, theirs: Predictions, places: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> Pairs:
    mine, others = places
    return Pairs(
        f"{len(mine):,} clients in common, out of fold",
        ours.defaulted[mine],
        Judged(ours.pd_out_of_fold[mine], ours.refused[mine]),
        Judged(theirs.pd_out_of_fold[others], theirs.refused[others]),
    )


def _score_reference(
    challenger: VersionEvidence, champion: VersionEvidence, common: int, limits: GateLimits
) -> Pairs:
    ours, seen = challenger.predictions, set(champion.predictions.clients)
    few = f"{challenger.told} and {champion.told} have {common:,} clients in common, too few"
    code = compute_fingerprint()
    if {challenger.bundle.fingerprint, champion.bundle.fingerprint} != {code}:
        raise EvidenceMissing(
            f"{few}, and the champion takes features of other code, so it cannot score the "
            f"challenger's. Train the champion's recipe again with this code. {OTHERWISE}"
        )
    place_of = {client: place for place, client in enumerate(ours.clients)}
    new = [
        row
        for row, client in enumerate(challenger.applicants.clients)
        if client in place_of and client not in seen
    ]
    places = np.array([place_of[challenger.applicants.clients[row]] for row in new], np.intp)
    defaulted = ours.defaulted[places]
    if not _suffice(defaulted, limits):
        raise EvidenceMissing(
            f"{few}, and only {len(new):,} reference applicants, {np.count_nonzero(defaulted)} of "
            f"them defaulted, are new to the champion (at least {limits.fewest_pairs} and "
            f"{limits.fewest_defaults} are needed). Train both on more of the same clients. "
            f"{OTHERWISE}"
        )
    pd = challenger.applicants.predict(champion.booster, rows=new)
    return Pairs(
        f"{len(new):,} reference applicants new to the champion, which scored them",
        defaulted,
        Judged(ours.pd_out_of_fold[places], ours.refused[places]),
        Judged(pd, refuse(pd, champion.bundle.threshold)),
    )
