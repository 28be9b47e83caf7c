"""The loading area: a DuckDB file beside the warehouse into which files are read first.

A load that was stopped goes on from what is there, and the warehouse is free for builds until
everything has been read. Each batch (a file, or the SELECT of a mapping) is one transaction.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from lifecycle.contract import Table, kept_columns, nearest, read_contract, some, table_of
from lifecycle.errors import UserError
from lifecycle.files import (
    DataFile,
    content_hash,
    data_files,
    file_digest,
    hash_of,
    literal,
    quote,
    read_sql,
    sentence,
    shape_of,
    stamp,
)
from lifecycle.lock import held
from lifecycle.mapping import Views, create_query, create_views, read_mapping, views_of, where_of
from lifecycle.meter import meter, watched
from lifecycle.tables import as_text, fit_columns, open_database, transaction

Say = Callable[[str], None]
Stamps = dict[DataFile, str]

BATCHES = """
create table if not exists raw._batches (
    table_name varchar,
    load_id varchar,
    row_count bigint,
    source_file varchar,
    content_hash varchar,
    input_hash varchar,
    loaded_at timestamp,
    has_own_time boolean,
    files bigint,
    seconds double
)
"""
INPUTS = """
create table if not exists raw.{} (path varchar primary key, stamp varchar, digest varchar)
"""
FILES_NAMED = 5


class Source(NamedTuple):
    """What is to be read into one raw table."""

    table: Table
    where: str  # for sentences, and `source_file` of the load
    source_file: str  # `_source_file` of the rows that bring none
    content_hash: str  # of everything that decides the rows
    input_hash: str  # of the data files alone
    files: tuple[DataFile, ...]
    sql: str | None  # of a mapping; None: the file is read as it is


class Batch(NamedTuple):
    """Rows of one raw table in the loading area. They have its `load_id` as `_load_id`."""

    table: str
    load_id: str
    rows: int
    source_file: str  # the file, or the file of the mapping
    content_hash: str
    input_hash: str
    loaded_at: datetime
    has_own_time: bool  # whether `_loaded_at` came with the rows
    files: int
    seconds: float


class Known(NamedTuple):
    """What was loaded before."""

    loads: dict[tuple[str, str], datetime]  # (raw table, content hash): when
    digests: dict[str, tuple[str, str]]  # path: (stamp, digest)
    sets: dict[tuple[str, str], dict[str, set[str]]]
    # (raw table, mapping's file): {input hash: digests of the files that it read}


NOTHING = Known({}, {}, {})


@contextmanager
def reserved(database: Path) -> Iterator[Path]:
    """The DuckDB file that is the loading area of a database, kept to this process meanwhile.

    It need not exist. Raises UserError when another process has it.
    """
    area = database.with_name(f"{database.stem.replace('.', '_')}_incoming.duckdb")
    lock = area.with_suffix(".lock")
    if not area.parent.is_dir():
        raise UserError(
            f"The folder {area.parent} of the database is not there. Make it, or set "
            "LIFECYCLE_DUCKDB to another file."
        )
    busy = (
        f"Another load or check of {database.name} is at work. Wait until it has ended, then try "
        "again."
    )
    with held(lock, busy):
        yield area


def discard(area: Path) -> None:
    """Remove a loading area."""
    for file in (area, area.with_name(f"{area.name}.wal")):
        file.unlink(missing_ok=True)


def bring(
    paths: Sequence[Path],
    area: Path,
    project: Path,
    mapping: Path | None = None,
    loaded_at: datetime | None = None,
    say: Say = print,
    known: Known = NOTHING,
) -> list[Batch]:
    """Read the files at `paths` into the schema `raw` of the loading area; returns the batches.

    Without a mapping each file is named after its raw table or lies in a folder that is; with
    one, a folder of `<raw_table>.sql`, each SELECT reads views named after the files. `loaded_at`
    (UTC, now by default) is the time of rows that bring no `_loaded_at`; one that is no time is
    kept as the text it is, the column then is text, and a build takes it for missing. What is
    `known`, or in the area from a load that was stopped, is not read again; what else is in the
    area is removed. Raises UserError for anything the user can mend.
    """
    contract = read_contract(project)
    files = data_files(paths)
    stamps = {file: stamp(file.path) for file in files}
    with _opened(area) as con:
        if mapping is None:
            sources = _file_sources(con, stamps, paths, contract, known, say)
        else:
            is_one_file = len(paths) == 1 and paths[0].expanduser().is_file()
            views = views_of(files, is_one_file)
            sources = _mapping_sources(con, stamps, is_one_file, mapping, contract, known, say)
        sources = _new(sources, known, say)
        there = _kept(con, sources, loaded_at)
        if there:
            say(f"{len(there):,} of {len(sources):,} were read before the last load stopped.")
        missing = [source for source in sources if _key(source) not in there]
        if mapping is not None:
            create_views(con, views, [source.sql or "" for source in missing])
        ready = [_ready(con, source, views if mapping else {}) for source in missing]
        _say_left_out(ready, say)
        instant = loaded_at or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        sizes = [_size(item.source, len(ready)) for item in ready]
        at = 0.0
        with meter("Reading", sum(sizes), say) as done:
            for item, size in zip(ready, sizes, strict=True):
                with watched(con, done, at, size):
                    there[_key(item.source)] = _read(con, item, instant, stamps)
                at += size
        return [there[_key(source)] for source in sources]


def _key(source: Source) -> tuple[str, str]:
    """What identifies the rows of a source."""
    return source.table.name, source.content_hash


def _size(source: Source, parts: int) -> float:
    """Bytes that reading a source takes; all SELECTs of a mapping together read all files."""
    size = sum(file.path.stat().st_size for file in source.files)
    return size / parts if source.sql is not None else size


@contextmanager
def _opened(area: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the loading area, made if need be."""
    try:
        con = open_database(area)
    except UserError as error:
        if "is open in" in str(error) or not area.exists():
            raise
        discard(area)  # cut off when the disk was full, or written by another version
        con = open_database(area)
    done = False
    try:
        con.execute("create schema if not exists raw")
        con.execute(BATCHES)
        con.execute(INPUTS.format("_inputs"))
        con.execute(
            "create table if not exists raw._input_sets (input_hash varchar, digest varchar)"
        )
        yield con
        done = True
    except duckdb.Error as error:
        raise UserError(sentence(error, area.name)) from None
    finally:
        is_empty = not done and not _count(con)
        con.close()
        if is_empty:
            discard(area)


def _count(con: duckdb.DuckDBPyConnection) -> int:
    """The batches in the loading area."""
    try:
        return con.execute("select count(*) from raw._batches").fetchone()[0]
    except duckdb.Error:
        return 0


def _file_sources(
    con: duckdb.DuckDBPyConnection,
    stamps: Stamps,
    paths: Sequence[Path],
    contract: dict[str, Table],
    known: Known,
    say: Say,
) -> list[Source]:
    """One source per file that is named after a raw table; others are named in a sentence."""
    found = [(file, _table_name(file, contract)) for file in stamps]
    if all(table is None for _, table in found) and len(paths) == 1:
        folder = found[0][0].root.name.lower()
        found = [(file, folder if folder in contract else None) for file in stamps]
    strangers = [file.name for file, table in found if table is None]
    if len(strangers) == len(found):
        raise UserError(_no_table(strangers, contract))
    if strangers:
        say(f"Left out, not named after a raw table: {some(strangers, FILES_NAMED)}.")
    wanted = {file: contract[table] for file, table in found if table}
    digests = _digests(con, {file: stamps[file] for file in wanted}, known, say)
    return [
        Source(
            table,
            file.name,
            file.name,
            hash_of([digests[file]]),
            hash_of([digests[file]]),
            (file,),
            None,
        )
        for file, table in wanted.items()
    ]


def _table_name(file: DataFile, contract: dict[str, Table]) -> str | None:
    """The raw table a file is named after; else the one that a folder around it is named after."""
    folders = [part.lower() for part in reversed(file.name.split("/")[:-1])]
    return table_of(file.path, contract) or next((f for f in folders if f in contract), None)


def _no_table(names: list[str], contract: dict[str, Table]) -> str:
    """The sentence about files of which none is named after a raw table."""
    hints = {name: nearest(Path(name).name.split(".")[0], contract) for name in names}
    shown = [f"{name} (did you mean {hint}?)" if hint else name for name, hint in hints.items()]
    return (
        f"No file is named after a raw table: {some(shown, FILES_NAMED)}. Name files as the "
        f"contract does ({', '.join(contract)}), or give a folder of SELECTs with --mapping."
    )


def _mapping_sources(
    con: duckdb.DuckDBPyConnection,
    stamps: Stamps,
    is_one_file: bool,
    mapping: Path,
    contract: dict[str, Table],
    known: Known,
    say: Say,
) -> list[Source]:
    """One source per `<raw_table>.sql` of the mapping, over all the files."""
    queries = read_mapping(mapping, contract)
    files = tuple(stamps)
    digests = _digests(con, stamps, known, say)
    together = hash_of(digests[file] for file in files)
    origin = files[0].name if is_one_file else files[0].root.name
    sources = []
    for file, sql in queries.items():
        source = Source(
            contract[file.stem],
            where_of(file),
            origin,
            content_hash(together, sql),
            together,
            files,
            sql,
        )
        for input_hash, others in known.sets.get((source.table.name, source.where), {}).items():
            whole = content_hash(input_hash, sql)
            if others.issuperset(digests.values()) and (source.table.name, whole) in known.loads:
                source = source._replace(content_hash=whole)
        sources.append(source)
    _remember_set(con, together, digests)
    return sources


def _remember_set(
    con: duckdb.DuckDBPyConnection, together: str, digests: dict[DataFile, str]
) -> None:
    """Note of which files the rows of a mapping are made."""
    con.execute("delete from raw._input_sets")
    con.executemany(
        "insert into raw._input_sets values (?, ?)",
        [(together, digest) for digest in sorted(set(digests.values()))],
    )


def _digests(
    con: duckdb.DuckDBPyConnection, stamps: Stamps, known: Known, say: Say
) -> dict[DataFile, str]:
    """The digest of each file. One that has not changed since it was read is not read again."""
    noted = {
        path: (stamp_, digest)
        for path, stamp_, digest in con.execute("from raw._inputs").fetchall()
    }
    digests: dict[DataFile, str] = {}
    unknown: Stamps = {}
    for file, now in stamps.items():
        for before in (noted.get(str(file.path)), known.digests.get(str(file.path))):
            if before and before[0] == now:
                digests[file] = before[1]
        if file not in digests:
            unknown[file] = now
    at = 0
    with meter("Comparing", sum(file.path.stat().st_size for file in unknown), say) as done:

        def on_bytes(size: int) -> None:
            nonlocal at
            at += size
            done(at)

        for file, now in unknown.items():
            digests[file] = file_digest(file, on_bytes)
            con.execute(
                "insert or replace into raw._inputs values (?, ?, ?)",
                [str(file.path), now, digests[file]],
            )
    return digests


def _new(sources: list[Source], known: Known, say: Say) -> list[Source]:
    """The sources that were not loaded yet, each content once; about the others, a sentence."""
    new: dict[tuple[str, str], Source] = {}
    loaded: dict[str, list[Source]] = {}
    for source in sources:
        if _key(source) in known.loads:
            loaded.setdefault(source.table.name, []).append(source)
        elif _key(source) in new:
            first = new[_key(source)]
            say(f"{source.table.name}: {source.where} has the same content as {first.where}.")
        else:
            new[_key(source)] = source
    for table, again in loaded.items():
        if len(again) > 1:
            say(f"{table}: {len(again):,} files were loaded already, with the same content.")
        else:
            at = known.loads[_key(again[0])]
            say(f"{table}: {again[0].where} was loaded at {at} already, with the same content.")
    return list(new.values())


def _kept(
    con: duckdb.DuckDBPyConnection, sources: list[Source], loaded_at: datetime | None
) -> dict[tuple[str, str], Batch]:
    """What is there already of the sources. A table with anything else is emptied."""
    batches = [Batch(*row) for row in con.execute("from raw._batches").fetchall()]
    wanted = {_key(source) for source in sources}
    stale = {
        batch.table
        for batch in batches
        if (batch.table, batch.content_hash) not in wanted
        or loaded_at not in (None, batch.loaded_at)
    }
    for table in sorted(stale):
        with transaction(con):
            con.execute(f"drop table if exists raw.{quote(table)}")
            con.execute("delete from raw._batches where table_name = ?", [table])
    return {
        (batch.table, batch.content_hash): batch for batch in batches if batch.table not in stale
    }


class Ready(NamedTuple):
    """A source whose columns are known: its rows as a query, its columns' names and types."""

    source: Source
    query: str
    kept: dict[str, str]  # name as given: name in the raw table
    types: dict[str, str]  # of the columns in the raw table
    left_out: str


def _ready(con: duckdb.DuckDBPyConnection, source: Source, views: Views) -> Ready:
    """Match the columns of a source with the contract. Raises UserError when one is missing."""
    if source.sql is None:
        query = f"select * from {read_sql(shape_of(source.files[0]), source.files)}"
    else:
        query = create_query(con, source.table.name, source.sql, views, source.where)
    try:
        given = con.execute(f"describe {query}").fetchall()
    except duckdb.Error as error:
        raise UserError(sentence(error, source.where)) from None
    kept, left_out = kept_columns(source.table, [row[0] for row in given], source.where)
    types = {kept[row[0]]: row[1] for row in given if row[0] in kept}
    return Ready(source, query, kept, types, left_out)


def _say_left_out(ready: list[Ready], say: Say) -> None:
    """Say which columns are left out, once for files that are alike."""
    alike: dict[tuple[str, str], list[str]] = {}
    for item in ready:
        if item.left_out:
            table = item.source.table.name
            alike.setdefault((table, item.left_out), []).append(item.source.where)
    for (table, left_out), names in alike.items():
        more = f" and {len(names) - 1} files like it" if len(names) > 1 else ""
        say(
            f"{names[0]}{more}: not in the contract of {table} and left out: {left_out}. "
            "A column of your own is kept when its name begins with x_."
        )


def _read(
    con: duckdb.DuckDBPyConnection, item: Ready, loaded_at: datetime, stamps: Stamps
) -> Batch:
    """Read a source into its raw table of the loading area: one transaction.

    Raises UserError when a file was written to meanwhile.
    """
    source = item.source
    began = time.monotonic()
    try:
        with transaction(con):
            select, has_own_time = _select_list(con, item, loaded_at)
            rows = con.execute(
                f"insert into raw.{quote(source.table.name)} by name"
                f" select {select} from ({item.query}) as given"
            ).fetchone()[0]
            batch = Batch(
                source.table.name,
                source.content_hash[:16],
                rows,
                source.where,
                source.content_hash,
                source.input_hash,
                loaded_at,
                has_own_time,
                len(source.files),
                round(time.monotonic() - began, 3),
            )
            marks = ", ".join("?" * len(batch))
            con.execute(f"insert into raw._batches values ({marks})", list(batch))
            for file in source.files:
                if stamp(file.path) != stamps[file]:
                    raise UserError(
                        f"{file.name} was written to while it was read. Load it when it is "
                        "complete."
                    )
    except duckdb.Error as error:
        raise UserError(sentence(error, source.where)) from None
    return batch


def _select_list(
    con: duckdb.DuckDBPyConnection, item: Ready, loaded_at: datetime
) -> tuple[str, bool]:
    """Make room in the raw table for the columns, and return the list that fills them.

    Returns as well whether the rows bring a `_loaded_at`.
    """
    sources = {name: quote(column) for column, name in item.kept.items()}
    instant, instant_type = _loaded_at_column(
        con, item.query, sources.get("_loaded_at"), item.types.get("_loaded_at"), loaded_at
    )
    has_own_time = "_loaded_at" in sources
    sources = sources | {
        "_loaded_at": instant,
        "_source_file": (
            f"coalesce(cast({sources.get('_source_file', 'null')} as varchar), "
            f"{literal(item.source.source_file)})"
        ),
        "_load_id": literal(item.source.content_hash[:16]),
    }
    types = item.types | {
        "_loaded_at": instant_type,
        "_source_file": "VARCHAR",
        "_load_id": "VARCHAR",
    }
    final = fit_columns(con, item.source.table.name, types)
    select = ", ".join(
        f"{source if final[name] == types[name] else as_text(source, types[name])} as {quote(name)}"
        for name, source in sources.items()
    )
    return select, has_own_time


def _loaded_at_column(
    con: duckdb.DuckDBPyConnection,
    query: str,
    source: str | None,
    given: str | None,
    loaded_at: datetime,
) -> tuple[str, str]:
    """`_loaded_at` as SQL with its type: a UTC timestamp, the load's where a row brings none.

    When a row brings something that is no time, the column is text and that row keeps its own.
    """
    default = f"timestamp '{loaded_at:%Y-%m-%d %H:%M:%S.%f}'"
    if source is None:
        return default, "TIMESTAMP"
    if given in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        return f"coalesce(cast({source} as timestamptz) at time zone 'UTC', {default})", "TIMESTAMP"
    text = f"nullif(trim({as_text(source, given or '')}), '')"
    instant = f"try_cast({text} as timestamptz) at time zone 'UTC'"
    is_no_time = f"{text} is not null and {instant} is null"
    faults = f"select 1 from ({query}) as given where {is_no_time} limit 1"
    if con.execute(faults).fetchone() is None:
        return f"coalesce({instant}, {default})", "TIMESTAMP"
    as_it_is = f"cast(coalesce({instant}, {default}) as varchar)"
    return (
        f"case when {is_no_time} then {as_text(source, given or '')} else {as_it_is} end",
        "VARCHAR",
    )
