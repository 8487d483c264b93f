"""A line of the comparison: a candidate, and its figures or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from credit.evaluation.bootstrap import Estimate
from training.comparison.candidates import Candidate
from training.comparison.imbalance import Imbalance
from training.comparison.judgement import Figures
from training.comparison.prediction import Prediction

SPOILT_PD = "PD is of a world where half default: not calibrated, see ECE"


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate's figures.

    Attributes:
        figures: Out of fold.
        prediction: What they are the figures of, and how long it took.
        against_served: Difference from the served model by figure; empty for that one itself.
    """

    figures: Figures
    prediction: Prediction
    against_served: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table.

    Attributes:
        candidate: What was tried.
        measured: What came of it; None if nothing did.
        failure: Why not.
    """

    candidate: Candidate
    measured: Measured | None = None
    failure: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said of it, a line each."""
        if self.measured is None:
            return (self.failure,)
        spoilt = () if self.candidate.imbalance is Imbalance.NONE else (SPOILT_PD,)
        fitted, of = self.measured.prediction.fitted_on
        fewer = (f"fitted on {fitted:,} of a fold's {of:,} clients",) if fitted < of else ()
        return (*spoilt, *fewer, *self.measured.prediction.notes)

    def to_metrics(self) -> dict[str, float]:
        """Return everything measured as flat numbers; differences end in `_minus_served`."""
        if self.measured is None:
            return {}
        prediction = self.measured.prediction
        metrics = self.measured.figures.to_metrics() | {
            "fit_s": prediction.fit_s,
            "fit_cpu_s": prediction.fit_cpu_s,
            "predict_s": prediction.predict_s,
        }
        if prediction.rounds:
            metrics["rounds"] = sum(prediction.rounds) / len(prediction.rounds)
        for name, difference in self.measured.against_served.items():
            metrics[f"{name}_minus_served"] = difference.value
            metrics[f"{name}_minus_served_low"] = difference.low
            metrics[f"{name}_minus_served_high"] = difference.high
        return metrics


def sort_by_cost(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, the cheapest first, equals by name, those without figures last."""
    return sorted(rows, key=lambda row: (_cost(row), row.candidate.name))


def _cost(row: Row) -> float:
    return row.measured.figures.cost if row.measured else float("inf")
