"""A form with one input a field; the service says which fields, and checks what comes in."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.service_client import Field


def ask_for_applicant(fields: Sequence[Field]) -> dict[str, object] | None:
    """Return what was entered, once the form is sent; None before.

    An empty input is a missing value where the field may be empty, and left out elsewhere: the
    service then says that it is missing.
    """
    with st.form("applicant"):
        entered = {field["name"]: _show_input(field) for field in fields}
        sent = st.form_submit_button("Ask for a decision")
    if not sent:
        return None
    nullable = {field["name"] for field in fields if field["nullable"]}
    return {name: value for name, value in entered.items() if value is not None or name in nullable}


def _show_input(field: Field) -> str | int | float | None:
    hint = f"{field['meaning']}. {_describe_range(field)}".strip()
    if field["categories"]:
        options = [*field["categories"], *_list_sentinel(field)]
        return st.selectbox(field["name"], options, index=None, help=hint)
    if field["type"] == "integer":
        low, high = (None if limit is None else int(limit) for limit in _find_limits(field))
        return st.number_input(
            field["name"], min_value=low, max_value=high, value=None, step=1, help=hint
        )
    low_number, high_number = _find_limits(field)
    return st.number_input(
        field["name"], min_value=low_number, max_value=high_number, value=None, help=hint
    )


def _find_limits(field: Field) -> tuple[float | None, float | None]:
    """Return the range that can be entered: the field's own, and its word for "none"."""
    low, high = field["minimum"], field["maximum"]
    special = field["sentinel"]
    if isinstance(special, int | float):
        low = None if low is None else min(low, special)
        high = None if high is None else max(high, special)
    return (None if low is None else float(low), None if high is None else float(high))


def _list_sentinel(field: Field) -> list[str]:
    return [] if field["sentinel"] is None else [str(field["sentinel"])]


def _describe_range(field: Field) -> str:
    words = []
    if field["unit"]:
        words.append(field["unit"])
    if field["minimum"] is not None and field["maximum"] is not None:
        words.append(f"{field['minimum']:,} to {field['maximum']:,}")
    if field["sentinel"] is not None:
        words.append(f"{field['sentinel']} for none")
    return ", ".join(words)
