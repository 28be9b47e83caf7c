"""Reading data files with DuckDB: which files, in which dialect, and what went wrong."""

import csv
import hashlib
import re
from pathlib import Path

from lifecycle.errors import UserError, without_values

SUFFIXES = (".csv", ".txt", ".parquet")
DELIMITERS = ",;\t|"


def data_files(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> list[Path]:
    """The data files at PATH, a file or a folder, by name. Raises UserError when there are none."""
    if not path.exists():
        raise UserError(f"{path} is not there. Give a file, or a folder of CSV or Parquet files.")
    if path.is_file() and path.suffix.lower() not in suffixes:
        raise UserError(f"{path.name} is not one of {', '.join(suffixes)}, which can be loaded.")
    found = (
        [path]
        if path.is_file()
        else sorted(
            file
            for file in path.iterdir()
            if file.suffix.lower() in suffixes and not file.name.startswith(".")
        )
    )
    if not found:
        raise UserError(f"{path} holds no {' or '.join(suffixes)} file.")
    return found


def content_hash(*parts: Path | str) -> str:
    """The SHA-256 of the bytes of files and texts, each part hashed by itself first."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            with part.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        else:
            total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()


def quote(name: str) -> str:
    """A SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def read_sql(file: Path) -> str:
    """A FROM item that reads the file: Parquet with its types, CSV and TXT as text.

    A CSV needs a header line; its delimiter is found there. A TXT whose first line has no
    delimiter is read as lines: one column named `line`. Raises UserError for a bad header.
    """
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({literal(file.resolve())})"
    first = _first_line(file)
    delimiter = max(DELIMITERS, key=first.count)
    if file.suffix.lower() == ".txt" and delimiter not in first:
        return _read_csv(file, ["line"], "\x01", quoted=False, header=False)
    return _read_csv(file, _header(file, delimiter), delimiter, quoted=True, header=True)


def _read_csv(file: Path, columns: list[str], delimiter: str, quoted: bool, header: bool) -> str:
    """DuckDB's read_csv with its options given, for its sniffer guesses wrong on small files.

    The line end is left to it: given one, it drops the rows that end otherwise without a word.
    """
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    quotes = "quote = '\"', escape = '\"'" if quoted else "quote = '', escape = ''"
    return (
        f"read_csv({literal(file.resolve())}, auto_detect = false, header = {str(header).lower()}, "
        f"delim = {literal(delimiter)}, {quotes}, "
        f"columns = {{{types}}})"
    )


def _first_line(file: Path) -> str:
    """The first line of a text file. Raises UserError when it is empty or not UTF-8."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
    except UnicodeDecodeError:
        raise UserError(_not_utf8(file.name)) from None
    if not first.strip():
        raise UserError(f"{file.name} is empty. A CSV file needs a header line with column names.")
    return first


def _header(file: Path, delimiter: str) -> list[str]:
    """The column names of a CSV file. Raises UserError when a name comes twice."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        names = [name.strip() for name in next(csv.reader(stream, delimiter=delimiter))]
    names = [name or f"column{position}" for position, name in enumerate(names, 1)]
    lower = [name.lower() for name in names]
    for name in lower:
        if lower.count(name) > 1:
            raise UserError(f"{file.name}: the column {name} is there twice. Keep one of them.")
    return names


def _not_utf8(name: str) -> str:
    """The sentence about a file in another encoding."""
    return f"{name} is not written in UTF-8. Save it as UTF-8 and load it again."


def sentence(error: Exception, where: str) -> str:
    """What DuckDB says about a file or a query, as one readable sentence without cell values."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
    reading = f", reading {Path(file[1]).name}" if file and Path(file[1]).name != where else ""
    place = f"{where}{reading}{f', line {line[1]}' if line else ''}"
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if fields:
        return f"{place}: {fields[2]} fields where the header has {fields[1]}. Mend the line."
    if "utf-8" in text.lower() or "unicode" in text.lower():
        return _not_utf8(place)
    if "unterminated quote" in text:
        return f'{place}: a quote (") does not end, or a quote within quotes is not doubled.'
    if "invalid state" in text:
        return f"{place}: line ends or quotes are mixed, it is no plain CSV (RFC 4180)."
    if "magic bytes" in text:
        return f"{place} is no Parquet file. Write it anew, or name it .csv if it is one."
    said = [part.strip() for part in without_values(text).splitlines() if part.strip()]
    hint = next((part for part in said[1:] if part.startswith(("Candidate", "Did you"))), "")
    return f"{place}: {' '.join(filter(None, (said[0] if said else type(error).__name__, hint)))}"
