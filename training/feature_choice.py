"""The work of `credit select`: from tables to a list of features and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from credit.bundle import compute_fingerprint
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.feature_list import FeatureList, write_feature_list
from training.feature_matrix import TRAINING_TABLE, FeatureMatrix, build_matrix
from training.fitting import FitSettings, require_both_outcomes
from training.histories import build_histories
from training.leakage import require_no_leak
from training.selection import NullImportanceSettings, select_by_null_importance
from training.selection_cost import SetFigures, measure_selection_cost
from training.sound_tables import require_sound_tables
from training.tables import open_tables
from training.telling import Say, Track


@dataclass(frozen=True, slots=True)
class ChoiceOrder:
    """What to choose features on.

    Attributes:
        data: Folder, or Kaggle's zip, of the tables.
        out: File to write the list to.
        top: Features of the comparison by correlation; None: as many as are kept.
        memory_limit: Memory the table engine may use, such as ``4GB``.
        fit: How models are fitted to compare sets by.
        settings: Of the null importance.
    """

    data: Path
    out: Path
    top: int | None = None
    memory_limit: str | None = None
    fit: FitSettings = FitSettings()
    settings: NullImportanceSettings = NullImportanceSettings()


def choose_features(order: ChoiceOrder, say: Say, track: Track) -> FeatureList:
    """Return, and write, the list chosen on all clients, with figures of lists chosen in folds.

    Raises:
        CreditError: As `training.pipeline.train`, of the tables and of too few clients.
        TargetLeak: If a column knows the outcome.
        TrainingImpossible: If no feature is left.
    """
    require_sound_tables(order.data, say, order.memory_limit)
    matrix = _compute_features(order, say)
    if matrix.defaulted is None:
        raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET, so nothing can be judged.")
    require_both_outcomes(matrix.defaulted)
    say("Looking for columns that know the outcome")
    require_no_leak(
        matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES, order.fit.threads
    )
    say(f"Judging {len(FEATURE_NAMES)} features on {len(matrix.clients):,} clients")
    selected = select_by_null_importance(
        matrix.features,
        matrix.defaulted,
        FEATURE_NAMES,
        order.settings,
        partial(track, "Null importance"),
    )
    say(f"Measuring in folds what fitting on {len(selected.names)} of them costs")
    figures = measure_selection_cost(
        matrix.features,
        matrix.defaulted,
        FEATURE_NAMES,
        order.fit,
        order.settings,
        order.top or len(selected.names),
        track,
    )
    chosen = FeatureList(
        method="null importance",
        settings=order.settings,
        fingerprint=compute_fingerprint(),
        clients=len(matrix.clients),
        names=selected.names,
        judged=selected.judged,
        figures=figures,
    )
    write_feature_list(chosen, order.out)
    return chosen


def describe_figures(figures: tuple[SetFigures, ...]) -> str:
    """Return the sets side by side as lines for a person."""
    lines = [f"{'features':18}{'kept*':>6}{'AUC':>9}  difference, 95 % by DeLong (* mean of folds)"]
    for row in figures:
        line = f"{row.method:18}{row.features:6.0f}{row.auc:9.4f}"
        if against := row.against_all:
            line += f"  {against.difference:+.4f} ({against.low:+.4f} to {against.high:+.4f})"
        lines.append(line)
    return "\n".join(lines)


def _compute_features(order: ChoiceOrder, say: Say) -> FeatureMatrix:
    with open_tables(order.data, memory_limit=order.memory_limit) as tables:
        say("Computing features")
        return build_matrix(tables, TRAINING_TABLE, build_histories(tables))
