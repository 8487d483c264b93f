"""The proof that what serves is what was judged: one PD and one decision, wherever it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit.cost import Flags, Probabilities
from credit.errors import ParityBroken
from registry.scoring_api import ScoringApi


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one source says of the same clients.

    Attributes:
        source: Which one.
        pd: Probabilities of default, shape (n,).
        refused: Decisions, shape (n,).
    """

    source: str
    pd: Probabilities
    refused: Flags


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a source is from the first.

    Attributes:
        source: Which one.
        clients: How many were asked about.
        largest_difference: Of a client's PD.
        flipped: Decisions that differ.
    """

    source: str
    clients: int
    largest_difference: float
    flipped: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing differs."""
        return self.largest_difference == 0 and self.flipped == 0


def ask_service(
    source: str, api: ScoringApi, applicants: Sequence[Mapping[str, object]], version: str
) -> Verdicts:
    """Return what a running service says.

    Raises:
        ServiceFailed: If it does not answer with a decision for each.
        ParityBroken: If it serves another version.
    """
    served = api.tell_model()["model_version"]
    if served != version:
        raise ParityBroken(
            f"{source} at {api.url} serves version {served}, and version {version} is to be "
            "proved. Build and start that one."
        )
    return read_answers(source, api.decide_all(applicants))


def read_answers(source: str, answers: Sequence[Mapping[str, Any]]) -> Verdicts:
    """Return what a service's answers say."""
    return Verdicts(
        source,
        np.array([answer["probability"] for answer in answers], np.float64),
        np.array([answer["decision"] == "REFUSED" for answer in answers], np.bool_),
    )


def compare(expected: Verdicts, found: Verdicts) -> Agreement:
    """Return how far a source is from what is expected.

    Raises:
        ValueError: If they are not of the same number of clients.
    """
    if expected.pd.shape != found.pd.shape:
        raise ValueError(f"{expected.pd.shape} and {found.pd.shape} cannot be compared.")
    return Agreement(
        found.source,
        len(found.pd),
        float(np.abs(found.pd - expected.pd).max()),
        int(np.count_nonzero(found.refused != expected.refused)),
    )


def render_agreements(agreements: Sequence[Agreement]) -> str:
    """Return a table for a person."""
    rows = [
        f"{item.source:<32}  {item.clients:>7,}  {item.largest_difference:>18.3g}  "
        f"{item.flipped:>17}"
        for item in agreements
    ]
    head = f"{'source':<32}  {'clients':>7}  {'largest difference':>18}  {'flipped decisions':>17}"
    return "\n".join([head, *rows])


def require_parity(agreements: Sequence[Agreement]) -> None:
    """Return if nothing differs anywhere.

    Raises:
        ParityBroken: If something does.
    """
    differing = [item.source for item in agreements if not item.is_exact]
    if differing:
        raise ParityBroken(
            f"{', '.join(differing)}: not what the training process said. Is the history store, "
            "the Bento or the image of other data or another version?"
        )
