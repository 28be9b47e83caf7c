"""Bring files into the raw tables: all or nothing, and never the same content twice."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import yaml

from lifecycle.contract import (
    Table,
    kept_columns,
    nearest,
    read_contract,
    table_of,
)
from lifecycle.errors import UserError
from lifecycle.files import content_hash, data_files, literal, quote, read_sql, sentence

Say = Callable[[str], None]

LOADS = """
create table if not exists raw.loads (
    load_id varchar,
    table_name varchar,
    source_file varchar,
    content_hash varchar,
    row_count bigint,
    loaded_at timestamp,
    input_hash varchar
)
"""
SETTINGS = "create table if not exists raw._settings (name varchar primary key, value varchar)"


class Batch(NamedTuple):
    """Rows for one raw table: a query, where it comes from, and what identifies its content."""

    table: Table
    query: str
    where: str  # for sentences, and `source_file` of the load
    source_file: str  # `_source_file` of the rows
    content_hash: str  # of everything that decides the rows
    input_hash: str  # of the data files alone


def load(
    path: Path,
    database: Path,
    project: Path,
    mapping: Path | None = None,
    loaded_at: datetime | None = None,
    say: Say = print,
) -> dict[str, int]:
    """Load the files at `path` into the schema `raw` of the DuckDB file `database`.

    Without a mapping each file is named after its raw table; with one, a folder of
    `<raw_table>.sql`, each SELECT reads views named after the files. `loaded_at` (UTC, now by
    default) is the time of rows that bring no `_loaded_at`; one that is no time is kept as the
    text it is, the column then is text, and a build takes it for missing. Returns {raw table:
    rows added}. Raises UserError for anything the user can mend; then nothing was loaded.
    """
    contract = read_contract(project)
    instant = loaded_at or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    files = data_files(path)
    with transaction(database) as con:
        con.execute("create schema if not exists raw")
        con.execute(LOADS)
        if mapping is None:
            batches = file_batches(files, contract, say)
        else:
            batches = mapping_batches(con, path, files, mapping, contract)
            store_settings(con, mapping, project)
        added: dict[str, int] = {}
        for batch in batches:
            rows = insert(con, batch, instant, say)
            added[batch.table.name] = added.get(batch.table.name, 0) + rows
    return added


@contextmanager
def transaction(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose work is kept whole or not at all; a new database file likewise."""
    is_new = not database.exists()
    con = open_database(database)
    done = False
    try:
        con.execute("begin")
        yield con
        con.execute("commit")
        done = True
    finally:
        if not done:
            con.execute("rollback")
        con.close()
        if is_new and not done:
            database.unlink(missing_ok=True)


def open_database(database: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open the DuckDB file in UTC. Raises UserError when it is in use or is no DuckDB file."""
    try:
        con = duckdb.connect(str(database), read_only=read_only)
    except duckdb.Error as error:
        text = str(error)
        if "lock" in text:
            who = re.search(r"PID \d+", text)
            raise UserError(
                f"The database {database} is open in another program"
                f"{f' ({who[0]})' if who else ''}. Close it there and try again."
            ) from None
        raise UserError(
            f"The database {database} cannot be opened: {text.splitlines()[0]}"
        ) from None
    con.execute("set TimeZone = 'UTC'")
    return con


def file_batches(files: list[Path], contract: dict[str, Table], say: Say) -> list[Batch]:
    """One batch per file that is named after a raw table; others are named in a sentence."""
    found = [(file, table_of(file, contract)) for file in files]
    strangers = [file.name for file, table in found if table is None]
    if len(strangers) == len(files):
        raise UserError(_no_table(strangers, contract))
    if strangers:
        say(f"Left out, not named after a raw table: {', '.join(strangers)}.")
    return [_file_batch(file, contract[table]) for file, table in found if table]


def _file_batch(file: Path, table: Table) -> Batch:
    """The whole file as rows of the table."""
    digest = content_hash(file)
    return Batch(table, f"select * from {read_sql(file)}", file.name, file.name, digest, digest)


def _no_table(names: list[str], contract: dict[str, Table]) -> str:
    """The sentence about files of which none is named after a raw table."""
    hints = {name: nearest(name.split(".")[0], contract) for name in names}
    shown = ", ".join(
        f"{name} (did you mean {hint}?)" if hint else name for name, hint in list(hints.items())[:5]
    )
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (
        f"No file is named after a raw table: {shown}{more}. Name files as the contract does "
        f"({', '.join(contract)}), or give a folder of SELECTs with --mapping."
    )


def mapping_batches(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    files: list[Path],
    mapping: Path,
    contract: dict[str, Table],
) -> list[Batch]:
    """One batch per `<raw_table>.sql` of the mapping, over temporary views of the files."""
    queries = read_mapping(mapping, contract)
    views = create_views(con, path, files)
    digest = content_hash(*files)
    batches = []
    for file, sql in queries.items():
        where = f"{mapping.resolve().name}/{file.name}"
        batches.append(
            Batch(
                table=contract[file.stem],
                query=query_view(con, file.stem, sql, views, where),
                where=where,
                source_file=path.resolve().name,
                content_hash=content_hash(digest, sql),
                input_hash=digest,
            )
        )
    return batches


def read_mapping(mapping: Path, contract: dict[str, Table]) -> dict[Path, str]:
    """The SQL files of a mapping with their text. Raises UserError for an unknown table."""
    if not mapping.is_dir():
        raise UserError(f"The mapping {mapping} is not a folder of <raw_table>.sql files.")
    files = sorted(mapping.glob("*.sql"))
    if not files:
        raise UserError(f"The mapping {mapping} holds no <raw_table>.sql file.")
    for file in files:
        if file.stem not in contract:
            close = nearest(file.stem, contract)
            hint = f"Did you mean {close}.sql?" if close else f"There are: {', '.join(contract)}."
            raise UserError(f"{file.name}: the contract has no table {file.stem}. {hint}")
    return {file: file.read_text("utf-8") for file in files}


def query_view(
    con: duckdb.DuckDBPyConnection, table: str, sql: str, views: list[str], where: str
) -> str:
    """The one SELECT of a mapping file as a temporary view; returns a query on it.

    Raises UserError when it is no SELECT, or reads a table that is none of the `views`.
    """
    view = f"temp.{quote(f'mapping of {table}')}"
    try:
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UserError(f"{where}: a mapping file holds exactly one SELECT and nothing else.")
        con.execute(f"create temp view {quote(f'mapping of {table}')} as {sql}")
    except duckdb.Error as error:
        missing = re.search(r"Table with name (\S+) does not exist", str(error))
        if not missing:
            raise UserError(sentence(error, where)) from None
        hint = " It reads one file: give its path, not a folder's." if missing[1] == "input" else ""
        raise UserError(
            f"{where} reads {missing[1]}, which is not there.{hint} "
            f"The files make these views: {', '.join(views)}."
        ) from None
    return f"select * from {view}"


def create_views(con: duckdb.DuckDBPyConnection, path: Path, files: list[Path]) -> list[str]:
    """A temporary view per file, named by its stem, and `input` when the path is one file.

    Returns the names of the views.
    """
    names: dict[str, Path] = {}
    for file in files:
        name = re.sub(r"[^0-9a-z]", "_", file.stem.lower())
        if name in names:
            raise UserError(
                f"{names[name].name} and {file.name} would both be the view {name}. Rename one."
            )
        names[name] = file
    if path.is_file():
        names["input"] = path
    for name, file in names.items():
        source = read_sql(file)
        try:
            columns = [row[0].lower() for row in con.execute(f"describe from {source}").fetchall()]
            extra = "" if "_source_file" in columns else f", {literal(file.name)} as _source_file"
            con.execute(f"create temp view {quote(name)} as select *{extra} from {source}")
        except duckdb.Error as error:
            raise UserError(sentence(error, file.name)) from None
    return list(names)


def store_settings(con: duckdb.DuckDBPyConnection, mapping: Path, project: Path) -> None:
    """Keep the dbt variables of the mapping's `vars.yml` for later builds."""
    file = mapping / "vars.yml"
    if not file.is_file():
        return
    try:
        values = yaml.safe_load(file.read_text("utf-8")) or {}
        known = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8")).get("vars", {})
    except yaml.YAMLError as error:
        raise UserError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UserError(f"{file.name}: write one `name: value` per line.")
    con.execute(SETTINGS)
    for name, value in values.items():
        if name not in known:
            close = nearest(str(name), known)
            hint = f"Did you mean {close}?" if close else f"There are: {', '.join(known)}."
            raise UserError(f"{file.name}: the project has no variable {name}. {hint}")
        text = yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
        con.execute("insert or replace into raw._settings values (?, ?)", [name, text])


def insert(con: duckdb.DuckDBPyConnection, batch: Batch, loaded_at: datetime, say: Say) -> int:
    """Add a batch to its raw table and to `raw.loads`; returns the rows added."""
    table = batch.table.name
    earlier = con.execute(
        "select loaded_at from raw.loads where table_name = ? and content_hash = ?",
        [table, batch.content_hash],
    ).fetchone()
    if earlier:
        say(f"{table}: {batch.where} was loaded at {earlier[0]} already, with the same content.")
        return 0
    try:
        given = con.execute(f"describe {batch.query}").fetchall()
        kept, notes = kept_columns(batch.table, [row[0] for row in given], batch.where)
        replaced = remove_replaced(con, batch)
        types = {kept[row[0]]: row[1] for row in given if row[0] in kept}
        sources = {name: quote(column) for column, name in kept.items()}
        select = select_list(con, batch, types, sources, loaded_at)
        rows = con.execute(
            f"insert into raw.{quote(table)} by name select {select} from ({batch.query}) as given"
        ).fetchone()[0]
    except duckdb.Error as error:
        raise UserError(sentence(error, batch.where)) from None
    con.execute(
        "insert into raw.loads values (?, ?, ?, ?, ?, ?, ?)",
        [
            batch.content_hash[:16],
            table,
            batch.where,
            batch.content_hash,
            rows,
            loaded_at,
            batch.input_hash,
        ],
    )
    say(f"{table}: {rows:,} rows from {batch.where}{replaced}.")
    for note in notes:
        say(note)
    return rows


def remove_replaced(con: duckdb.DuckDBPyConnection, batch: Batch) -> str:
    """Take back what an earlier wording of the same mapping file made of the same data files."""
    earlier = con.execute(
        "select load_id, row_count from raw.loads"
        " where table_name = ? and source_file = ? and input_hash = ? and content_hash <> ?",
        [batch.table.name, batch.where, batch.input_hash, batch.content_hash],
    ).fetchall()
    for load_id, _ in earlier:
        con.execute(f"delete from raw.{quote(batch.table.name)} where _load_id = ?", [load_id])
        con.execute(
            "delete from raw.loads where table_name = ? and load_id = ?",
            [batch.table.name, load_id],
        )
    total = sum(rows for _, rows in earlier)
    return f", in place of {total:,} rows that an earlier version of it made" if earlier else ""


def select_list(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    types: dict[str, str],
    sources: dict[str, str],
    loaded_at: datetime,
) -> str:
    """Make room in the raw table for the columns, and return the list that fills them."""
    instant, instant_type = loaded_at_column(
        con, batch, sources.get("_loaded_at"), types.get("_loaded_at"), loaded_at
    )
    sources = sources | {
        "_loaded_at": instant,
        "_source_file": (
            f"coalesce(cast({sources.get('_source_file', 'null')} as varchar), "
            f"{literal(batch.source_file)})"
        ),
        "_load_id": literal(batch.content_hash[:16]),
    }
    types = types | {"_loaded_at": instant_type, "_source_file": "VARCHAR", "_load_id": "VARCHAR"}
    final = fit_columns(con, batch.table.name, types)
    return ", ".join(
        f"{source if final[name] == types[name] else _as_text(source, types[name])}"
        f" as {quote(name)}"
        for name, source in sources.items()
    )


def loaded_at_column(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
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
    text = f"nullif(trim({_as_text(source, given or '')}), '')"
    instant = f"try_cast({text} as timestamptz) at time zone 'UTC'"
    is_no_time = f"{text} is not null and {instant} is null"
    faults = f"select 1 from ({batch.query}) as given where {is_no_time} limit 1"
    if con.execute(faults).fetchone() is None:
        return f"coalesce({instant}, {default})", "TIMESTAMP"
    as_text = f"cast(coalesce({instant}, {default}) as varchar)"
    return (
        f"case when {is_no_time} then {_as_text(source, given or '')} else {as_text} end",
        "VARCHAR",
    )


def fit_columns(
    con: duckdb.DuckDBPyConnection, table: str, types: dict[str, str]
) -> dict[str, str]:
    """Make the raw table hold these columns: new ones are added, another type widens to text.

    Returns the type of each column as it is then.
    """
    present = table_columns(con, table)
    target = f"raw.{quote(table)}"
    if not present:
        columns = ", ".join(f"{quote(name)} {type_}" for name, type_ in types.items())
        con.execute(f"create table {target} ({columns})")
        return types
    for name, type_ in types.items():
        if name not in present:
            con.execute(f"alter table {target} add column {quote(name)} {type_}")
            present[name] = type_
        elif present[name] not in (type_, "VARCHAR"):
            con.execute(
                f"alter table {target} alter column {quote(name)} set data type varchar"
                f" using {_as_text(quote(name), present[name])}"
            )
            present[name] = "VARCHAR"
    return present


def table_columns(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of a raw table with their types, {} when there is no such table."""
    rows = con.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = current_database() and schema_name = 'raw' and table_name = ?"
        " order by column_index",
        [table],
    ).fetchall()
    return dict(rows)


def _as_text(source: str, type_: str) -> str:
    """A value as text; a nested one as JSON."""
    is_nested = type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION"))
    return f"cast({f'to_json({source})' if is_nested else source} as varchar)"
