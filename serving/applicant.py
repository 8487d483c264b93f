"""The applicant as HTTP sends them, and what the service tells about the fields."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from credit.contract import APPLICATION_COLUMNS, Column
from serving.rejection import Location
from serving.row_model import JSON_TYPES, Cell, check_row, make_row_model


class FeatureDescription(TypedDict):
    """What `GET /features` tells about a field."""

    name: str
    type: str
    unit: str
    minimum: float | None
    maximum: float | None
    categories: list[str]
    sentinel: float | str | None
    nullable: bool
    meaning: str


class FeatureList(TypedDict):
    """The answer of `GET /features`; `optional` is there when everything was asked for."""

    required: list[FeatureDescription]
    optional: NotRequired[list[FeatureDescription]]


Applicant = make_row_model(
    "Applicant",
    "One loan application, in the fields of the data contract.",
    APPLICATION_COLUMNS,
    {column.name for column in APPLICATION_COLUMNS if column.required},
)


def check_applicant(row: object, location: Location) -> dict[str, Cell]:
    """Return every application column's cell; fields that were not sent are None.

    Categories come in the contract's spelling, whichever was sent.

    Args:
        row: One decoded JSON value.
        location: Where the row stands in the request; faults are located below it.

    Raises:
        InvalidApplicant: If a field is missing, unknown, or breaks the contract.
    """
    return check_row(Applicant, row, location)


def describe_features(*, include_all: bool) -> FeatureList:
    """Return the required fields of an applicant and, if asked for, the optional ones."""
    features = FeatureList(
        required=[_describe(column) for column in APPLICATION_COLUMNS if column.required]
    )
    if include_all:
        features["optional"] = [
            _describe(column) for column in APPLICATION_COLUMNS if not column.required
        ]
    return features


def _describe(column: Column) -> FeatureDescription:
    return FeatureDescription(
        name=column.name,
        type=JSON_TYPES[column.kind],
        unit=column.unit,
        minimum=column.minimum,
        maximum=column.maximum,
        categories=list(column.categories),
        sentinel=column.sentinel,
        nullable=column.nullable,
        meaning=column.meaning,
    )
