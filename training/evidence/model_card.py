"""The model card: one document that tells what the model is, is worth, and must not be used for.

After Mitchell et al., Model Cards for Model Reporting (2019).
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from credit.errors import CardIncomplete
from training.evidence.drawing import render_png
from training.evidence.section import Plot, Section

REQUIRED_SECTIONS = (
    "Model",
    "Intended use",
    "Data",
    "Performance",
    "Threshold and cost",
    "Calibration",
    "Explanations",
    "Fairness",
    "Stability",
    "Limits",
    "How to contest a decision",
    "Reproduction",
)
PLOT_FOLDER = "plots"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A rendered card.

    Attributes:
        markdown: Its plots are files in `plots/` beside it.
        html: One page with the plots inside; it needs no network.
        plots: PNG files, by name with ending.
    """

    markdown: str
    html: str
    plots: dict[str, bytes]


def render_card(title: str, sections: Sequence[Section]) -> ModelCard:
    """Return the card of these sections, in their order.

    Raises:
        CardIncomplete: If a required section is missing or stands twice, if one is blank, if a plot
            has no caption, or if a figure is not a number.
    """
    require_complete(sections)
    plots = {plot.name: render_png(plot.figure) for section in sections for plot in section.plots}
    markdown = "\n\n".join([f"# {title}", *(_write_section(section) for section in sections)])
    html = (
        make_environment()
        .get_template("model_card.html.jinja")
        .render(
            title=title,
            sections=[
                {
                    "title": section.title,
                    "anchor": _anchor(section.title),
                    "body": _to_html(section.text),
                    "plots": [_embed(plot, plots[plot.name]) for plot in section.plots],
                }
                for section in sections
            ],
        )
    )
    return ModelCard(
        f"{markdown}\n", html, {f"{name}.png": picture for name, picture in plots.items()}
    )


def require_complete(sections: Sequence[Section]) -> None:
    """Return if nothing is missing or blank.

    Raises:
        CardIncomplete: If something is.
    """
    titles = [section.title for section in sections]
    faults = [
        f"there is no section '{title}'" for title in REQUIRED_SECTIONS if title not in titles
    ]
    faults += [
        f"'{title}' stands twice" for title in sorted(set(titles)) if titles.count(title) > 1
    ]
    for section in sections:
        if not section.text.strip():
            faults.append(f"'{section.title}' is blank")
        faults += [
            f"plot '{plot.name}' has no caption"
            for plot in section.plots
            if not plot.caption.strip()
        ]
        faults += [
            f"the figure '{name}' of '{section.title}' is {value}"
            for name, value in section.metrics.items()
            if not math.isfinite(value)
        ]
    if faults:
        raise CardIncomplete(
            f"The model card is incomplete: {'; '.join(faults)}. Nothing was registered; a measure "
            "must say why it has no figure rather than leave it out."
        )


@cache
def make_environment() -> Environment:
    """Return the templates; what they are not given is an error, never a blank."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _write_section(section: Section) -> str:
    pictures = [
        f"![{plot.caption}]({PLOT_FOLDER}/{plot.name}.png)\n\n*{plot.caption}*"
        for plot in section.plots
    ]
    return "\n\n".join([f"## {section.title}", section.text.strip(), *pictures])


def _to_html(markdown: str) -> Markup:
    # Raw HTML in a text is shown as text: column names and the like come from tables.
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))  # noqa: S704


def _embed(plot: Plot, picture: bytes) -> dict[str, str]:
    return {"caption": plot.caption, "data": base64.b64encode(picture).decode()}


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
