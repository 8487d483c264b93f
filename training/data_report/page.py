"""What the page consists of, and its rendering to one HTML file that needs no other."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, field
from io import BytesIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure
from PIL import Image

from training.evidence.drawing import render_png

COLOURS = 256
TEMPLATE = "page.html.j2"
_WIDTH_AND_HEIGHT = slice(16, 24)  # of a PNG's first chunk


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot with its words.

    Attributes:
        alt: What it shows, for whoever does not see it.
        caption: What was found, in sentences computed from the tables.
        png: The picture.
    """

    alt: str
    caption: str
    png: bytes

    @property
    def source(self) -> str:
        """The picture itself, as a URL."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode('ascii')}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = struct.unpack(">II", self.png[_WIDTH_AND_HEIGHT])
        return width, height


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        caption: What its rows are.
        header: Names of the columns; the first column names the row.
        rows: Cells as text.
        folded: Whether it is shown on demand only.
        wordy: Columns of words, which stand to the left.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = False
    wordy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a chapter: paragraphs, then plots, then tables.

    Attributes:
        title: Its heading; empty: none.
        paragraphs: Plain sentences.
        pictures: Stand side by side where there is room.
        grids: Below them.
    """

    title: str = ""
    paragraphs: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """One question about the tables, answered.

    Attributes:
        anchor: Its place in the page.
        title: Its heading.
        parts: In order.
    """

    anchor: str
    title: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page.

    Attributes:
        title: What the tables are called.
        made: By what and when.
        tiles: Figures at a glance: name and value.
        chapters: In order.
    """

    title: str
    made: str
    tiles: tuple[tuple[str, str], ...] = ()
    chapters: tuple[Chapter, ...] = field(default=())


def picture(figure: Figure, alt: str, *sentences: str) -> Picture:
    """Return the drawn figure with its words."""
    words = " ".join(sentence for sentence in sentences if sentence)
    return Picture(alt, words, _reduce_colours(render_png(figure)))


def tell_only(anchor: str, title: str, *sentences: str) -> Chapter:
    """Return a chapter that says why there is nothing to see."""
    return Chapter(anchor, title, (Part(paragraphs=sentences),))


def render_page(page: Page) -> str:
    """Return the HTML; whatever came from the tables is escaped."""
    return _load_environment().get_template(TEMPLATE).render(page=page)


def _reduce_colours(png: bytes) -> bytes:
    """Return the picture with a palette: a third of the bytes, and the eye sees no difference."""
    with Image.open(BytesIO(png)) as image, BytesIO() as file:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, format="png")
        return file.getvalue()


def _load_environment() -> Environment:
    return Environment(
        loader=PackageLoader("training.data_report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
