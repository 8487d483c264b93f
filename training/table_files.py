"""Finds the tables' files in a folder or in Kaggle's download, and unpacks what is zipped."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from credit.contract import TABLES
from credit.errors import CreditError, TableMissing, UnreadableTable

DOWNLOAD = "home-credit-default-risk.zip"


class Packing(StrEnum):
    """How a table lies on disk."""

    CSV = "csv"
    PARQUET = "parquet"
    ZIPPED_CSV = "zipped csv"


# In the order of preference, should a folder hold the same table twice.
_ENDINGS = {
    ".csv": Packing.CSV,
    ".csv.zip": Packing.ZIPPED_CSV,
    ".parquet": Packing.PARQUET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """Where a table lies.

    Attributes:
        table: The table's name.
        path: The file, or the archive that holds it.
        packing: How it lies there.
        member: Its name inside the archive; empty where that follows from the archive's own name.
        passed_over: Further files with the same table, which are not read.
    """

    table: str
    path: Path
    packing: Packing
    member: str = ""
    passed_over: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What a person would call the file."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name


def find_tables(source: Path) -> dict[str, TableFile]:
    """Return the file of each table that is in the folder, or in the download, in contract order.

    Raises:
        TableMissing: If the folder does not exist or holds no table at all.
        UnreadableTable: If the download is not a sound archive.
    """
    if not source.exists():
        raise TableMissing(
            f"{source} does not exist. Name the folder that holds {_expected()}; "
            f"`credit data make --out {source}` writes demo tables there."
        )
    found = _in_download(source) if source.is_file() else _in_folder(source)
    if not found:
        raise TableMissing(
            f"No table in {source}: found {_listing(source)}. Expected {_expected()}. "
            "`credit data make --out DIR` writes demo tables."
        )
    return {table: found[table] for table in TABLES if table in found}


def unpack(file: TableFile, folder: Path) -> TableFile:
    """Return the table as a plain file: itself, or unpacked into the folder.

    Raises:
        UnreadableTable: If the archive is damaged, locked, or does not hold the table.
        CreditError: If the folder has no room.
    """
    if file.packing is not Packing.ZIPPED_CSV:
        return file
    target = folder / f"{file.table}.csv"
    try:
        with zipfile.ZipFile(file.path) as archive:
            member = file.member or _choose_member(archive, file)
            with archive.open(member) as packed, target.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, length=1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError) as damage:
        raise UnreadableTable(
            f"{file.label} is not a whole zip archive ({damage}): it was cut off or damaged on "
            "its way. Fetch it again."
        ) from damage
    except (RuntimeError, NotImplementedError) as locked:
        raise UnreadableTable(
            f"{file.label} cannot be unpacked ({locked}). Unpack it by hand and leave the CSV."
        ) from locked
    except OSError as full:
        raise CreditError(
            f"{file.label} cannot be unpacked to {folder} ({full.strerror}). Point TMPDIR to a "
            "disk with room, or unpack it by hand and leave the CSV."
        ) from full
    return TableFile(table=file.table, path=target, packing=Packing.CSV)


def _in_folder(folder: Path) -> dict[str, TableFile]:
    found: dict[str, TableFile] = {}
    for table in TABLES:
        paths = {folder / f"{table}{ending}": kind for ending, kind in _ENDINGS.items()}
        present = [path for path in paths if path.is_file()]
        if present:
            found[table] = TableFile(
                table=table,
                path=present[0],
                packing=paths[present[0]],
                passed_over=tuple(path.name for path in present[1:]),
            )
    download = folder / DOWNLOAD
    if len(found) < len(TABLES) and download.is_file():
        return _in_download(download) | found
    return found


def _in_download(path: Path) -> dict[str, TableFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
    except zipfile.BadZipFile as damage:
        raise UnreadableTable(
            f"{path} is not a whole zip archive ({damage}). Expected a folder of tables or "
            f"Kaggle's {DOWNLOAD}; if this is the download, it was cut off: fetch it again."
        ) from damage
    by_name = {Path(member).name: member for member in members}
    return {
        table: TableFile(
            table=table,
            path=path,
            packing=Packing.ZIPPED_CSV,
            member=by_name[f"{table}.csv"],
        )
        for table in TABLES
        if f"{table}.csv" in by_name
    }


def _choose_member(archive: zipfile.ZipFile, file: TableFile) -> str:
    members = archive.namelist()
    for member in members:
        if Path(member).name == f"{file.table}.csv":
            return member
    raise UnreadableTable(
        f"{file.label} holds no {file.table}.csv; found {_enumerate(members)}. Pack it anew."
    )


def _expected() -> str:
    names = ", ".join(f"{table}.csv" for table in TABLES)
    return f"{names} (.csv.zip and .parquet will do), or Kaggle's {DOWNLOAD}"


def _listing(source: Path) -> str:
    if source.is_file():
        with zipfile.ZipFile(source) as archive:
            return _enumerate(archive.namelist())
    return _enumerate(sorted(path.name for path in source.iterdir()))


def _enumerate(names: list[str], limit: int = 5) -> str:
    if not names:
        return "nothing"
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")
