"""The ablation table as a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credit.cost import CostMatrix
from credit.errors import TrainingImpossible
from credit.features.catalog import FEATURE_NAMES
from training.ablation import FIT, Ablation, CostDifference, ablate_families
from training.auc_difference import AucDifference
from training.feature_matrix import TRAINING_TABLE, build_matrix
from training.fitting import FitSettings
from training.histories import build_histories
from training.leakage import require_no_leak
from training.replacing import replacing, require_own_file
from training.sound_tables import require_sound_tables
from training.tables import open_tables
from training.telling import Say

_HEADING = """# What each family of features is worth: {title}

{clients:,} clients, default rate {default_rate:.2%}; out of fold on five folds, the same for all
models. Written by `credit ablate`.

Differences are to the model on all features: an AUC below 0, or a cost above it, is worse than
that. Intervals are paired and of 95 %: DeLong's for AUC; for cost per applicant a bootstrap over
clients, each model at its own cheapest threshold. Another draw of the folds, or another fit, is in
neither.

The scores themselves, EXT_SOURCE_1 to 3, are columns of `application`; `loan price` holds a
product with their mean. What is removed is often told by what remains: a family that costs little
alone is not worthless.

| model | features | AUC | cost | AUC difference | cost difference |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class AblationOrder:
    """What to measure and where to write it.

    Attributes:
        data: Folder, or zip, of the tables.
        out: File of the page.
        title: What the tables are, in the page's heading.
        costs: Prices of mistakes.
        memory_limit: Memory the table engine may use.
    """

    data: Path
    out: Path
    title: str
    costs: CostMatrix
    memory_limit: str | None


def write_ablation(order: AblationOrder, say: Say, fit: FitSettings = FIT) -> None:
    """Measure every family and write the page, whole or not at all.

    Raises:
        CreditError: If the tables are not sound, too few, or know the outcome; OutputExists if a
            file of something else would be lost.
    """
    require_own_file(order.out, "Written by `credit ablate`")
    require_sound_tables(order.data, say, order.memory_limit)
    with open_tables(order.data, memory_limit=order.memory_limit) as tables:
        say("Computing features")
        matrix = build_matrix(tables, TRAINING_TABLE, build_histories(tables))
        if matrix.defaulted is None:
            raise TrainingImpossible(f"{TRAINING_TABLE} has no TARGET: nothing can be judged.")
        require_no_leak(matrix.features, matrix.defaulted, matrix.clients, FEATURE_NAMES)
        rows = []
        for row in ablate_families(matrix, tables, order.costs, fit):
            say(f"{row.change}: AUC {row.auc:.4f}, cost {row.cost:.4f}")
            rows.append(row)
    page = render_ablation(order.title, len(matrix.clients), float(matrix.defaulted.mean()), rows)
    with replacing(order.out) as part:
        part.write_text(page, encoding="utf-8")


def render_ablation(title: str, clients: int, default_rate: float, rows: Sequence[Ablation]) -> str:
    """Return the page as Markdown."""
    heading = _HEADING.format(title=title, clients=clients, default_rate=default_rate)
    return heading + "".join(map(_render_row, rows))


def _render_row(row: Ablation) -> str:
    return (
        f"| {row.change} | {row.features} | {row.auc:.4f} | {row.cost:.4f} "
        f"| {_render_difference(row.auc_gain)} | {_render_difference(row.cost_gain)} |\n"
    )


def _render_difference(found: AucDifference | CostDifference | None) -> str:
    if found is None:
        return ""
    return f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
