"""Sums a column up: missing rate, and quantiles or shares, rounded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.figures import LEVELS, Floats

Summary = dict[str, Any]

MOST_STEPS = 30  # a number with more distinct values is told by its quantiles
ROWS_PER_STEP = 5  # and so is one with fewer rows a value than this
SMALLEST_SHARE = 0.0005  # rarer values are left out
SMALLEST_TEXT_SHARE = 0.02  # and so are rarer texts
OUTERMOST_KEPT = 3  # of the rows in order, so that the outer quantiles tell of no single client


def summarise(
    cells: NDArray[Any],
    weights: Floats,
    *,
    levels: tuple[float, ...] = LEVELS,
    most_steps: int = MOST_STEPS,
    with_mean: bool = False,
) -> Summary:
    """Return missing rate and shares or quantiles of a column; shape (n,) both."""
    if cells.dtype.kind == "O":
        return _summarise_texts(cells, weights)
    known = ~np.isnan(cells)
    missing = round_to(float(1 - weights[known].sum() / weights.sum()))
    summary: Summary = {"missing": missing} if missing else {}
    values, weights = cells[known], weights[known]
    if with_mean and len(values):
        summary["mean"] = round_to(float(np.average(values, weights=weights)))
    distinct, members = np.unique(values, return_inverse=True)
    shares = np.bincount(members, weights) / weights.sum() if len(values) else np.empty(0)
    if len(distinct) <= min(most_steps, len(values) / ROWS_PER_STEP):
        common = shares >= SMALLEST_SHARE
        distinct, shares = distinct[common], shares[common]
        summary["values"] = [round_to(value, 6) for value in distinct.tolist()]
        summary["shares"] = [round_to(share) for share in shares.tolist()]
    else:
        outermost = OUTERMOST_KEPT / max(len(values), 2 * OUTERMOST_KEPT)
        kept_levels = np.clip(levels, outermost, 1 - outermost)
        reached = np.searchsorted(np.cumsum(shares), kept_levels)
        summary["quantiles"] = [
            round_to(value) for value in distinct[np.minimum(reached, len(distinct) - 1)].tolist()
        ]
    return summary


def _summarise_texts(cells: NDArray[Any], weights: Floats) -> Summary:
    total = weights.sum()
    texts = sorted({cell for cell in cells if cell is not None})
    shares = {text: round_to(weights[cells == text].sum() / total) for text in texts}
    missing = round_to(float(weights[[cell is None for cell in cells]].sum() / total))
    common = {text: share for text, share in shares.items() if share >= SMALLEST_TEXT_SHARE}
    return ({"missing": missing} if missing else {}) | {"texts": common}


def round_to(value: float, digits: int = 3) -> float:
    """Return the value rounded to significant digits; an integer where it is one."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded
