"""Bring files into the raw tables: all or nothing, and never the same content twice."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from lifecycle.errors import UserError
from lifecycle.files import data_files, literal, quote, sentence
from lifecycle.incoming import INPUTS, NOTHING, Batch, Known, bring, discard, reserved
from lifecycle.mapping import mapping_variables
from lifecycle.strike import keep_out
from lifecycle.tables import as_text, fit_columns, open_database, table_columns, transaction

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
SETS = """
create table if not exists raw._load_sets (
    table_name varchar, source_file varchar, input_hash varchar, digest varchar
)
"""


class Change(NamedTuple):
    """What a batch changed in its raw table: rows added, and earlier rows taken back."""

    batch: Batch
    added: int
    removed: int
    is_mended: bool  # the rows taken back are of an earlier wording of the same SELECT
    seconds: float


def load(
    paths: Path | Sequence[Path],
    database: Path,
    project: Path,
    mapping: Path | None = None,
    loaded_at: datetime | None = None,
    say: Say = print,
    with_report: bool = False,
) -> dict[str, int]:
    """Load the files at `paths` into the schema `raw` of the DuckDB file `database`.

    They are read into the loading area first (`lifecycle.incoming.bring` says how); when all are
    there they are moved in one transaction. `with_report` says at the end what the contract finds.
    Returns {raw table: rows added}. Raises UserError for anything the user can mend; then nothing
    was loaded, and what was read waits in the loading area for the next try.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    variables = mapping_variables(mapping, project) if mapping else {}
    with reserved(database) as area:
        known = what_is_known(database)
        batches = bring(paths, area, project, mapping, loaded_at, say, known)
        changes = move(batches, area, database, project, variables, say)
        if with_report and changes:
            from lifecycle.load_report import report

            names = {file.name for file in data_files(paths)}
            report(changes, area, database, project, variables, names, say)
        discard(area)
    added: dict[str, int] = {}
    for change in changes:
        added[change.batch.table] = added.get(change.batch.table, 0) + change.added
    return added


def what_is_known(database: Path) -> Known:
    """What was loaded into the database before."""
    if not database.exists():
        return NOTHING
    with open_database(database, read_only=True) as con:

        def rows(table: str, columns: str) -> list[tuple]:
            there = table_columns(con, table)
            return con.execute(f"select {columns} from raw.{table}").fetchall() if there else []

        loads = rows("loads", "table_name, content_hash, loaded_at")
        inputs = rows("_load_inputs", "path, stamp, digest")
        sets: dict[tuple[str, str], dict[str, set[str]]] = {}
        for table, file, input_hash, digest in rows(
            "_load_sets", "table_name, source_file, input_hash, digest"
        ):
            sets.setdefault((table, file), {}).setdefault(input_hash, set()).add(digest)
    return Known(
        {(table, content): at for table, content, at in loads},
        {path: (stamp, digest) for path, stamp, digest in inputs},
        sets,
    )


def move(
    batches: Sequence[Batch],
    area: Path,
    database: Path,
    project: Path,
    variables: dict[str, Any],
    say: Say,
) -> list[Change]:
    """Move batches from the loading area into the database, in one transaction.

    Persons who were erased stay out. Raises UserError when the database is in use; the loading
    area then waits.
    """
    is_new = not database.exists()
    done = False
    try:
        con = open_database(database)
    except UserError as error:
        kept = f" What was read is kept in {area.name}: the next load is quick." if batches else ""
        raise UserError(f"{error}{kept}") from None
    try:
        con.execute(f"attach {literal(area)} as incoming")
        with transaction(con):
            keep_out(con, project, "incoming.raw", say)
        with transaction(con):
            con.execute("create schema if not exists raw")
            for statement in (LOADS, SETS, INPUTS.format("_load_inputs")):
                con.execute(statement)
            changes = [_add(con, batch) for batch in batches]
            con.execute("insert or replace into raw._load_inputs from incoming.raw._inputs")
            if variables:
                _store_settings(con, variables)
        done = True
    except duckdb.Error as error:
        raise UserError(sentence(error, database.name)) from None
    finally:
        con.close()
        if is_new and not done:
            database.unlink(missing_ok=True)
    _say_changes(changes, say)
    return changes


def _store_settings(con: duckdb.DuckDBPyConnection, variables: dict[str, Any]) -> None:
    """Keep the dbt variables of a mapping for later builds."""
    con.execute(SETTINGS)
    for name, value in variables.items():
        text = yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
        con.execute("insert or replace into raw._settings values (?, ?)", [name, text])


def _say_changes(changes: Sequence[Change], say: Say) -> None:
    """A sentence per batch, or per table when it has many."""
    tables: dict[str, list[Change]] = {}
    for change in changes:
        tables.setdefault(change.batch.table, []).append(change)
    for table, own in tables.items():
        if len(own) > 3:
            say(f"{table}: {sum(c.added for c in own):,} rows from {len(own):,} files.")
            continue
        for change in own:
            removed = ""
            if change.removed:
                why = (
                    "that an earlier version of it made"
                    if change.is_mended
                    else "that it made of fewer files"
                )
                removed = f", in place of {change.removed:,} rows {why}"
            say(f"{table}: {change.added:,} rows from {change.batch.source_file}{removed}.")


def _add(con: duckdb.DuckDBPyConnection, batch: Batch) -> Change:
    """Add a batch to its raw table and to `raw.loads`.

    Of what the same SELECT made of the same files before, in another wording, nothing stays. Of
    what it made of some of the files, the rows stay that it makes again; only others are added.
    """
    began = time.monotonic()
    given = table_columns(con, batch.table, "incoming")
    final = fit_columns(con, batch.table, given)
    columns = {
        name: (
            "null"
            if name not in given
            else quote(name)
            if given[name] == type_
            else as_text(quote(name), given[name])
        )
        for name, type_ in final.items()
    }
    mended = _remove_mended(con, batch)
    smaller = _made_of_fewer_files(con, batch)
    if smaller:
        added, removed = _add_difference(con, batch, columns, smaller)
    else:
        select = ", ".join(f"{source} as {quote(name)}" for name, source in columns.items())
        added, removed = (
            con.execute(
                f"insert into raw.{quote(batch.table)} by name select {select}"
                f" from incoming.raw.{quote(batch.table)} where _load_id = {literal(batch.load_id)}"
            ).fetchone()[0],
            0,
        )
    con.execute(
        "insert into raw.loads values (?, ?, ?, ?, ?, ?, ?)",
        [
            batch.load_id,
            batch.table,
            batch.source_file,
            batch.content_hash,
            added,
            batch.loaded_at,
            batch.input_hash,
        ],
    )
    _note_files(con, batch)
    seconds = time.monotonic() - began
    return Change(batch, added, removed + mended, mended > 0, seconds)


def _remove_mended(con: duckdb.DuckDBPyConnection, batch: Batch) -> int:
    """Take back what an earlier wording of the same SELECT made of the same files; how many."""
    earlier = con.execute(
        "delete from raw.loads where table_name = ? and source_file = ? and input_hash = ?"
        " and content_hash <> ? returning load_id",
        [batch.table, batch.source_file, batch.input_hash, batch.content_hash],
    ).fetchall()
    if not earlier:
        return 0
    return con.execute(
        f"delete from raw.{quote(batch.table)} where _load_id in ({_list(earlier)})"
    ).fetchone()[0]


def _list(rows: Sequence[tuple[str]]) -> str:
    """The first column of rows as a list of literals."""
    return ", ".join(literal(row[0]) for row in rows)


def _made_of_fewer_files(con: duckdb.DuckDBPyConnection, batch: Batch) -> list[tuple[str]]:
    """The loads in which the same SELECT was made of some of the files: [(load id,)]."""
    return con.execute(
        """
        select load_id from raw.loads
        where
            table_name = $table and source_file = $file and input_hash <> $all_files
            and input_hash in (
                select sets.input_hash
                from raw._load_sets as sets
                left join incoming.raw._input_sets as present
                    on sets.digest = present.digest and present.input_hash = $all_files
                where sets.table_name = $table and sets.source_file = $file
                group by sets.input_hash
                having count(*) = count(present.digest)
            )
        order by load_id
        """,
        {"table": batch.table, "file": batch.source_file, "all_files": batch.input_hash},
    ).fetchall()


def _add_difference(
    con: duckdb.DuckDBPyConnection,
    batch: Batch,
    columns: dict[str, str],
    smaller: list[tuple[str]],
) -> tuple[int, int]:
    """Turn the rows of earlier loads into those of the batch; returns rows added and removed.

    Rows are compared as a multiset in all columns but `_load_id`, and `_loaded_at` where it came
    from the load and not with the row.
    """
    table = f"raw.{quote(batch.table)}"
    compared = [
        name
        for name in columns
        if name != "_load_id" and (name != "_loaded_at" or batch.has_own_time)
    ]
    names = ", ".join(quote(name) for name in compared)
    # Names with a blank are free: no raw column has one but behind x_ or _.
    con.execute(
        f"""
        create or replace temp table changed as
        with
        both_sides as (
            select {names}, 1 as "is new" from (
                select {", ".join(f"{columns[name]} as {quote(name)}" for name in compared)}
                from incoming.{table} where _load_id = {literal(batch.load_id)}
            )
            union all
            select {names}, -1 from {table} where _load_id in ({_list(smaller)})
        ),
        counted as (
            select {names}, sum("is new") as "more copies" from both_sides group by all
        )
        select *, row_number() over () as "row number" from counted where "more copies" <> 0
        """
    )
    same = " and ".join(f"old.{quote(n)} is not distinct from changed.{quote(n)}" for n in compared)
    removed = con.execute(
        f"""
        delete from {table} where rowid in (
            select "id" from (
                select
                    old.rowid as "id",
                    changed."more copies" as surplus,
                    row_number() over (partition by changed."row number" order by old.rowid) as nth
                from {table} as old
                inner join changed on {same}
                where old._load_id in ({_list(smaller)}) and changed."more copies" < 0
            )
            where nth <= -surplus
        )
        """
    ).fetchone()[0]
    time = "" if batch.has_own_time else f", {_instant(con, batch)} as _loaded_at"
    added = con.execute(
        f"""
        insert into {table} by name
        select {names}, {literal(batch.load_id)} as _load_id{time} from (
            select {names}, unnest(range(cast("more copies" as bigint))) as "copy"
            from changed where "more copies" > 0
        )
        """
    ).fetchone()[0]
    con.execute("drop table changed")
    con.execute(
        f"""
        update raw.loads set
            input_hash = ?,
            row_count = (
                select count(*) from {table} as own where own._load_id = loads.load_id
            )
        where table_name = ? and load_id in ({_list(smaller)})
        """,
        [batch.input_hash, batch.table],
    )
    return added, removed


def _instant(con: duckdb.DuckDBPyConnection, batch: Batch) -> str:
    """The time of a batch as SQL, in the type that the raw table has for it."""
    text = f"timestamp '{batch.loaded_at:%Y-%m-%d %H:%M:%S.%f}'"
    return f"cast({text} as {table_columns(con, batch.table)['_loaded_at']})"


def _note_files(con: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Note of which files a SELECT's rows are made; what it was made of before is part of them."""
    key = [batch.table, batch.source_file]
    con.execute(
        """
        delete from raw._load_sets as sets
        where table_name = $table and source_file = $file and not exists (
            select 1 from raw.loads
            where
                loads.table_name = $table and loads.source_file = $file
                and loads.input_hash = sets.input_hash and loads.input_hash <> $all_files
        )
        """,
        {"table": batch.table, "file": batch.source_file, "all_files": batch.input_hash},
    )
    con.execute(
        "insert into raw._load_sets select ?, ?, input_hash, digest"
        " from incoming.raw._input_sets where input_hash = ?",
        [*key, batch.input_hash],
    )
