"""A page about demo tables, read as a browser would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from credit.cost import CostMatrix
from training.data_report.report import ReportOrder, write_data_report

VOID = {"meta", "link", "img", "br"}
SMALL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass
class ReadPage(HTMLParser):
    """What an HTML file says, by tag."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._cell: list[str] | None = None
        self.feed(self.html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def attributes(self, tag: str, name: str) -> list[str]:
        return [found.get(name) or "" for kind, found in self.tags if kind == tag]

    def find_row(self, first: str) -> list[str]:
        """Return the first row of a table that begins with this cell."""
        return next(row for row in self.rows if row and row[0] == first)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.unclosed.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if not self.unclosed or self.unclosed[-1] != "style":
            self.texts.append(data)
            if self._cell is not None:
                self._cell.append(data)


def write_page(tables: Path, out: Path) -> ReadPage:
    write_data_report(ReportOrder(tables, out, CostMatrix(), "1GB"), lambda *_: None)
    return ReadPage(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def unpainted() -> Iterator[None]:
    """Draw figures, and do not turn them into pixels, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.data_report.page.render_png", lambda _: SMALL_PNG)
        yield


Spoil = Callable[..., Path]


@pytest.fixture
def spoil(few_clients: Path, tmp_path: Path) -> Spoil:
    """Write the demo tables named, each as a query over itself, to a folder of their own."""

    def write(**queries: str) -> Path:
        folder = tmp_path / "spoilt"
        folder.mkdir()
        for table, query in queries.items():
            source = f"read_parquet('{few_clients / table}.parquet')"
            target = folder / f"{table}.parquet"
            duckdb.sql(f"COPY ({query.format(source=source)}) TO '{target}' (FORMAT parquet)")
        return folder

    return write
