"""How the model behaves on applicants whose answer is known, or must follow from another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit.bundle import compute_fingerprint
from credit.cost import Probabilities
from credit.decision import refuse
from registry.gate.applicants import APPLICATION
from registry.gate.evidence import EvidenceMissing, VersionEvidence
from registry.gate.finding import Case, Finding, pass_if

SCORES = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")
RAISES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""By so much each score is raised; where it would leave its range, to the end of it."""
ASKED_ALONE = 50


@dataclass(frozen=True, slots=True)
class RaisedScores:
    """What raising scores did.

    Attributes:
        changes: PD after less PD before, of each applicant, score and raise, shape (cases,).
    """

    changes: NDArray[np.float64]

    def measure_share(self, tolerance: float) -> float:
        """Return in what share of the cases that move the PD by more than the tolerance it rises.

        0 if none does. Cases that move nothing would only flatter a model that splits rarely.
        """
        moving = self.changes[np.abs(self.changes) > tolerance]
        return float(np.mean(moving > 0)) if len(moving) else 0.0


def look_at_parity(case: Case) -> Finding:
    """Return whether raw applications give, to the last bit, what training's own copy said."""
    version = case.challenger
    pd, expected = _predict(version), version.applicants.pd_served
    largest = float(np.max(np.abs(pd - expected)))
    threshold = version.bundle.threshold
    flipped = int(np.count_nonzero(refuse(pd, threshold) != refuse(expected, threshold)))
    same = bool(np.array_equal(pd, expected))
    return Finding(
        pass_if(same),
        f"largest difference {largest:.2g}, {flipped} of {len(pd):,} decisions flipped",
        "0 and 0",
        ""
        if same
        else "The registered model, through this code's features, does not say what it said "
        "when it was trained: the file, XGBoost or the feature code is another. Train again.",
        {"largest_difference": largest, "flipped": flipped, "applicants": len(pd)},
        {"largest_difference_max": 0, "flipped_max": 0},
    )


def look_at_range(case: Case) -> Finding:
    """Return whether every PD is finite and inside (0, 1), and not all are one number."""
    pd = _predict(case.challenger)
    sound = bool(np.all((pd > 0) & (pd < 1)))  # NaN is neither
    distinct = len(np.unique(pd))
    detail = ""
    if not sound:
        detail = "What the model says is no probability. Was it fitted as a logistic model?"
    elif distinct == 1:
        detail = "The model says the same of everybody. Train on more clients."
    figures = {"least": float(pd.min()), "most": float(pd.max()), "distinct": distinct}
    return Finding(
        pass_if(not detail),
        f"{pd.min():.4f} to {pd.max():.4f}, {distinct:,} distinct",
        "inside 0 to 1, at least 2 distinct",
        detail,
        figures,
        {"distinct_min": 2},
    )


def look_at_batch(case: Case) -> Finding:
    """Return whether an applicant's PD is the same alone, in company, and in another order."""
    version = case.challenger
    together = _predict(version)
    rows = list(range(len(together)))
    backwards = version.applicants.predict(version.booster, rows=rows[::-1])[::-1]
    asked = rows[:ASKED_ALONE]
    alone = np.array(
        [version.applicants.predict(version.booster, rows=[row])[0] for row in asked], np.float64
    )
    differing = int(
        np.count_nonzero(backwards != together) + np.count_nonzero(alone != together[asked])
    )
    return Finding(
        pass_if(not differing),
        f"{differing} of {len(rows) + len(asked):,} differ",
        "0",
        ""
        if not differing
        else "What the model says of an applicant depends on who else is asked about: features or "
        "booster are at fault. Mend credit/features, and train again.",
        {"differing": differing},
        {"differing_max": 0},
    )


def look_at_sentinels(case: Case) -> Finding:
    """Return whether a sentinel, such as 365243 days, says no more than an empty cell."""
    version = case.challenger
    _predict(version)
    count = len(version.applicants)
    columns = [column for column in APPLICATION.columns if column.sentinel is not None]
    wrong = []
    for column in columns:
        empty, marked = (
            version.applicants.predict(
                version.booster, version.applicants.replace(column.name, [cell] * count)
            )
            for cell in (None, column.sentinel)
        )
        if not np.array_equal(empty, marked):
            wrong.append(column.name)
    return Finding(
        pass_if(not wrong),
        f"{len(wrong)} of {len(columns)} columns differ",
        "0",
        f"The sentinel counts as a value in {', '.join(wrong)}. Declare it in credit/contract, and "
        "train again."
        if wrong
        else "",
        {"differing": len(wrong), "columns": len(columns)},
        {"differing_max": 0},
    )


def look_at_monotony(case: Case) -> Finding:
    """Return whether a better external score, all else as it is, leaves no one worse off."""
    tolerance = case.limits.rise_tolerance
    raised = raise_scores(case.challenger)
    share = raised.measure_share(tolerance)
    largest = max(float(raised.changes.max()), 0.0)
    mean = float(raised.changes.mean())
    passed = largest <= tolerance
    return Finding(
        pass_if(passed),
        f"{share:.1%} of moves up, by {largest:.4f} at most, {mean:+.4f} on average",
        "none",
        ""
        if passed
        else f"Where a better external score moves the PD, it raises it in {share:.1%} of the "
        "cases. A model that `credit train` fits is held to never do that: is this one of its own?",
        {"rising_share": share, "largest_rise": largest, "mean_change": mean},
        {"rise_tolerance": tolerance},
    )


def raise_scores(version: VersionEvidence) -> RaisedScores:
    """Return how the PD changes where an applicant has a score and it is raised.

    Raises:
        EvidenceMissing: If no applicant has any.
    """
    before = _predict(version)
    changes = np.concatenate([*_raise_each(version, before), np.empty(0)])
    if not len(changes):
        raise EvidenceMissing("No reference applicant has an external score that can be raised.")
    return RaisedScores(changes)


def _raise_each(version: VersionEvidence, before: Probabilities) -> Iterator[Probabilities]:
    applicants = version.applicants
    for name in SCORES:
        highest = APPLICATION.by_name[name].maximum
        scores = np.array(applicants.cells[name], np.float64)
        for step in RAISES:
            higher = np.minimum(scores + step, np.inf if highest is None else highest)
            (changed,) = np.nonzero(higher > scores)  # NaN is not
            if not len(changed):
                continue
            cells: list[object] = list(applicants.cells[name])
            for row in changed.tolist():
                cells[row] = float(higher[row])
            pd = applicants.predict(version.booster, applicants.replace(name, cells))
            yield (pd - before)[changed]


def _predict(version: VersionEvidence) -> Probabilities:
    """Return the applicants' PD, by features of the code that the model was fitted with.

    Raises:
        EvidenceMissing: If this is other code.
    """
    if version.bundle.fingerprint != compute_fingerprint():
        raise EvidenceMissing(
            f"{version.told} was fitted with other feature code than this, so its behaviour cannot "
            "be seen. Train again with this code."
        )
    return version.applicants.predict(version.booster)
