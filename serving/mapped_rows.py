"""Opens a store that training wrote: a row of numbers a client, mapped into memory, not read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import ValidationError

from credit.errors import FingerprintMismatch, UnreadableTable
from credit.features.feature import CLIENT
from credit.store_manifest import RowsManifest

if TYPE_CHECKING:
    import pyarrow as pa

REMEDY = "Write it again with `credit train`."

Manifest = TypeVar("Manifest", bound=RowsManifest)


@dataclass(frozen=True, slots=True)
class Layout(Generic[Manifest]):
    """How a kind of store lies in its file.

    Attributes:
        noun: What errors call it.
        manifest_key: Where the file says what it is.
        manifest: What it says.
        column: Of the values.
        names: Of the values, in their order.
        names_field: Where the manifest tells them.
        dtype: Of the values.
    """

    noun: str
    manifest_key: bytes
    manifest: type[Manifest]
    column: str
    names: tuple[str, ...]
    names_field: str
    dtype: DTypeLike


@dataclass(frozen=True, slots=True)
class MappedRows(Generic[Manifest]):
    """What lies in a store's file.

    Attributes:
        clients: Identifiers, int64 of shape (clients,), strictly ascending.
        values: Shape (clients, names), in the layout's order.
        manifest: What the file says of itself.
    """

    clients: NDArray[np.int64]
    values: NDArray[np.floating]
    manifest: Manifest


def map_rows(path: Path, fingerprint: str, layout: Layout[Manifest]) -> MappedRows[Manifest]:
    """Return the rows of a store's Arrow IPC file.

    Args:
        path: File that training wrote; `serving.store_fetching` brings one from a URL.
        fingerprint: The fingerprint of this code.
        layout: Of such stores.

    Raises:
        FingerprintMismatch: If it was made by other code than this.
        UnreadableTable: If the file is not there, not Arrow, or not such a store.
    """
    batches, schema = _map_batches(path, layout.noun)
    manifest = _read_manifest(schema, fingerprint, path, layout)
    _require_columns(schema, manifest, path, layout)
    if len(batches) != 1:
        raise UnreadableTable(
            f"{path} has {len(batches)} record batches, a store has one. {REMEDY}"
        )
    clients, values = _view_arrays(batches[0], path)
    if len(clients) != manifest.clients:
        raise UnreadableTable(
            f"{path} holds {len(clients)} clients, its manifest says {manifest.clients}. {REMEDY}"
        )
    if np.any(clients[1:] <= clients[:-1]):
        raise UnreadableTable(
            f"{path}: {CLIENT} is not strictly ascending, so clients cannot be found. {REMEDY}"
        )
    return MappedRows(clients, values, manifest)


def _map_batches(path: Path, noun: str) -> tuple[list[pa.RecordBatch], pa.Schema]:
    import pyarrow as pa  # here: the process that holds the model reads no store

    try:
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
            for batch in batches:
                batch.validate()
    except FileNotFoundError:
        raise UnreadableTable(f"There is no {noun} at {path}. {REMEDY}") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableTable(f"{path} is not a whole Arrow file ({error}). {REMEDY}") from None
    return batches, reader.schema


def _read_manifest(
    schema: pa.Schema, expected: str, path: Path, layout: Layout[Manifest]
) -> Manifest:
    """Return the manifest; whose code it is comes first, since other code may write another one."""
    text = (schema.metadata or {}).get(layout.manifest_key, b"")
    try:
        found = json.loads(text)["fingerprint"]
    except (ValueError, TypeError, KeyError):
        found = "(none)"
    if found != expected:
        raise FingerprintMismatch(
            f"The {layout.noun} {path} has fingerprint {found}, this code has {expected}: it was "
            f"made by other code. {REMEDY}"
        )
    try:
        return layout.manifest.model_validate_json(text)
    except ValidationError as error:
        fields = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        raise UnreadableTable(f"{path}: its manifest lacks or garbles {fields}. {REMEDY}") from None


def _require_columns(
    schema: pa.Schema, manifest: Manifest, path: Path, layout: Layout[Manifest]
) -> None:
    import pyarrow as pa

    told: tuple[str, ...] = getattr(manifest, layout.names_field)
    if told != layout.names:
        lacking = [name for name in layout.names if name not in told]
        raise UnreadableTable(
            f"{path} does not have the {len(layout.names)} {layout.names_field}, in order; "
            f"it has {len(told)}, lacking: {', '.join(lacking) or 'none'}. {REMEDY}"
        )
    values = pa.list_(pa.from_numpy_dtype(layout.dtype), len(layout.names))
    expected = {CLIENT: pa.int64(), layout.column: values}
    found = {field.name: field.type for field in schema}
    if schema.names != list(expected) or found != expected:
        columns = ", ".join(f"{name}: {kind}" for name, kind in found.items())
        raise UnreadableTable(
            f"{path} does not have the columns {CLIENT}: int64, {layout.column}: {values}; found "
            f"{columns}. {REMEDY}"
        )


def _view_arrays(
    batch: pa.RecordBatch, path: Path
) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    clients, rows = batch.columns
    if clients.null_count or rows.null_count or rows.values.null_count:
        raise UnreadableTable(f"{path} has nulls where a store has NaN. {REMEDY}")
    values = rows.values.to_numpy(zero_copy_only=True)
    return clients.to_numpy(zero_copy_only=True), values.reshape(len(rows), rows.type.list_size)
