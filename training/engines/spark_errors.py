"""Spark's errors in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from credit.errors import ContractViolation, CreditError, EngineFailed, UnreadableTable

_UNREADABLE = ("MALFORMED", "FAILED_READ_FILE", "CAST_INVALID_INPUT", "CANNOT_PARSE")


@contextmanager
def spark_errors_explained() -> Iterator[None]:
    """Turn Spark's errors into ours, one line each and without the cells of a row.

    Raises:
        ContractViolation: If a number is not of its column's kind.
        UnreadableTable: If a file breaks off, or a cell is no number.
        EngineFailed: If Spark breaks off.
    """
    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise _explain(error) from error


def _explain(error: PySparkException | Py4JError) -> CreditError:
    conditions = _find_conditions(error)
    if isinstance(error, PySparkException) and conditions == ["USER_RAISED_EXCEPTION"]:
        said = (error.getMessageParameters() or {}).get("errorMessage", "")
        return ContractViolation(f"{said} `credit data check` tells where.")
    for condition in conditions:
        if condition.startswith(_UNREADABLE):
            return UnreadableTable(
                f"A history table cannot be read by Spark ({condition}). "
                "`credit data check` tells which, and where."
            )
    return EngineFailed(
        f"Spark broke off ({', '.join(conditions) or type(error).__name__}). If memory was short, "
        "raise CREDIT_MEMORY_LIMIT, or use --engine duckdb."
    )


def _find_conditions(error: PySparkException | Py4JError) -> list[str]:
    """Return Spark's names for what happened, outermost first."""
    if isinstance(error, PySparkException) and (condition := error.getCondition()):
        return [condition]
    return re.findall(r"\[([A-Z]+(?:_[A-Z0-9]+)+(?:\.[A-Z0-9_]+)?)\]", str(error))
