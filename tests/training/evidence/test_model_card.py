"""A card is whole or there is none; what stands in it can be read anywhere."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from credit.errors import CardIncomplete
from training.evidence.drawing import new_figure
from training.evidence.model_card import REQUIRED_SECTIONS, render_card
from training.evidence.section import Plot, Section
from training.evidence.tabulate import tabulate


class Page(HTMLParser):
    """Collects what a test asks about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def list_attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def make_plot(name: str = "curve", caption: str = "What it shows.") -> Plot:
    figure, axes = new_figure("Title")
    axes.plot([0, 1], [0, 1])
    return Plot(name, caption, figure)


@pytest.fixture
def sections() -> list[Section]:
    texts = {title: f"Text of {title}." for title in REQUIRED_SECTIONS}
    texts["Data"] = f"{tabulate(('table', 'rows'), [('a|b', '3')])}\n\n<script>alert(1)</script>"
    made = [Section(title, text) for title, text in texts.items()]
    made[3] = Section("Performance", "AUC 0.75", plots=(make_plot(),), metrics={"auc": 0.75})
    return made


def test_every_section_stands_in_both_forms_in_order(sections: list[Section]) -> None:
    card = render_card("Model card: some", sections)
    headings = [line[3:] for line in card.markdown.splitlines() if line.startswith("## ")]
    assert headings == list(REQUIRED_SECTIONS)
    page = Page(card.html)
    for section in sections:
        assert section.title in page.text
    targets = {f"#{attributes['id']}" for attributes in page.list_attributes("section")}
    assert {link["href"] for link in page.list_attributes("a")} == targets


def test_plots_are_inside_the_page_and_beside_the_markdown(sections: list[Section]) -> None:
    card = render_card("Model card", sections)
    (image,) = Page(card.html).list_attributes("img")
    assert str(image["src"]).startswith("data:image/png;base64,")
    assert image["alt"] == "What it shows."
    assert "![What it shows.](plots/curve.png)" in card.markdown
    assert card.plots["curve.png"].startswith(b"\x89PNG")


def test_the_page_needs_no_network_and_runs_no_script_of_a_text(sections: list[Section]) -> None:
    page = Page(render_card("Model card", sections).html)
    assert not page.list_attributes("script")
    assert not page.list_attributes("link")
    assert "<script>alert(1)</script>" in page.text
    assert "a|b" in page.text
    assert page.list_attributes("table")


@pytest.mark.parametrize("missing", REQUIRED_SECTIONS)
def test_a_missing_section_fails(sections: list[Section], missing: str) -> None:
    left = [section for section in sections if section.title != missing]
    with pytest.raises(CardIncomplete, match=f"no section '{missing}'"):
        render_card("Model card", left)


def test_a_blank_section_fails(sections: list[Section]) -> None:
    sections[5] = Section(sections[5].title, " \n ")
    with pytest.raises(CardIncomplete, match="'Calibration' is blank"):
        render_card("Model card", sections)


def test_a_section_that_stands_twice_fails(sections: list[Section]) -> None:
    with pytest.raises(CardIncomplete, match="'Model' stands twice"):
        render_card("Model card", [*sections, sections[0]])


def test_a_plot_without_words_fails(sections: list[Section]) -> None:
    sections[0] = Section("Model", "Text", plots=(make_plot(caption=""),))
    with pytest.raises(CardIncomplete, match="no caption"):
        render_card("Model card", sections)


def test_a_figure_that_is_no_number_fails(sections: list[Section]) -> None:
    sections[0] = Section("Model", "Text", metrics={"auc": float("nan")})
    with pytest.raises(CardIncomplete, match="'auc' of 'Model' is nan"):
        render_card("Model card", sections)


def test_the_same_sections_give_the_same_bytes(sections: list[Section]) -> None:
    assert render_card("Model card", sections) == render_card("Model card", sections)
