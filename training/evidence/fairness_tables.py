"""Everything a fairness audit holds, as flat tables."""

from __future__ import annotations

import pandas as pd

from credit.disclosure import TOO_FEW
from credit.evaluation.bootstrap import Estimate
from credit.fairness import Breach, FairnessAudit, Figure, GroupAudit
from training.evidence.fairness_ablation import ProtectedAblation


def tabulate_groups(audit: FairnessAudit) -> pd.DataFrame:
    """Return one row a group: every figure with both ends of its interval, blank where absent.

    Of a tiny group, in place of its clients, that it has too few.
    """
    rows = []
    for attribute in audit.attributes:
        for group in attribute.groups:
            row: dict[str, object] = {"attribute": attribute.attribute}
            row["reference"] = group.group == attribute.reference
            for name in GroupAudit.model_fields:
                value = getattr(group, name)
                row |= _flatten(name, value) if isinstance(value, Figure) else {name: value}
            rows.append(row | ({"clients": TOO_FEW} if group.clients is None else {}))
    return pd.DataFrame(rows).astype({"defaults": "Int64"})


def tabulate_breaches(breaches: tuple[Breach, ...]) -> pd.DataFrame:
    """Return one row a breach."""
    return pd.DataFrame(
        [_flatten_breach(breach) for breach in breaches],
        columns=["code", "attribute", "group", "value", "low", "high", "limit", "certain"],
    )


def tabulate_ablation(ablation: ProtectedAblation) -> pd.DataFrame:
    """Return one row a figure of a judged group: both models and their difference."""
    named = [("all", "", "auc", ablation.auc), ("all", "", "cost", ablation.cost)]
    named += [
        (group.attribute, group.group, name, change)
        for group in ablation.groups
        for name, change in group.changes.items()
    ]
    return pd.DataFrame(
        [
            {
                "attribute": attribute,
                "group": group,
                "figure": name,
                **_flatten("full", change.full),
                **_flatten("reduced", change.reduced),
                **_flatten("difference", change.difference),
            }
            for attribute, group, name, change in named
        ]
    )


def _flatten(name: str, found: Figure | Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _flatten_breach(breach: Breach) -> dict[str, object]:
    flat: dict[str, object] = dict(breach.model_dump(exclude={"figure"}))
    return flat | breach.figure.model_dump()
