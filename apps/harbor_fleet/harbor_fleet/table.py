"""A file of rows as columns of text: csv of any separator, csv.gz or parquet, read whole."""

import csv
import gzip
import io
import math
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet

__all__ = ["DataError", "Finding", "Table", "read_table"]

UNREADABLE = (OSError, EOFError, zlib.error, csv.Error, pyarrow.ArrowException)
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SHOWN_ROWS = 5  # of those a finding names
ERROR, WARNING, NOTE = "error", "warning", "note"


class DataError(ValueError):
    """A table that can not be used; the message names the row and the column, and the cure."""


@dataclass
class Finding:
    """Something to know about the data: an error, which stops; a warning; or a note."""

    level: str
    place: str
    problem: str
    cure: str
    rows: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        """`row 4, column count: -4 is negative (and 1 more row: 9); write 0 or more`."""
        more = ""
        if len(self.rows) > 1:
            others = self.rows[1 : 1 + SHOWN_ROWS]
            count = len(self.rows) - 1
            named = ", ".join(map(str, others)) + (", ..." if count > len(others) else "")
            more = f" (and {count} more row{'s' if count > 1 else ''}: {named})"
        place = f"{self.place}: " if self.place else ""
        return f"{place}{self.problem}{more}" + (f"; {self.cure}" if self.cure else "")


class Table:
    """Cells as text: `columns[name][i]` stands in the file's row `rows[i]`; and what was found."""

    def __init__(self, path: Path, columns: dict[str, list[str]], rows: list[int]) -> None:
        self.path, self.columns, self.rows = path, columns, rows
        self.findings: list[Finding] = []
        self._kinds: dict[tuple[str, str], Finding] = {}

    def add(self, level: str, place: str, problem: str, cure: str) -> None:
        """One finding about the file."""
        self.findings.append(Finding(level, place, problem, cure))

    def flaw(
        self, kind: str, index: int, column: str, problem: str, cure: str, level: str = ERROR
    ) -> None:
        """A finding about one cell; later ones of its kind and column only add their row."""
        row = self.rows[index]
        if (kind, column) in self._kinds:
            self._kinds[kind, column].rows.append(row)
            return
        found = Finding(level, f"row {row}, column {column}", problem, cure, [row])
        self._kinds[kind, column] = found
        self.findings.append(found)


def read_table(path: Path) -> Table:
    """The cells of `path`. Raises `DataError` where the file can not be read as a table."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file; check the path given to --data")
    if path.is_dir():
        raise DataError(f"{path}: this is a folder; give --data a file")
    if path.name.endswith((".csv", ".csv.gz")):
        reader = _read_csv
    elif path.suffix == ".parquet":
        reader = _read_parquet
    else:
        raise DataError(f"{path}: unknown kind of file; use .csv, .csv.gz or .parquet")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty; write a header and rows to it")
    try:
        table = reader(path)
    except UNREADABLE as error:
        arrow = isinstance(error, pyarrow.ArrowException)
        reason = "it is not a whole parquet file" if arrow else str(error).rstrip(".")
        raise DataError(
            f"{path}: the file can not be read to its end ({reason}); copy or download it again"
        ) from error
    if not table.rows and not table.findings:
        raise DataError(f"{path}: the file has a header and no rows; add rows to it")
    return table


def _read_csv(path: Path) -> Table:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = _decoded(path, raw)
    header_line = text.partition("\n")[0]
    separator = max(SEPARATORS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    header = [name.strip() for name in next(reader, [])]
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise DataError(f"{path}: row 1, column {repeated[0]}: stands twice; rename one")
    table = Table(path, {}, [])
    if raw.startswith(b"\xef\xbb\xbf"):
        table.add(NOTE, "", "the file opens with a byte-order mark, which was passed over", "")
    if separator != ",":
        said = f"cells are separated by {SEPARATORS[separator]}, and were read so"
        table.add(WARNING, "row 1", said, "commas are usual")
    whole = text.endswith(("\n", "\r"))
    records = _records(table, reader, header, whole)
    if not whole:
        last = table.rows[-1] if table.rows else 1
        problem = "the last row does not end with a newline: it may be cut short"
        table.add(WARNING, f"row {last}", problem, "compare it with its source")
    cells = zip(*records, strict=True) if records else ([] for _ in header)
    table.columns = {
        name: [cell.strip() for cell in column] for name, column in zip(header, cells, strict=True)
    }
    return table


def _decoded(path: Path, raw: bytes) -> str:
    """The text of a csv, which is UTF-8."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4096]:
        raise DataError(
            f"{path}: row 1: the text is not UTF-8 but looks like UTF-16; save it as UTF-8: "
            f"iconv -f UTF-16 -t UTF-8 {path.name} > utf8.csv"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        seen = (
            raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start + 8]
            .decode("latin-1")
            .partition("\n")[0]
            .strip()
        )
        raise DataError(
            f"{path}: row {row}: byte 0x{raw[error.start]:02x} near {seen!r} is not UTF-8; save it "
            f"as UTF-8: iconv -f WINDOWS-1252 -t UTF-8 {path.name} > utf8.csv"
        ) from error


def _records(table: Table, reader, header: list[str], whole: bool) -> list[list[str]]:
    """The rows with as many cells as the header; the others are findings."""
    records, wrong = [], []
    for record in reader:
        if not record:
            continue
        if len(record) != len(header):
            wrong.append((reader.line_num, len(record)))
            continue
        records.append(record)
        table.rows.append(reader.line_num)
    if wrong and not whole and wrong[-1][0] == reader.line_num and wrong[-1][1] < len(header):
        row, cells = wrong.pop()
        problem = f"has {cells} cells where the header has {len(header)}: the file is cut off here"
        table.add(ERROR, f"row {row}", problem, "copy or download it again")
    if wrong:
        row, cells = wrong[0]
        problem = f"has {cells} cells where the header has {len(header)}"
        cure = "put a name with a comma in double quotes"
        rows = [row for row, _ in wrong]
        table.findings.append(Finding(ERROR, f"row {row}", problem, cure, rows))
    return records


def _read_parquet(path: Path) -> Table:
    table = pyarrow.parquet.read_table(path)
    columns = {
        name: [_as_text(cell) for cell in table.column(name).to_pylist()]
        for name in table.column_names
    }
    return Table(path, columns, list(range(1, table.num_rows + 1)))


def _as_text(cell: object) -> str:
    """A parquet cell as a csv would hold it."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, datetime) and cell.tzinfo is None and cell.time() == datetime.min.time():
        return cell.date().isoformat()
    if isinstance(cell, bool):
        return str(int(cell))
    return str(cell).strip()
