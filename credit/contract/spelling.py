"""Other spellings of a category: `f` and ` F ` are `F`.

Case and spaces carry no meaning in the contract's texts, so whoever writes them otherwise means the
same. A text that is no spelling of any category stays what it is: wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

from credit.contract.column import Column, Kind


def fold_spelling(text: str) -> str:
    """Return what all spellings of a text have in common: no case, single spaces."""
    return " ".join(text.split()).casefold()


def list_spellings(column: Column) -> Mapping[str, str]:
    """Return the column's texts, its sentinel among them, by their folded spelling.

    Raises:
        ValueError: If two of them differ in case or spaces only.
    """
    texts = [*column.categories, *([column.sentinel] if _has_text_sentinel(column) else [])]
    spellings = {fold_spelling(str(text)): str(text) for text in texts}
    if len(spellings) != len(texts):
        raise ValueError(f"{column.name}: two categories differ in case or spaces only.")
    return spellings


def _has_text_sentinel(column: Column) -> bool:
    return column.kind is Kind.CATEGORY and column.sentinel is not None
