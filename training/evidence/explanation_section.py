"""The explanations' part of the model card."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from credit.counterfactual import tell_counterfactual
from credit.decision import Decision
from credit.reasons import REASONS
from credit.reasons.choice import sum_by_reason
from training.evidence.contributions import Contributions
from training.evidence.explanation_plots import (
    draw_agreement,
    draw_beeswarm,
    draw_client,
    draw_dependence,
    draw_reasons,
)
from training.evidence.explanations import ExplainedClient, Explanations, Role
from training.evidence.lime_agreement import LimeAgreement
from training.evidence.refusal_reasons import RefusalReasons
from training.evidence.section import Plot, Section
from training.evidence.tabulate import tabulate

TITLE = "Explanations"
PROTECTED_TITLE = "Protected facts, which nobody is told"
_LISTED = 10


def describe_explanations(explanations: Explanations) -> Section:
    """Return the section."""
    contributions = explanations.contributions
    text = f"""\
Exact TreeSHAP gives each feature's share of a client's log-odds of default. On \
{len(contributions.values):,} clients drawn at random, shares and bias add up to the model's own \
margin to within {contributions.sum_error:.1e}.

{_tabulate_reasons(contributions)}

### Three clients

{_tell_clients(explanations)}

### What refused clients are told

{_tell_refusals(explanations)}

### LIME beside SHAP

{_tell_lime(explanations.lime)}
"""
    return Section(
        title=TITLE,
        text=text,
        plots=tuple(_list_plots(explanations)),
        tables=_list_tables(explanations),
        metrics=_list_metrics(explanations),
    )


def _tabulate_reasons(contributions: Contributions) -> str:
    table = _weigh_reasons(contributions).head(_LISTED)
    header = ("reason", "code", "mean absolute contribution", "share of all")
    rows = [
        (str(row.reason), str(row.code), f"{row.importance:.3f}", f"{row.share:.1%}")
        for row in table.itertuples()
    ]
    return tabulate(header, rows)


def _weigh_reasons(contributions: Contributions) -> pd.DataFrame:
    """Return how much each reason weighs, the most first, the protected features among them."""
    sums = sum_by_reason(contributions.values, contributions.names)
    importance = np.abs(sums).mean(axis=0)
    table = pd.DataFrame(
        {
            "code": [*(reason.code for reason in REASONS), ""],
            "reason": [*(reason.neutral or reason.title for reason in REASONS), PROTECTED_TITLE],
            "importance": importance,
            "share": importance / (importance.sum() or 1.0),
        }
    )
    return table.sort_values("importance", ascending=False, kind="stable")


def _tell_clients(explanations: Explanations) -> str:
    """Return the clients' decisions, reasons and other terms; no identifier stands anywhere."""
    return "\n\n".join(
        _tell_client(client, explanations.threshold) for client in explanations.clients
    )


def _tell_client(client: ExplainedClient, threshold: float) -> str:
    head = f"**{client.role}**: PD {client.pd:.4f}, threshold {threshold:.4f}."
    if client.decision is Decision.APPROVED:
        return head
    reasons = "\n".join(
        f"{number}. {reason.text} ({reason.code}, +{reason.push:.2f})"
        for number, reason in enumerate(client.reasons.told, start=1)
    )
    terms = tell_counterfactual(client.counterfactual)
    if client.counterfactual:
        terms = f"{terms} Then PD {client.counterfactual.pd:.4f}, {client.counterfactual.decision}."
    warning = (
        "\n\nProtected facts push harder than any of these: a person must decide."
        if client.reasons.rests_on_protected
        else ""
    )
    return f"{head} Told:\n\n{reasons}{warning}\n\nWhat would change the decision: {terms}"


def _tell_refusals(explanations: Explanations) -> str:
    refusals, search = explanations.refusals, explanations.search
    if not refusals.refused:
        return f"Nobody is refused at the threshold of {explanations.threshold:.4f}."
    resting = refusals.resting_on_protected
    rows = [
        (text, code, f"{count / refusals.refused:.1%}", f"{_share_first(refusals, code, text):.1%}")
        for (code, text), count in list(refusals.told.items())[:_LISTED]
    ]
    return f"""\
Of {refusals.refused:,} refused clients drawn at random, {refusals.with_reason:,} \
({refusals.with_reason / refusals.refused:.1%}) are told at least one reason. At most four are \
told, only such as push towards refusal, never sex, age, family or where income comes from. For \
**{resting:,} ({resting / refusals.refused:.1%})** these protected facts push harder than any \
reason told; no notice can mend that. The service does not find them by itself: whoever sends \
notices must give such a refusal to a person.

{tabulate(("told", "code", "of the refused", "as the first"), rows)}

For {len(search.sizes):,} of {search.tried:,} ({search.found_share:.0%}) other terms of the loan \
(borrow less, buy something less expensive, another duration at the same interest) would be \
approved, all else as it is. This is what the model would say, not a promise that the risk falls."""


def _share_first(refusals: RefusalReasons, code: str, text: str) -> float:
    return refusals.first.get((code, text), 0) / refusals.refused


def _tell_lime(lime: LimeAgreement | None) -> str:
    if lime is None:
        return "Nobody is refused, so there is no client at the threshold to explain twice."
    return f"""\
{Role.NEAR}, explained by a linear model around them (R² {lime.fit:.2f}): of the {len(lime.names)} \
features that weigh most by SHAP, LIME agrees on the direction of {lime.same_sign:.0%}; rank \
correlation {lime.rank_correlation:.2f}. LIME cannot draw missing values: it is given imputed \
rows, and the {lime.missing} features the client has no value of are missing again before the \
model sees them. It moves each feature by itself, also those reckoned from one another, so the two \
need not agree; decisions are explained by SHAP."""


def _list_plots(explanations: Explanations) -> Iterator[Plot]:
    contributions = explanations.contributions
    weights = _weigh_reasons(contributions).sort_index()
    yield Plot(
        "shap_reasons",
        "Mean absolute contribution of each reason's features together. Orange: protected "
        "features, which weigh and are never told.",
        draw_reasons(weights["reason"].tolist(), weights["importance"].to_numpy()),
    )
    yield Plot(
        "shap_beeswarm",
        f"Contributions of the strongest features to {len(contributions.values):,} clients' "
        "estimates, coloured by the rank of the value.",
        draw_beeswarm(contributions),
    )
    yield Plot(
        "shap_dependence",
        "Contribution over value of the strongest features that are numbers. Grey at the left: "
        "clients of whom the value is missing. The outermost 1 % of values is cut off.",
        draw_dependence(contributions),
    )
    for client in explanations.clients:
        yield Plot(
            f"shap_{client.role.name.lower()}",
            f"{client.role}. From the mean of all clients, each feature moves the estimate: orange "
            "towards refusal, blue towards approval. Values have two digits.",
            draw_client(client, contributions, explanations.threshold),
        )
    if explanations.lime:
        yield Plot(
            "lime_beside_shap",
            f"{Role.NEAR}: the features that weigh most by SHAP, and LIME's weights of the same.",
            draw_agreement(explanations.lime),
        )


def _list_tables(explanations: Explanations) -> dict[str, pd.DataFrame]:
    contributions, refusals = explanations.contributions, explanations.refusals
    importance = pd.DataFrame(
        {
            "feature": contributions.names,
            "importance": contributions.importance,
            "mean_contribution": np.mean(contributions.values, axis=0),
        }
    ).sort_values("importance", ascending=False, kind="stable")
    clients = pd.DataFrame({"feature": contributions.names})
    for client in explanations.clients:
        clients[client.role.name.lower()] = client.contributions
    told = [
        {"code": code, "told": text, "clients": count, "first": refusals.first.get((code, text), 0)}
        for (code, text), count in refusals.told.items()
    ]
    return {
        "shap_importance": importance,
        "shap_importance_by_reason": _weigh_reasons(contributions),
        "shap_three_clients": clients,
        "reasons_told": pd.DataFrame(told, columns=["code", "told", "clients", "first"]),
    }


def _list_metrics(explanations: Explanations) -> dict[str, float]:
    refusals, lime = explanations.refusals, explanations.lime
    metrics = {
        "shap_sum_error": explanations.contributions.sum_error,
        "counterfactual_found_share": explanations.search.found_share,
    }
    if refusals.refused:
        metrics["refused_with_reason_share"] = refusals.with_reason / refusals.refused
        metrics["refused_on_protected_share"] = refusals.resting_on_protected / refusals.refused
    if lime:
        metrics["lime_same_sign_share"] = lime.same_sign
        metrics["lime_rank_correlation"] = lime.rank_correlation
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
