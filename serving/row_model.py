"""Rows as HTTP sends them: pydantic models made from the data contract."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from credit.contract import Column, Kind
from credit.contract.spelling import fold_spelling, list_spellings
from serving.rejection import ErrorDetail, Location, shorten

Cell = float | int | str | None

JSON_TYPES = {
    Kind.KEY: "integer",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.CATEGORY: "string",
}


UNKNOWN_TOLD = 20
"""Fields that are none, so many at once are named; each fault takes a hundred times its bytes."""


class InvalidApplicant(ValueError):
    """An applicant does not keep the contract.

    Attributes:
        details: One entry a fault, in FastAPI's shape, without the values that are at fault.
    """

    def __init__(self, details: list[ErrorDetail]) -> None:
        super().__init__(f"{len(details)} fields do not keep the contract.")
        self.details = details


class Row(BaseModel):
    """A row of a table; `make_row_model` adds the fields."""

    model_config = ConfigDict(extra="forbid", strict=True)

    spellings: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    most_names: ClassVar[int]


def make_row_model(
    name: str, meaning: str, columns: Sequence[Column], required: Collection[str]
) -> type[Row]:
    """Return the model of a row: strict types, ranges and categories of the contract, no more.

    Args:
        name: Of the model.
        meaning: What a row is.
        columns: Its fields.
        required: Names of the fields that must be sent, though the value may be null where the
            contract allows; the others may be left out.
    """
    fields: dict[str, Any] = {
        column.name: _make_field(column, required=column.name in required) for column in columns
    }
    model: type[Row] = create_model(name, __base__=Row, __doc__=meaning, **fields)
    model.spellings = {
        column.name: list_spellings(column) for column in columns if column.kind is Kind.CATEGORY
    }
    model.most_names = len(columns) + UNKNOWN_TOLD
    return model


def check_row(model: type[Row], row: object, location: Location) -> dict[str, Cell]:
    """Return every cell of the row; fields that were not sent are None.

    A category in another spelling, as `credit.contract.spelling` has it, comes back in its own.

    Types are strict: no text becomes a number and no truth value an integer; a whole float such as
    2.0 is an integer, since that is how Kaggle's files write integers of columns with gaps.

    Args:
        model: What `make_row_model` returned.
        row: One decoded JSON value.
        location: Where the row stands in the request; faults are located below it.

    Raises:
        InvalidApplicant: If a field is missing, unknown, or breaks the contract.
    """
    if isinstance(row, dict) and len(row) > model.most_names:
        message = f"Input should have at most {model.most_names - UNKNOWN_TOLD} fields"
        raise InvalidApplicant([ErrorDetail(location, message, "too_long")])
    try:
        return model.model_validate(row).__dict__
    except ValidationError as error:
        respelled = _respell(model, row)
        if respelled is None:
            raise InvalidApplicant(_list_faults(error, location)) from None
    try:
        return model.model_validate(respelled).__dict__
    except ValidationError as error:
        raise InvalidApplicant(_list_faults(error, location)) from None


def _respell(model: type[Row], row: object) -> dict[str, object] | None:
    """Return the row with the contract's spelling of every category; None if it had it before.

    Most rows are spelled as the contract does: only one that was found wrong is looked at.
    """
    if not isinstance(row, dict):
        return None
    changed = {
        name: spelled
        for name, spellings in model.spellings.items()
        if isinstance(text := row.get(name), str)
        and (spelled := spellings.get(fold_spelling(text), text)) != text
    }
    return {**row, **changed} if changed else None


def _list_faults(error: ValidationError, location: Location) -> list[ErrorDetail]:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        ErrorDetail((*location, *map(_shorten, fault["loc"])), fault["msg"], fault["type"])
        for fault in faults
    ]


def _shorten(place: str | int) -> str | int:
    return shorten(place) if isinstance(place, str) else place


def _make_field(column: Column, *, required: bool) -> tuple[object, object]:
    cell: Any = Annotated[_make_cell_type(column), WithJsonSchema(_describe_json(column))]
    description = f"{column.meaning} [{column.unit}]" if column.unit else column.meaning
    default = ... if required else None
    return (
        cell | None if column.nullable else cell,
        Field(default, description=description),
    )


def _make_cell_type(column: Column) -> object:
    if column.kind is Kind.CATEGORY:
        return _make_category_type(column)
    if column.sentinel is None:
        return _make_number_type(column, column.minimum, column.maximum)
    return Annotated[
        _make_number_type(column, None, None),
        AfterValidator(_require_range_or_sentinel(column)),
    ]


def _make_category_type(column: Column) -> object:
    sentinels = () if column.sentinel is None else (column.sentinel,)
    return Literal[(*column.categories, *sentinels)]


def _make_number_type(column: Column, minimum: float | None, maximum: float | None) -> object:
    number = core_schema.float_schema(strict=True, allow_inf_nan=False, ge=minimum, le=maximum)
    if column.kind is Kind.NUMBER:
        return _take_schema(number)
    # A strict float first: it refuses the texts and truth values that a lax integer takes.
    return _take_schema(core_schema.chain_schema([number, core_schema.int_schema(strict=False)]))


def _take_schema(schema: CoreSchema) -> object:
    return Annotated[float, GetPydanticSchema(lambda _source, _handler: schema)]


def _require_range_or_sentinel(column: Column) -> Callable[[float], float]:
    minimum, maximum, sentinel = column.minimum, column.maximum, column.sentinel

    def require(value: float) -> float:
        if value == sentinel:
            return value
        if minimum is not None and value < minimum:
            raise PydanticCustomError(
                "greater_than_equal",
                "Input should be greater than or equal to {limit}, or {sentinel} for missing",
                {"limit": minimum, "sentinel": sentinel},
            )
        if maximum is not None and value > maximum:
            raise PydanticCustomError(
                "less_than_equal",
                "Input should be less than or equal to {limit}, or {sentinel} for missing",
                {"limit": maximum, "sentinel": sentinel},
            )
        return value

    return require


def _describe_json(column: Column) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": JSON_TYPES[column.kind]}
    if column.kind is Kind.CATEGORY:
        sentinels = [] if column.sentinel is None else [column.sentinel]
        return schema | {"enum": [*column.categories, *sentinels]}
    limits = {"minimum": column.minimum, "maximum": column.maximum}
    schema |= {name: limit for name, limit in limits.items() if limit is not None}
    if column.sentinel is not None:
        return {"anyOf": [schema, {"const": column.sentinel}]}
    return schema
