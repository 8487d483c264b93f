"""What the stores say about themselves: written by training, read by serving."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MANIFEST_KEY = b"credit.history_store"
"""Key of the manifest, as JSON, in the Arrow schema metadata of the history store's file."""

HISTORY_COLUMN = "features"
"""Column of the store that holds a client's history features, side by side."""

APPLICATION_MANIFEST_KEY = b"credit.application_store"
"""The same of the application store."""

APPLICATION_COLUMN = "cells"
"""Column of the store that holds an application's cells (`credit.stored_cells`), side by side."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SourceFile(BaseModel):
    """A file that a store was made from.

    Attributes:
        file: Its name; of a zipped table the archive's.
        sha256: Hash of its bytes as they lie on disk, as ``sha256sum`` prints it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    sha256: Sha256


class RowsManifest(BaseModel):
    """The facts that travel inside every store's file.

    Attributes:
        fingerprint: Contract and feature code it was made by.
        clients: Rows.
        sources: The tables' files, by table; tables that were missing are not in it.
        made_at: UTC time of writing, ISO 8601.
        version: The project's version that wrote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    clients: Annotated[int, Field(ge=0)]
    sources: dict[str, SourceFile]
    made_at: str
    version: str


class StoreManifest(RowsManifest):
    """The facts of a history store.

    Attributes:
        features: Names of the history features, in the order of the values.
    """

    features: tuple[str, ...]


class ApplicationManifest(RowsManifest):
    """The facts of an application store.

    Attributes:
        columns: Names of the application's columns, in the order of the cells.
    """

    columns: tuple[str, ...]
