"""Reading data files with DuckDB: which files, in which dialect, and what went wrong."""

import csv
import glob
import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from lifecycle.errors import UserError, without_values

KINDS = (".csv", ".txt", ".parquet")
SUFFIXES = (*KINDS, ".csv.gz", ".txt.gz")
DELIMITERS = ",;\t|"
BLOCK = 1 << 20
LONGEST_LINE = 100_000_000  # bytes; DuckDB's own limit is 2 MB


class DataFile(NamedTuple):
    """A file to load: where it is, and how it is called, with its folders below what was given."""

    path: Path
    name: str

    @property
    def kind(self) -> str:
        """Its suffix without the .gz: .csv, .txt or .parquet."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix

    @property
    def root(self) -> Path:
        """The folder that its name begins below."""
        return self.path.parents[self.name.count("/")]

    @property
    def stem(self) -> str:
        """Its name without folders and suffixes."""
        return self.path.name[: len(self.path.name.lower().removesuffix(".gz")) - len(self.kind)]


def data_files(paths: Sequence[Path]) -> list[DataFile]:
    """The data files at PATHs, each once, by name.

    A PATH is a file, a folder with everything below it but what is hidden, or a pattern of such
    (exports/orders_*.csv). Raises UserError when one is not there or has no data file.
    """
    found: dict[Path, None] = {}
    roots = []
    for path in paths:
        root, files = _files_at(path.expanduser())
        roots.append(root)
        found.update(dict.fromkeys(files))
    root = Path(os.path.commonpath(roots))
    return sorted(
        (DataFile(path, path.relative_to(root).as_posix()) for path in found),
        key=lambda file: file.name,
    )


def _files_at(path: Path) -> tuple[Path, list[Path]]:
    """The folder that names begin below, and the data files at one PATH."""
    if not os.path.lexists(path):
        return _files_like(path)
    if path.is_dir():
        root = path.resolve()
        files = _files_below(root)
        if not files:
            raise UserError(f"{path} holds no {_kinds()} file.")
        return root, files
    root = path.parent.resolve()
    if not _is_data(path.name):
        raise UserError(f"{path.name} is not one of {', '.join(SUFFIXES)}, which can be loaded.")
    return root, [root / path.name]


def _files_like(path: Path) -> tuple[Path, list[Path]]:
    """The same for a pattern. What is there by its name is no pattern."""
    start = next(parent for parent in path.parents if parent.exists())
    parts = path.relative_to(start).parts
    root = start.resolve()
    if not glob.has_magic(str(Path(*parts))):
        raise UserError(f"{path} is not there. Give a file, or a folder of CSV or Parquet files.")
    files = [
        file
        for match in sorted(root.glob(str(Path(*parts))))
        if not any(part.startswith(".") for part in match.relative_to(root).parts)
        for file in _files_below(match)
    ]
    if not files:
        raise UserError(f"No {_kinds()} file is like {path}. Look at the pattern.")
    return root, files


def _is_data(name: str) -> bool:
    """Whether a file of this name can be loaded."""
    return name.lower().endswith(SUFFIXES)


def _kinds() -> str:
    """The kinds of files for a sentence."""
    return " or ".join(KINDS)


def _files_below(path: Path) -> list[Path]:
    """A data file itself; of a folder all that are not hidden, in nested folders too."""
    if not path.is_dir():
        return [path] if _is_data(path.name) else []

    def stop(error: OSError) -> None:
        raise error

    files = []
    for folder, folders, names in os.walk(path, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            Path(folder, name) for name in names if _is_data(name) and not name.startswith(".")
        ]
    return files


def stamp(file: Path) -> str:
    """What changes when the file is written to, without reading it: size and times."""
    status = file.stat()
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


def file_digest(file: DataFile, on_bytes: Callable[[int], object] = lambda size: None) -> str:
    """The SHA-256 of the content of a file; of a gzip file, of what is packed in it.

    `on_bytes` is told how many bytes of the file were read. Raises UserError when a gzip file is
    none or is cut short.
    """
    total = hashlib.sha256()
    with _bytes(file) as (raw, stream):
        at = 0
        while block := stream.read(BLOCK):
            total.update(block)
            on_bytes(raw.tell() - at)
            at = raw.tell()
    return total.hexdigest()


@contextmanager
def _bytes(file: DataFile) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A file as it lies on the disk, and its content. Raises UserError for a damaged gzip file."""
    with file.path.open("rb") as raw:
        if not file.path.name.lower().endswith(".gz"):
            yield raw, raw
            return
        try:
            with gzip.open(raw) as stream:
                yield raw, stream
        except gzip.BadGzipFile:
            raise UserError(
                f"{file.name} is no gzip file, or is damaged. Pack it anew, or name it without .gz "
                "if it is not packed."
            ) from None
        except (EOFError, zlib.error):
            raise UserError(
                f"{file.name} is damaged or cut short: its gzip content does not end. Copy it anew."
            ) from None


def hash_of(digests: Iterable[str]) -> str:
    """One hash of several files' digests, in their order."""
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()


def content_hash(*texts: str) -> str:
    """One hash of several texts."""
    return hash_of(hashlib.sha256(text.encode()).hexdigest() for text in texts)


def quote(name: str) -> str:
    """A SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


class Shape(NamedTuple):
    """How a file is read; files of one shape are read together."""

    kind: str  # csv, lines or parquet
    delimiter: str = ""
    columns: tuple[str, ...] = ()


def shape_of(file: DataFile) -> Shape:
    """The shape of a file. Raises UserError for a bad header.

    A CSV needs a header line; its delimiter is found there. A TXT whose first line has no
    delimiter is read as lines: one column named `line`.
    """
    if file.kind == ".parquet":
        return Shape("parquet")
    first = _first_line(file)
    delimiter = max(DELIMITERS, key=first.count)
    if file.kind == ".txt" and delimiter not in first:
        return Shape("lines", "\x01", ("line",))
    return Shape("csv", delimiter, tuple(_header(file, delimiter)))


def read_sql(shape: Shape, files: Sequence[DataFile], path_column: str | None = None) -> str:
    """A FROM item that reads files of one shape: Parquet with its types, CSV and TXT as text.

    `path_column` adds the path of each row's file. All options are given, for DuckDB's sniffer
    guesses wrong on small files. The line end is left to it: given one, it drops the rows that
    end otherwise without a word.
    """
    names = ", ".join(literal(file.path) for file in files)
    paths = f", filename = {literal(path_column)}" if path_column else ""
    if shape.kind == "parquet":
        return f"read_parquet([{names}], union_by_name = true{paths})"
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in shape.columns)
    is_csv = shape.kind == "csv"
    quotes = "quote = '\"', escape = '\"'" if is_csv else "quote = '', escape = ''"
    return (
        f"read_csv([{names}], auto_detect = false, header = {str(is_csv).lower()}, "
        f"delim = {literal(shape.delimiter)}, {quotes}, max_line_size = {LONGEST_LINE}, "
        f"columns = {{{types}}}{paths})"
    )


@contextmanager
def _text(file: DataFile) -> Iterator[IO[str]]:
    """A text file's content. Raises UserError when it is not UTF-8."""
    try:
        with _bytes(file) as (_, stream):
            yield io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    except UnicodeDecodeError:
        raise UserError(_not_utf8(file.name)) from None


def _first_line(file: DataFile) -> str:
    """The first line of a text file. Raises UserError when it is empty or not UTF-8."""
    with _text(file) as stream:
        first = stream.readline()
    if not first.strip():
        raise UserError(f"{file.name} is empty. A CSV file needs a header line with column names.")
    return first


def _header(file: DataFile, delimiter: str) -> list[str]:
    """The column names of a CSV file. Raises UserError when a name comes twice."""
    with _text(file) as stream:
        names = [name.strip() for name in next(csv.reader(stream, delimiter=delimiter))]
    names = [name or f"column{position}" for position, name in enumerate(names, 1)]
    lower = [name.lower() for name in names]
    seen: set[str] = set()
    for name in lower:
        if name in seen:
            raise UserError(f"{file.name}: the column {name} is there twice. Keep one of them.")
        seen.add(name)
    return names


def _not_utf8(name: str) -> str:
    """The sentence about a file in another encoding."""
    return f"{name} is not written in UTF-8. Save it as UTF-8 and load it again."


def sentence(error: Exception, where: str) -> str:
    """What DuckDB says about a file or a query, as one readable sentence without cell values."""
    text = str(error)
    if re.search(r"No space left|File too large|Disk quota", text):
        return f"{where}: the disk is full. Make room and load again; nothing was loaded."
    line = re.search(r"CSV Error on Line: (\d+)", text)
    file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
    reading = (
        f", reading {Path(file[1]).name}" if file and not where.endswith(Path(file[1]).name) else ""
    )
    place = f"{where}{reading}{f', line {line[1]}' if line else ''}"
    fields = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if fields:
        return f"{place}: {fields[2]} fields where the header has {fields[1]}. Mend the line."
    if "utf-8" in text.lower() or "unicode" in text.lower():
        return _not_utf8(place)
    if "unterminated quote" in text:
        return f'{place}: a quote (") does not end, or a quote within quotes is not doubled.'
    if "Maximum line size" in text:
        return f"{place}: a line is longer than {LONGEST_LINE // 1_000_000} MB. Is a quote open?"
    if "invalid state" in text:
        return f"{place}: line ends or quotes are mixed, it is no plain CSV (RFC 4180)."
    if "magic bytes" in text:
        return f"{place} is no Parquet file. Write it anew, or name it .csv if it is one."
    said = [part.strip() for part in without_values(text).splitlines() if part.strip()]
    hint = next((part for part in said[1:] if part.startswith(("Candidate", "Did you"))), "")
    return f"{place}: {' '.join(filter(None, (said[0] if said else type(error).__name__, hint)))}"
