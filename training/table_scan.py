"""Looks at a table's file before it is read, and says how DuckDB reads it.

What makes a file unreadable is told from its first and last bytes where it can be, so that the
message names the cause; the rest shows while DuckDB reads, and its message is put in plain words.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from credit.contract import TABLES, Table
from credit.errors import UnreadableTable
from training.table_files import Packing, TableFile

_PEEK_BYTES = 1 << 16
_FOREIGN_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_FOREIGN_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # begins like UTF-16's, so it is asked for first
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_FOREIGN_FORMATS = {b"PK\x03\x04": "zip archive (.csv.zip)", b"PAR1": "parquet file (.parquet)"}
_NUMERIC_TYPE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A table's file as DuckDB reads it.

    Attributes:
        table: What the contract says of the table.
        file: Where it lies, unpacked.
        label: What a person would call the file.
        types: The columns that the file has, each with its DuckDB type.
        source: The SQL that stands after FROM; a CSV's cells are all VARCHAR, and empty is NULL.
        trailing_newline: False where a CSV's last line has no end.
    """

    table: Table
    file: TableFile
    label: str
    types: dict[str, str]
    source: str
    trailing_newline: bool = True

    @property
    def missing_columns(self) -> tuple[str, ...]:
        """Declared columns that the file lacks."""
        return tuple(name for name in self.table.column_names if name not in self.types)

    @property
    def extra_columns(self) -> tuple[str, ...]:
        """Columns of the file that the contract does not declare."""
        return tuple(name for name in self.types if name not in self.table.by_name)

    def text(self, name: str) -> str:
        """Return the SQL of the column's cells as text, the empty ones NULL."""
        return f"NULLIF(CAST({quote_name(name)} AS VARCHAR), '')"

    def number(self, name: str, *, cast: str = "CAST") -> str:
        """Return the SQL of the column's cells as DOUBLE, through CAST or TRY_CAST.

        Numbers of a parquet file are taken as they are; all else must read as a number.
        """
        numeric = _NUMERIC_TYPE.fullmatch(self.types[name])
        cell = quote_name(name) if numeric else self.text(name)
        return f"{cast}({cell} AS DOUBLE)"


def open_scan(connection: duckdb.DuckDBPyConnection, file: TableFile, label: str) -> Scan:
    """Return how to read the file, which lies unpacked; label is what messages call it.

    Raises:
        UnreadableTable: If the file's beginning or end shows that it is not what its name says.
    """
    table = TABLES[file.table]
    try:
        if file.packing is Packing.PARQUET:
            return _open_parquet(connection, file, table, label)
        return _open_csv(file, table, label)
    except OSError as closed:
        raise UnreadableTable(
            f"{label} cannot be opened ({closed.strerror}). May you read it?"
        ) from closed


def quote_name(name: str) -> str:
    """Return the name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return the text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def explain_read_error(label: str, error: duckdb.Error) -> UnreadableTable:
    """Return what DuckDB found wrong with a file, in plain words and without the line's content."""
    text = str(error)
    found = re.search(r"CSV Error on Line: (\d+)", text)
    where = f"{label}, line {found[1]}" if found else label
    if fields := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text):
        return UnreadableTable(
            f"{where}: {fields[2]} fields where the header has {fields[1]}. Was the file cut off, "
            "or is a comma not quoted? Fetch or write it again."
        )
    if "unterminated quote" in text or "Maximum line size" in text:
        return UnreadableTable(
            f"{where}: a quotation mark opens and nothing closes it. Was the file cut off? "
            "Fetch or write it again."
        )
    if "utf-8" in text:
        return UnreadableTable(f"{where}: not UTF-8. {_SAVE_AS_UTF8}")
    return UnreadableTable(
        f"{where}: cannot be read as what its name says ({_first_line(text)}). "
        "Fetch or write it again."
    )


_SAVE_AS_UTF8 = "Save it as UTF-8, for instance with `iconv -f ENCODING -t UTF-8`."


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip().rstrip(".")


def _open_parquet(
    connection: duckdb.DuckDBPyConnection, file: TableFile, table: Table, label: str
) -> Scan:
    if file.path.stat().st_size == 0:
        raise UnreadableTable(f"{label} is empty (0 bytes). Fetch or write it again.")
    source = f"read_parquet({quote_text(_without_patterns(file.path))})"
    try:
        described = connection.execute(f"DESCRIBE FROM {source}").fetchall()
    except duckdb.Error as error:
        raise UnreadableTable(
            f"{label} is not a whole parquet file ({_first_line(str(error))}): it was cut off or "
            "damaged, or is something else. Fetch or write it again."
        ) from error
    types = {name: kind for name, kind, *_ in described}
    return Scan(table=table, file=file, label=label, types=types, source=source)


def _open_csv(file: TableFile, table: Table, label: str) -> Scan:
    header = _read_header(file.path, table, label)
    _check_last_line(file.path, len(header), label)
    fields = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in header)
    source = (
        f"read_csv({quote_text(_without_patterns(file.path))}, auto_detect = false, header = true, "
        "delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        f"columns = {{{fields}}})"
    )
    return Scan(
        table=table,
        file=file,
        label=label,
        types=dict.fromkeys(header, "VARCHAR"),
        source=source,
        trailing_newline=_read_end(file.path, 1) in {b"\n", b"\r"},
    )


def _without_patterns(path: Path) -> str:
    """Return the path with what DuckDB would take for a pattern set in brackets."""
    return re.sub(r"([*?\[])", r"[\1]", str(path.resolve()))


def _read_header(path: Path, table: Table, label: str) -> list[str]:
    with path.open("rb") as file:
        beginning = file.read(_PEEK_BYTES)
    if not beginning.strip():
        raise UnreadableTable(
            f"{label} is empty ({path.stat().st_size} bytes). Fetch or write it again."
        )
    _check_encoding(beginning, label)
    line = re.split(rb"\r?\n|\r", beginning.removeprefix(codecs.BOM_UTF8), maxsplit=1)[0]
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableTable(f"{label}, line 1: not UTF-8. {_SAVE_AS_UTF8}") from error
    header = next(csv.reader([text]))
    if not set(header) & set(table.by_name):
        raise UnreadableTable(_explain_foreign_header(text, table, label))
    folded = [name.casefold() for name in header]  # SQL does not tell `status` from `STATUS`
    if twice := sorted({name for name in header if folded.count(name.casefold()) > 1}):
        raise UnreadableTable(
            f"{label}: the header names {', '.join(twice)} more than once. Keep one of each."
        )
    return header


def _check_encoding(beginning: bytes, label: str) -> None:
    for mark, encoding in _FOREIGN_MARKS.items():
        if beginning.startswith(mark):
            raise UnreadableTable(f"{label} is {encoding}, not UTF-8. {_SAVE_AS_UTF8}")
    for mark, name in _FOREIGN_FORMATS.items():
        if beginning.startswith(mark):
            raise UnreadableTable(f"{label} is no CSV but a {name}. Rename it accordingly.")
    if b"\0" in beginning:
        raise UnreadableTable(
            f"{label} has zero bytes: it is binary, or UTF-16, and not UTF-8. {_SAVE_AS_UTF8}"
        )


def _explain_foreign_header(text: str, table: Table, label: str) -> str:
    for delimiter, name in _FOREIGN_DELIMITERS.items():
        if set(next(csv.reader([text], delimiter=delimiter))) & set(table.by_name):
            return f"{label}: fields are parted by {name}, expected commas. Write it with commas."
    first, second, third = table.column_names[:3]
    return (
        f"{label}: line 1 names no column of {table.name}. Expected a header that begins with "
        f"{first},{second},{third}. Is it another file, or one without a header?"
    )


def _check_last_line(path: Path, width: int, label: str) -> None:
    """Reject a file that ends in the middle of a line.

    Raises:
        UnreadableTable: If the last line has fewer fields than the header, or an open quote.
    """
    end = _read_end(path, _PEEK_BYTES).rstrip(b"\r\n")
    last = re.split(rb"[\r\n]", end)[-1].decode("utf-8", errors="replace")
    try:
        fields = len(next(csv.reader([last], strict=True), []))
    except csv.Error as error:
        raise UnreadableTable(
            f"{label}: cut off: the last line has a quotation mark that nothing closes. "
            "Fetch it again."
        ) from error
    if fields < width:
        raise UnreadableTable(
            f"{label}: cut off: the last line has {fields} of {width} fields. Fetch it again."
        )


def _read_end(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - size, 0))
        return file.read(size)
