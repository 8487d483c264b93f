"""What an applicant's fields are worth: which are missing, and which were read otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from credit.contract import APPLICATION_COLUMNS, Kind
from serving.row_model import Cell

_NAMES = tuple(column.name for column in APPLICATION_COLUMNS)
_get_all = itemgetter(*_NAMES)
_REQUIRED = tuple(
    column.name for column in APPLICATION_COLUMNS if column.required and column.nullable
)
_SENTINELS = tuple(
    (column.name, column.sentinel) for column in APPLICATION_COLUMNS if column.sentinel is not None
)
_CATEGORIES = tuple(column.name for column in APPLICATION_COLUMNS if column.kind is Kind.CATEGORY)


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


def describe_quality(row: Mapping[str, Any], cells: Mapping[str, Cell]) -> DataQuality:
    """Return the data quality of an applicant.

    Args:
        row: As it was sent.
        cells: The same, checked: every field of the contract.
    """
    return DataQuality(
        missing=_get_all(cells).count(None),
        missing_required=[name for name in _REQUIRED if cells[name] is None],
        sentinel=[name for name, sentinel in _SENTINELS if cells[name] == sentinel],
        normalised=[name for name in _CATEGORIES if row.get(name) != cells[name]],
    )
