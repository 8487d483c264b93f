from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.training.data_report.conftest import ReadPage
from training.data_report.page import Chapter, Grid, Page, Part, picture, render_page
from training.data_report.plots import draw_matrix, draw_rates
from training.data_report.rates import Group

GROUPS = [Group("<i>one</i>", 40, 4), Group("costs $5 or $6", 60, 0)]


def test_a_picture_knows_its_size_and_stays_small() -> None:
    drawn = picture(draw_rates("Rates", GROUPS, 0.05), "Rates by group.", "One.", "", "Two.")

    with Image.open(BytesIO(drawn.png)) as image:
        assert image.size == drawn.size
        assert image.size[0] > 400
    assert drawn.caption == "One. Two."
    assert len(drawn.png) < 40_000


def test_fewer_colours_keep_both_ends_of_a_scale() -> None:
    values = np.array([[1.0, -1.0], [-1.0, 1.0]])

    with Image.open(BytesIO(picture(draw_matrix("M", ["a", "b"], values, ""), "M.").png)) as image:
        colours = np.array(image.convert("RGB")).reshape(-1, 3).astype(int)

    for end in ((103, 0, 31), (5, 48, 97)):
        assert np.abs(colours - end).sum(axis=1).min() < 20


@pytest.mark.parametrize("folded", [False, True])
def test_what_comes_from_tables_is_escaped(*, folded: bool) -> None:
    cell = "<script>alert(1)</script>"
    grid = Grid(cell, (cell, "b"), ((cell, cell),), folded=folded)

    chapter = Chapter("a", cell, (Part(cell, (cell,), grids=(grid,)),))
    page = ReadPage(render_page(Page(cell, "", chapters=(chapter,))))

    assert "script" not in {tag for tag, _ in page.tags}
    assert page.rows == [[cell, "b"], [cell, cell]]
    assert page.unclosed == []
