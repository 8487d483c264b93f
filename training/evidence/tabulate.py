"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def tabulate(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, the first column left and the others right; `|` is escaped."""
    lines = [_join(header), _join(["---", *["---:"] * (len(header) - 1)])]
    lines += [_join([cell.replace("|", "\\|") for cell in row]) for row in rows]
    return "\n".join(lines)


def _join(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
