"""Requests of every kind, each with what its answer must be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import cycle, islice
from math import nan
from random import Random
from typing import Any

from credit.loan_terms import LoanTerms, ask_for
from loadtests.answer_check import (
    Check,
    Refusal,
    find_batch_fault,
    find_explanation_fault,
    find_fault,
    find_refusal_fault,
)
from loadtests.applicants import Applicant, Population, ask, find_client

DURATIONS_MONTHS = (12, 24, 36, 48)
NO_DURATION = Refusal(422, "no_duration")
TURNS = 200


class Kind(StrEnum):
    """What is asked for."""

    SINGLE = "single"
    HISTORY = "history"
    BATCH = "batch"
    MINIMAL = "minimal"
    EXPLAIN = "explain"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One request.

    Attributes:
        name: What statistics call requests of its kind.
        path: Where it is posted to.
        body: What is posted.
        check: Finds what is wrong with the answer.
        rows: Applicants in it.
    """

    name: str
    path: str
    body: str
    check: Check
    rows: int = 1


Mix = dict[Kind, int]
"""How often each kind is asked for, in relation to the others."""


def adapt_mix(mix: Mix, population: Population) -> tuple[Mix, list[str]]:
    """Return the mix without what these applicants cannot be asked about, and a note on each part.

    What is left out is asked as single questions instead.
    """
    adapted, notes = dict(mix), []
    unable = {
        Kind.HISTORY: (not population.histories, "there are no history tables"),
        Kind.MINIMAL: (population.made_up, "applicants who are made up stand in no store"),
    }
    for kind, (left_out, why) in unable.items():
        if left_out and kind in adapted:
            share = adapted.pop(kind)
            adapted[Kind.SINGLE] = adapted.get(Kind.SINGLE, 0) + share
            notes.append(f"No {kind} requests, single ones instead: {why}.")
    return adapted, notes


def take_turns(
    mix: Mix, population: Population, *, batch_rows: int, seed: int
) -> Iterator[Inquiry]:
    """Yield inquiries without end, of each kind one applicant after the other.

    Args:
        mix: How often each kind comes.
        population: Whom they are about.
        batch_rows: Applicants in a batch.
        seed: Of the kinds' order.
    """
    waiting = {kind: cycle(make_inquiries(kind, population, batch_rows)) for kind in mix}
    order = [kind for kind, share in mix.items() for _ in range(TURNS * share // sum(mix.values()))]
    Random(seed).shuffle(order)  # noqa: S311 -- the order of requests is no secret
    for kind in cycle(order):
        yield next(waiting[kind])


def make_inquiries(kind: Kind, population: Population, batch_rows: int) -> list[Inquiry]:
    """Return the inquiries of a kind that a population can be asked."""
    applicants = population.applicants
    if kind is Kind.BATCH:
        return [_ask_together(batch) for batch in _cut(applicants, batch_rows)]
    if kind is Kind.HISTORY:
        return [
            _ask_with_history(applicant, population.histories[client])
            for applicant in applicants
            if (client := find_client(applicant)) in population.histories
        ]
    if kind is Kind.INVALID:
        from loadtests.invalid_inquiries import make_invalid_inquiries

        return make_invalid_inquiries(applicants[0], applicants[-1])
    make: dict[Kind, Callable[[Applicant], Inquiry]] = {
        Kind.SINGLE: _ask_for_decision,
        Kind.EXPLAIN: _ask_for_explanation,
        Kind.MINIMAL: _ask_on_other_terms,
    }
    return [make[kind](applicant) for applicant in applicants]


def _ask_for_decision(applicant: Applicant) -> Inquiry:
    question = ask(applicant)
    return Inquiry("single", "/predict", question.body, partial(find_fault, client=question.client))


def _ask_with_history(applicant: Applicant, history: dict[str, list[dict[str, Any]]]) -> Inquiry:
    client = find_client(applicant)
    body = json.dumps({"data": {**applicant, "history": history}})
    return Inquiry("history", "/predict", body, partial(find_fault, client=client))


def _ask_for_explanation(applicant: Applicant) -> Inquiry:
    question = ask(applicant)
    check = partial(find_explanation_fault, client=question.client)
    return Inquiry("explain", "/explain", question.body, check)


def _ask_together(applicants: Sequence[Applicant]) -> Inquiry:
    clients = [find_client(applicant) for applicant in applicants]
    check = partial(find_batch_fault, expected=clients)
    return Inquiry("batch", "/predict", json.dumps({"data": applicants}), check, len(applicants))


def _ask_on_other_terms(applicant: Applicant) -> Inquiry:
    """Return the same amount over another duration, or how it is refused if it cannot be had."""
    client = find_client(applicant)
    months = DURATIONS_MONTHS[client % len(DURATIONS_MONTHS)]
    terms = _read_terms(applicant)
    asked = {"sk_id_curr": client, "amt_credit": terms.AMT_CREDIT, "duration_months": months}
    check: Check
    if terms.revolving:
        check = partial(find_refusal_fault, expected=NO_DURATION)
    elif not (new := ask_for(terms, terms.AMT_CREDIT, months)).keeps_contract:
        too_low = new.AMT_ANNUITY < terms.AMT_ANNUITY
        kind = "greater_than_equal" if too_low else "less_than_equal"
        check = partial(find_refusal_fault, expected=Refusal(422, kind))
    else:
        check = partial(find_fault, client=client)
    return Inquiry("minimal", "/predict-minimal", json.dumps(asked), check)


def _read_terms(applicant: Applicant) -> LoanTerms:
    def read(name: str) -> float:
        cell = applicant.get(name)
        return nan if cell is None else float(str(cell))

    revolving = applicant.get("NAME_CONTRACT_TYPE") == "Revolving loans"
    return LoanTerms(read("AMT_CREDIT"), read("AMT_ANNUITY"), read("AMT_GOODS_PRICE"), revolving)


def _cut(applicants: Sequence[Applicant], rows: int) -> Iterator[list[Applicant]]:
    """Yield batches of exactly so many, all of them different if there are enough."""
    endless = cycle(applicants)
    for _ in range(max(1, len(applicants) // rows)):
        yield list(islice(endless, rows))
