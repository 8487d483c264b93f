"""From features to what each adds to the estimate, and to the reasons for a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.features.catalog import FEATURE_NAMES
from credit.reasons import ChosenReasons, choose_reasons
from serving.coalescer import Coalescer
from serving.runner_call import RunnerUnavailable

MOST_ROWS = 64
"""Rows of one call: the model's process, which predicts too, is busy for some 8 ms with so many."""

MOST_WAITING_ROWS = 4_096

Row = NDArray[np.float32]
Contribute = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float32]]]
"""Takes the catalog's features, shape (n, len(FEATURES)); returns contributions and, last, the
bias, shape (n, columns of the model + 1)."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the model came to its estimate for one applicant, in log-odds of default.

    Attributes:
        names: Columns of the model.
        values: What they were, NaN where nothing is known, shape (columns,).
        contributions: What each added, shape (columns,); with `base` they add up to the estimate.
        base: What every estimate starts from.
    """

    names: tuple[str, ...]
    values: Row
    contributions: Row
    base: float

    @property
    def log_odds(self) -> float:
        """The estimate."""
        return self.base + float(self.contributions.sum(dtype=np.float64))

    def choose_reasons(self) -> ChosenReasons:
        """Return what the applicant is told if refused."""
        (chosen,) = choose_reasons(self.contributions[None], self.values[None], self.names)
        return chosen


class Explainer:
    """Explains estimates; what concurrent requests ask for travels together to the model.

    Args:
        contribute: The model's process.
        names: Columns of the model (`serving.model_columns`).
    """

    def __init__(self, contribute: Contribute, names: Sequence[str]) -> None:
        self._contribute = contribute
        self._names = tuple(names)
        known = set(names)
        places = [place for place, name in enumerate(FEATURE_NAMES) if name in known]
        self._places = np.array(places, np.intp)
        self._rows: Coalescer[Row, Row] = Coalescer(
            self._explain_together,
            max_batch_rows=MOST_ROWS,
            max_waiting_rows=MOST_WAITING_ROWS,
            outages=(RunnerUnavailable,),
        )

    async def explain(self, features: Row) -> Explanation:
        """Return the explanation of one applicant's estimate.

        Args:
            features: The catalog's, shape (len(FEATURES),).

        Raises:
            QueueFull: If too many wait already.
            RunnerUnavailable: If the model does not answer.
        """
        (explained,) = await self._rows.submit([features])
        return Explanation(
            names=self._names,
            values=features.take(self._places),
            contributions=explained[:-1],
            base=float(explained[-1]),
        )

    async def _explain_together(self, rows: Sequence[Row]) -> list[Row]:
        explained = await self._contribute(np.array(rows))
        if explained.shape != (len(rows), len(self._names) + 1):
            raise RuntimeError(f"{len(rows)} rows got contributions of shape {explained.shape}.")
        return list(explained)
