"""What an applicant's fields are worth: which are missing, and which were read otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from operator import eq, itemgetter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from credit.contract import APPLICATION_COLUMNS, Kind
from serving.row_model import Cell

_NAMES = tuple(column.name for column in APPLICATION_COLUMNS)
_get_all = itemgetter(*_NAMES)
_REQUIRED = tuple(
    column.name for column in APPLICATION_COLUMNS if column.required and column.nullable
)
_SENTINELS = {
    column.name: column.sentinel for column in APPLICATION_COLUMNS if column.sentinel is not None
}
_get_suspects = itemgetter(*_SENTINELS)
_CATEGORIES = tuple(column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY)
_get_categories = itemgetter(*_CATEGORIES)


QualityFields = Mapping[str, object]
"""The fields of `DataQuality`: a dictionary is made three times as quickly as a model."""


class DataQuality(BaseModel):
    """What was known of an applicant, and in which words it came."""

    model_config = ConfigDict(frozen=True)

    missing: int = Field(description="Fields of the contract without a value, left out or null.")
    missing_required: list[str] = Field(
        description="Those of them that a request must name: the ones that matter most."
    )
    sentinel: list[str] = Field(
        description="Fields with the source's word for missing, such as 365243 days; read as such."
    )
    normalised: list[str] = Field(
        description="Categories that came in another spelling, such as ` f ` for `F`."
    )


def describe_quality(row: Mapping[str, Any], cells: Mapping[str, Cell]) -> QualityFields:
    """Return the data quality of an applicant, the fields of `DataQuality`.

    Args:
        row: As it was sent.
        cells: The same, checked: every field of the contract.
    """
    return {
        "missing": _get_all(cells).count(None),
        "missing_required": [name for name in _REQUIRED if cells[name] is None],
        "sentinel": _find_sentinels(cells),
        "normalised": _find_normalised(row, cells),
    }


def _find_sentinels(cells: Mapping[str, Cell]) -> list[str]:
    if not any(map(eq, _get_suspects(cells), _SENTINELS.values())):
        return []
    return [name for name, sentinel in _SENTINELS.items() if cells[name] == sentinel]


def _find_normalised(row: Mapping[str, Any], cells: Mapping[str, Cell]) -> list[str]:
    if tuple(map(row.get, _CATEGORIES)) == _get_categories(cells):
        return []
    return [name for name in _CATEGORIES if row.get(name) != cells[name]]
