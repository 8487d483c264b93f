"""A part of a run's evidence: what a person reads in the model card, and what MLflow keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture with its words.

    Attributes:
        name: Of its file, without ending: `reliability_diagram`.
        caption: A sentence or two: what is seen, on whom, and what it means.
        figure: Drawn by `training.evidence.drawing.new_figure`.
    """

    name: str
    caption: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Section:
    """One measure, told.

    Attributes:
        title: Its heading in the card.
        text: Markdown, with the figures that matter and their intervals; not blank. What could not
            be measured is said here, with the reason.
        plots: Shown below the text.
        tables: Everything behind it, kept as CSV in MLflow, by file name without ending.
        metrics: Numbers for MLflow, by flat name.
    """

    title: str
    text: str
    plots: tuple[Plot, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
