"""What `POST /explain` answers: the decision, what it rests on, and what the applicant is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from math import isnan

import numpy as np
from pydantic import BaseModel, ConfigDict

from credit.contract import TABLES, Column, Kind
from credit.counterfactual import Counterfactual, tell_counterfactual
from credit.decision import Decision
from credit.reasons import ChosenReasons, find_reason
from serving.answers import Answer, AnswerFields
from serving.explainer import Explanation

STRONGEST = 20
"""Contributions that are listed if not all are asked for."""

_CATEGORIES = {
    column.name: column
    for column in TABLES["application_test"].columns
    if column.kind is Kind.CATEGORY
}


class Contribution(BaseModel):
    """What one feature adds to the estimate, for whoever works with the model.

    `reason` is the code of the reason that the feature belongs to; null: no applicant may be told.
    """

    model_config = ConfigDict(frozen=True)

    feature: str
    value: float | str | None
    contribution: float
    reason: str | None


class ReasonTold(BaseModel):
    """A reason for the refusal, in words that are true for the applicant."""

    model_config = ConfigDict(frozen=True)

    code: str
    text: str
    push: float
    missing: bool
    features: tuple[str, ...]


class TermChanged(BaseModel):
    """A column of the application that would have to change."""

    model_config = ConfigDict(frozen=True)

    column: str
    before: float
    after: float
    unit: str


class OtherTerms(BaseModel):
    """Terms on which the applicant would be approved; without changes, that there are none."""

    model_config = ConfigDict(frozen=True)

    text: str
    changes: tuple[TermChanged, ...] = ()
    probability: float | None = None
    decision: Decision = Decision.REFUSED


class ExplainedAnswer(Answer):
    """The decision on one applicant, and how it came about.

    `base_value`, the contributions and `other_contributions` add up to `log_odds`.
    """

    log_odds: float
    base_value: float
    contributions: tuple[Contribution, ...]
    other_contributions: float
    reasons: tuple[ReasonTold, ...]
    rests_on_protected: bool
    counterfactual: OtherTerms | None


def make_explained_answer(
    answer: AnswerFields,
    explanation: Explanation,
    *,
    all_contributions: bool,
    other_terms: OtherTerms | None,
) -> ExplainedAnswer:
    """Return the whole answer; a refusal that rests on protected facts is referred to a person.

    Args:
        answer: The decision.
        explanation: Of its probability.
        all_contributions: Whether every feature is listed, and not only the strongest.
        other_terms: What was searched for a refused applicant.
    """
    refused = answer["decision"] is Decision.REFUSED
    chosen = explanation.choose_reasons() if refused else ChosenReasons((), 0.0)
    places = np.argsort(-np.abs(explanation.contributions), kind="stable")
    listed = places if all_contributions else places[:STRONGEST]
    unlisted = explanation.contributions[places[len(listed) :]]
    referred = answer["refer_to_person"] or chosen.rests_on_protected
    return ExplainedAnswer(
        **{**answer, "refer_to_person": referred},
        log_odds=explanation.log_odds,
        base_value=explanation.base,
        contributions=tuple(_list_contributions(explanation, listed.tolist())),
        other_contributions=float(unlisted.sum(dtype=np.float64)),
        reasons=tuple(ReasonTold(**asdict(told)) for told in chosen.told),
        rests_on_protected=chosen.rests_on_protected,
        counterfactual=other_terms,
    )


def describe_other_terms(found: Counterfactual | None) -> OtherTerms:
    """Return the terms that were found; None: that there are none."""
    text = tell_counterfactual(found)
    if found is None:
        return OtherTerms(text=text)
    return OtherTerms(
        text=text,
        changes=tuple(TermChanged(**asdict(change)) for change in found.changes),
        probability=found.pd,
        decision=found.decision,
    )


def _list_contributions(explanation: Explanation, places: list[int]) -> Iterator[Contribution]:
    for place in places:
        name = explanation.names[place]
        reason = find_reason(name)
        yield Contribution(
            feature=name,
            value=_show(_CATEGORIES.get(name), float(explanation.values[place])),
            contribution=float(explanation.contributions[place]),
            reason=None if reason is None else reason.code,
        )


def _show(category: Column | None, value: float) -> float | str | None:
    """Return the value as people read it: of a category its text, null where nothing is known."""
    if isnan(value):
        return None
    return value if category is None else category.categories[int(value)]
