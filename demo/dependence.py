"""Measures how the quantities of an application hang together, and what default depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demo.figures import Floats, parse_figures, to_normal
from demo.specs import APPLICATION_VIEWS, CORRELATED, View

if TYPE_CHECKING:
    from demo.warehouse import Rows, Warehouse

# Texts that matter for default beyond the quantities.
TELLING_TEXTS = ("NAME_FAMILY_STATUS", "NAME_INCOME_TYPE", "OCCUPATION_TYPE", "NAME_HOUSING_TYPE")
PENALTY = 20.0  # of the squared weights: rare texts stay near nought


def measure_copula(warehouse: Warehouse) -> dict[str, Any]:
    """Return the correlations of the quantities' normal latents, below the diagonal by rows."""
    rows = _fetch(warehouse)
    scores, spreads = zip(*(_score(rows, name) for name in CORRELATED), strict=True)
    correlations = np.eye(len(scores))
    for i, first in enumerate(scores):
        for j, second in enumerate(scores[:i]):
            both = ~np.isnan(first) & ~np.isnan(second)
            if first[both].std() > 0 and second[both].std() > 0:
                observed = np.mean(first[both] * second[both])
                correlations[i, j] = np.clip(observed / (spreads[i] * spreads[j]), -0.97, 0.97)
    lower = correlations[np.tril_indices(len(scores), -1)]
    return {"names": list(CORRELATED), "lower": [round(value, 2) for value in lower.tolist()]}


def measure_default(warehouse: Warehouse) -> dict[str, Any]:
    """Return each quantity's and text's weight in a logistic regression of TARGET."""
    rows = _fetch(warehouse)
    columns = {name: np.nan_to_num(_score(rows, name)[0]) for name in CORRELATED}
    columns["EXT_SOURCE_3 missing"] = np.isnan(rows["EXT_SOURCE_3"]).astype(np.float64)
    for name in TELLING_TEXTS:
        for text in sorted({cell for cell in rows[name] if cell is not None}):
            columns[f"{name}={text}"] = (rows[name] == text).astype(np.float64)
    weights = _regress(np.column_stack(list(columns.values())), rows["TARGET"].astype(np.float64))
    return {
        "effects": {
            name: round(weight, 3) for name, weight in zip(columns, weights.tolist(), strict=True)
        }
    }


def calibrate_intercept(figures: dict[str, Any], rate: float = 0.0807) -> float:
    """Return the constant of the logit at which the demo's clients default at the rate."""
    from demo.chunk import draw_risks

    parsed = parse_figures(figures | {"default": figures["default"] | {"intercept": 0.0}})
    logit = np.concatenate([logit for _, logit in draw_risks(parsed, seed=0, clients=100_000)])
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        if np.mean(1 / (1 + np.exp(-(logit + middle)))) < rate:
            low = middle
        else:
            high = middle
    return round(low, 3)


def _fetch(warehouse: Warehouse) -> Rows:
    columns = {}
    for name, view_name in CORRELATED.items():
        view: View = APPLICATION_VIEWS[view_name]
        given = view.given.get(name, "true")
        columns[name] = f"case when {given} then ({view.quantities[name]})::double end"
        columns[f"part {name}"] = view.parts
    columns |= {name: name for name in ("TARGET", *TELLING_TEXTS)}
    return warehouse.select(columns, "application")


def _score(rows: Rows, name: str) -> tuple[Floats, float]:
    """Return normal scores of the mid-ranks within each part, and how much of the latent they show.

    A quantity of few values shows its latent only in steps: the mean product of score and latent,
    below 1, by which a correlation of the scores falls short.
    """
    scores = np.full(len(rows[name]), np.nan)
    spread, known_rows = 0.0, 0
    for part in sorted(set(rows[f"part {name}"])):
        chosen = (rows[f"part {name}"] == part) & ~np.isnan(rows[name])
        if not chosen.any():
            continue
        _, members, counts = np.unique(rows[name][chosen], return_inverse=True, return_counts=True)
        upper = np.cumsum(counts) / counts.sum()
        lower = np.concatenate([[0.0], upper[:-1]])
        steps = to_normal(list((upper + lower) / 2))
        scores[chosen] = steps[members]
        heights = _density(to_normal(list(lower))) - _density(to_normal(list(upper)))
        spread += float(np.sum(steps * heights)) * counts.sum()
        known_rows += counts.sum()
    return scores, spread / known_rows


def _density(z: Floats) -> Floats:
    density: Floats = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return density


def _regress(columns: Floats, defaulted: Floats) -> Floats:
    """Return the weights of a ridge-penalised logistic regression, the constant left out."""
    design = np.column_stack([np.ones(len(columns)), columns])
    penalty = np.diag([0.0] + [PENALTY] * columns.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(15):
        pd = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (defaulted - pd) - penalty @ weights
        curvature = (design * (pd * (1 - pd))[:, None]).T @ design + penalty
        weights += np.linalg.solve(curvature, slope)
    return weights[1:]
