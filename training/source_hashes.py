"""Which files features were computed from, to the byte."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from credit.bundle import hash_file
from credit.contract import HISTORY_TABLES
from credit.store_manifest import SourceFile
from training.table_files import find_tables


def hash_sources(data: Path, tables: Collection[str] = HISTORY_TABLES) -> dict[str, SourceFile]:
    """Return the files of the tables, usually the histories, that are there, by table.

    What is hashed are the bytes on disk: of a zipped table the archive, which is read once even if
    it holds them all. Costs about 1.5 seconds a gigabyte.

    Raises:
        TableMissing: If the folder does not exist or holds no table.
        UnreadableTable: If the download is not a sound archive.
    """
    paths = {table: file.path for table, file in find_tables(data).items() if table in tables}
    hashes = {path: hash_file(path) for path in sorted(set(paths.values()))}
    return {table: SourceFile(file=path.name, sha256=hashes[path]) for table, path in paths.items()}
