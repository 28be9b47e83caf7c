"""Forget persons who asked for it: from the raw tables before a build, from the files after it.

A crash anywhere is completed by the next build: what is still to be done is in `raw._erasing`,
which holds the ids in plain while the models still do, and the row `files` until no file does.
"""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from lifecycle.build import run_dbt
from lifecycle.connection import changing, duckdb_file
from lifecycle.errors import UserError, without_values
from lifecycle.files import literal, quote
from lifecycle.incoming import discard, reserved
from lifecycle.paths import SCHEMAS
from lifecycle.publish import flush
from lifecycle.strike import (
    TOMBSTONES,
    Query,
    Struck,
    add_orders,
    addresses_of,
    applying,
    check_tombstones,
    columns_of,
    count_query,
    named_query,
    read_rules,
    salted,
    strike,
    strike_addresses,
    tombstone_of,
    trimmed,
)
from lifecycle.tables import open_database, transaction

Say = Callable[[str], None]

ERASING = "create table if not exists {}._erasing (id_kind varchar(20), id varchar(1000))"
ERASURES = """
create table if not exists {}.erasures (
    request_hash varchar(64),
    table_name varchar(100),
    requested_at timestamp,
    erased_at timestamp,
    deleted_rows bigint,
    emptied_rows bigint
)
"""


def begin(
    project: Path,
    target: str | None,
    variables: dict[str, Any],
    say: Say = print,
    erased_at: datetime | None = None,
) -> bool:
    """Carry out the requests that are not done, in the raw tables; whether `finish` is needed.

    `variables` are those of the build that follows. Raises UserError for what the user can mend.
    """
    database = duckdb_file(project, target)
    raw = raw_schema(variables)
    if database is not None and not database.exists():
        return False
    with changing(project, target, database) as run:
        waiting = waiting_requests(run, raw)
        unfinished = bool(_rows(run, raw, "_erasing", "select 1 from {} limit 1"))
    if not waiting:
        return unfinished
    say(f"{len(waiting)} to be forgotten: looking for all their ids")
    own = variables | {
        "use_sample": False,
        "as_of": None,
        "raw_schema": raw,
        "schema_prefix": _own_prefix(variables),
    }
    folder = Path(os.environ.get("DBT_TARGET_PATH", "target")) / "erasing"
    command = ["run", "--target-path", str(folder), "--select", "+int_erased_ids"]
    if not run_dbt(command, project, own, target, say, database, is_quiet=True):
        raise UserError("The ids of those to be forgotten were not found; dbt said why above.")
    if database is None:
        _begin_elsewhere(project, target, variables, erased_at)
    else:
        _begin_in_file(project, database, variables, erased_at)
    with changing(project, target, database) as run:
        left = len(waiting_requests(run, raw))
    if left:
        say(
            f"Warning: {left} of them not carried out: the requests break the contract. "
            "They are in quarantined_rows."
        )
    return left < len(waiting) or unfinished


def raw_schema(variables: dict[str, Any]) -> str:
    """The schema of the raw tables of a build."""
    return variables.get("raw_schema") or f"{variables.get('schema_prefix') or ''}raw"


def is_main(variables: dict[str, Any]) -> bool:
    """Whether a build is the one of its raw tables, and not one in other schemas, as --as-of."""
    return raw_schema(variables) == f"{variables.get('schema_prefix') or ''}raw"


def _own_prefix(variables: dict[str, Any]) -> str:
    """The prefix of the schemas in which the ids are looked for; they go with the transaction."""
    return f"{variables.get('schema_prefix') or ''}erasing_"


def waiting_requests(run: Query, raw: str) -> list[str]:
    """The ids in requests that are not done, each once."""
    query = "select distinct cast(customer_id as varchar) from {} where customer_id is not null"
    asked = {row[0].strip(" \t\n\r\xa0") for row in _rows(run, raw, "erasure_requests", query)}
    done = {
        row[0] for row in _rows(run, raw, "_tombstones", "select id_hash from {} order by id_hash")
    }
    if done:
        check_tombstones(run, raw)
    return sorted(i for i in asked if i and tombstone_of("customer", i) not in done)


def _rows(run: Query, schema: str, table: str, query: str) -> list:
    """The rows of a query on a table, none when there is no such table."""
    there = run(
        "select 1 from information_schema.tables where table_catalog = current_database()"
        f" and table_schema = {literal(schema)} and table_name = {literal(table)}"
    )
    return run(query.format(f"{quote(schema)}.{table}")) if there else []


def _begin_in_file(
    project: Path, database: Path, variables: dict[str, Any], erased_at: datetime | None
) -> None:
    """Take the persons out of the raw tables of a DuckDB file."""
    raw, rules = raw_schema(variables), read_rules(project)
    with reserved(database) as area, open_database(database) as con, transaction(con):

        def run(statement: str) -> list:
            return con.execute(statement).fetchall()

        requests = _carried_out(run, variables)
        _write_tombstones(run, variables, "sha256({})")
        addresses = _addresses(run, con, raw)
        for address in addresses:
            con.execute(
                f"insert into {raw}._tombstones values ('email', ?, null) on conflict do nothing",
                [tombstone_of("email", address)],
            )
        struck = strike(con, rules, raw)
        if addresses:
            hashes = ", ".join(f"('{tombstone_of('email', a)}')" for a in addresses)
            strike_addresses(con, rules, raw, f"from (values {hashes}) as t (id_hash)")
        _count_loads(con, raw, {s.table for s in struck if s.deleted})
        _strike_snapshot(run, variables)
        _write_proof(run, variables, requests, struck, erased_at)
        discard(area)


def _begin_elsewhere(
    project: Path, target: str | None, variables: dict[str, Any], erased_at: datetime | None
) -> None:
    """Write down whom landing leaves out of tables that are not ours to change."""
    raw = raw_schema(variables)
    with changing(project, target, None) as run:
        requests = _carried_out(run, variables)
        _write_tombstones(run, variables, "encode(sha256(convert_to({}, 'UTF8')), 'hex')")
        struck = []
        for table, rules in read_rules(project).items():
            columns = _columns(run, raw, table)
            own = applying(rules, columns)
            if own:
                counts = count_query(f"({named_query(f'{raw}.{table}', own, columns)}) as named")
                struck += [Struck(request, table, *rows) for request, *rows in run(counts)]
        _strike_snapshot(run, variables)
        _write_proof(run, variables, requests, struck, erased_at)


def _columns(run: Query, raw: str, table: str) -> list[str]:
    """The columns of a raw table on either engine."""
    rows = run(
        "select column_name from information_schema.columns"
        f" where table_catalog = current_database() and table_schema = {literal(raw)}"
        f" and table_name = {literal(table)} order by ordinal_position"
    )
    return [row[0] for row in rows]


def _carried_out(run: Query, variables: dict[str, Any]) -> list[tuple[str, datetime, int]]:
    """The requests that keep the contract: [(request id, requested at, rows that say so)]."""
    return run(
        "select request_id, requested_at, _versions"
        f" from {_own_prefix(variables)}staging.stg_erasure_requests order by request_id"
    )


def _write_tombstones(run: Query, variables: dict[str, Any], hashed: str) -> None:
    """Write the tombstones, and the ids in plain for as long as the models hold them.

    Leaves the ids in the temporary table erased_ids. `hashed` is the engine's sha256 of a text.
    """
    raw = raw_schema(variables)
    for statement in (TOMBSTONES, ERASING):
        run(statement.format(raw))
    run(
        f"insert into {raw}._tombstones values ('salt', '{tombstone_of('salt', '')}', null)"
        " on conflict do nothing"
    )
    request = hashed.format(f"{literal(salted('request'))} || request_id")
    run(
        f"create temp table erased_ids as select {request} as request_hash,"
        " id_kind, erased_id as id, placeholder_id"
        f" from {_own_prefix(variables)}intermediate.int_erased_ids"
    )
    if {"order_id", "customer_id"} <= set(_columns(run, raw, "orders")):
        add_orders(run, raw)
    for id_kind in ("customer", "anonymous", "order"):
        run(
            f"insert into {raw}._tombstones"
            f" select id_kind, {hashed.format(f'{literal(salted(id_kind))} || id')}, placeholder_id"
            f" from erased_ids where id_kind = '{id_kind}' on conflict do nothing"
        )
    run(f"insert into {raw}._erasing select id_kind, id from erased_ids where id_kind <> 'order'")


def _addresses(run: Query, con: Any, raw: str) -> list[str]:
    """The e-mail addresses of the persons in erased_ids, in lower case."""
    if "email" not in columns_of(con, raw, "customers"):
        return []
    rows = run(
        f"select distinct unnest({addresses_of('email')}) as address from {raw}.customers"
        f" inner join erased_ids on id_kind = 'customer' and id = {trimmed('customer_id')}"
        " order by address"
    )
    return [row[0] for row in rows]


def _strike_snapshot(run: Query, variables: dict[str, Any]) -> None:
    """Take the persons in erased_ids out of the snapshot, which no build makes anew."""
    _rows(
        run,
        f"{variables.get('schema_prefix') or ''}snapshots",
        "snap_customers",
        "delete from {} where contact_id in (select id from erased_ids where id_kind = 'customer')",
    )


def _count_loads(con: Any, raw: str, tables: set[str]) -> None:
    """Let `loads` say how many rows of each load are left."""
    for table in sorted(tables):
        if columns_of(con, raw, "loads") and "_load_id" in columns_of(con, raw, table):
            con.execute(
                f"update {raw}.loads set row_count = ("
                f"select count(*) from {raw}.{quote(table)} as own"
                f" where own._load_id = loads.load_id) where table_name = {literal(table)}"
            )


def _write_proof(
    run: Query,
    variables: dict[str, Any],
    requests: list[tuple[str, datetime, int]],
    struck: list[Struck],
    erased_at: datetime | None,
) -> None:
    """A row per request and raw table that says how much went, and nothing about whom.

    The last step: the ids, and the schemas in which they were looked for, go.
    """
    raw, own = raw_schema(variables), _own_prefix(variables)
    run(ERASURES.format(raw))
    at = erased_at or datetime.now(UTC).replace(tzinfo=None)
    asked = {tombstone_of("request", request): when for request, when, _ in requests}
    proof = [s for s in struck if s.table != "erasure_requests"]
    proof += [
        Struck(tombstone_of("request", request), "erasure_requests", rows, 0)
        for request, _, rows in requests
    ]
    for request, table, deleted, emptied in proof:
        run(
            f"insert into {raw}.erasures values ('{request}', {literal(table)},"
            f" timestamp '{asked[request]}', timestamp '{at:%Y-%m-%d %H:%M:%S}',"
            f" {deleted}, {emptied})"
        )
    run("drop table erased_ids")
    for schema in sorted(SCHEMAS - {"raw"}):
        run(f"drop schema if exists {own}{schema} cascade")


# After the build


def finish(
    project: Path,
    target: str | None,
    variables: dict[str, Any],
    say: Say = print,
) -> None:
    """Take the erased persons out of the files, once a whole build has succeeded.

    The database is written anew, because deleted rows stay in a DuckDB file; dbt's logs and target
    and what waited to be loaded go; what was published is published anew.
    """
    database = duckdb_file(project, target)
    raw = raw_schema(variables)
    if database is None:
        with changing(project, target, None) as run:
            clear_exports(run, raw, say)
            run(f"delete from {raw}._erasing")
        clear_dbt_folders(project)
        return
    with open_database(database) as con, transaction(con):
        gone = _drop_other_builds(con, str(variables.get("schema_prefix") or ""))
        con.execute(f"delete from {raw}._erasing")
        con.execute(f"insert into {raw}._erasing values ('files', '')")
    if gone:
        say(f"Earlier builds of the same rows went as well: {', '.join(gone)}.")
    with reserved(database) as area:
        discard(area)
    with changing(project, target, database) as run:
        clear_exports(run, raw, say)
    clear_dbt_folders(project, database)
    rewrite(database)
    publish_anew(project, target, database, str(variables.get("schema_prefix") or ""), say)
    with open_database(database) as con:
        con.execute(f"delete from {raw}._erasing where id_kind = 'files'")
    say("Erased: rows, files and what was published. The proof is in erasures.")


def _drop_other_builds(con: Any, prefix: str) -> list[str]:
    """Drop builds in other schemas that have no raw tables of their own, as those --as-of."""
    schemas = {
        row[0]
        for row in con.execute(
            "select schema_name from duckdb_schemas() where database_name = current_database()"
        ).fetchall()
    }
    layers = SCHEMAS - {"raw", "sample", "rules"}
    gone = sorted(
        schema
        for schema in schemas
        for layer in layers
        if schema.endswith(f"_{layer}")
        and (own := schema.removesuffix(layer)) != prefix
        and f"{own}raw" not in schemas
    )
    for schema in gone:
        con.execute(f"drop schema {quote(schema)} cascade")
    return gone


def clear_exports(run: Query, raw: str, say: Say) -> None:
    """Remove what was exported, wherever it was written to: the next build has new audiences."""
    from lifecycle.export import exported_folders

    for folder in exported_folders(run, raw):
        shutil.rmtree(folder)
        say(f"The exported audience {folder} went as well. Export it again if it is still needed.")


def clear_dbt_folders(project: Path, database: Path | None = None) -> None:
    """Empty dbt's target and log folders, but for a database or a publication that lies there."""
    for name, default in (("DBT_TARGET_PATH", "target"), ("DBT_LOG_PATH", "logs")):
        folder = (project / os.environ.get(name, default)).resolve()
        if folder in (project, *project.parents):
            continue
        for path in sorted(folder.rglob("*"), reverse=True):
            if any(part.endswith("published") for part in path.relative_to(folder).parts):
                continue
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif database is None or not path.name.startswith(database.name):
                path.unlink()


def rewrite(database: Path) -> None:
    """Write the DuckDB file anew, so that nothing of deleted rows is left in it.

    The new file takes the old one's place in one step, when it is whole and on the disk.
    """
    new = database.with_name(f"{database.stem}_rewritten.duckdb")
    discard(new)
    with open_database(database) as con:
        con.execute("checkpoint")
    with open_database(database, read_only=True) as con:  # keeps every writer away
        con.execute("set preserve_insertion_order = false")
        try:
            con.execute(f"attach {literal(new)} as the_copy (read_write)")
            con.execute(f"copy from database {quote(database.stem)} to the_copy")
            con.execute("checkpoint the_copy")
            con.execute("detach the_copy")
        except duckdb.Error as error:
            raise UserError(
                f"{database.name} could not be written anew, and still holds erased rows. Is there "
                "as much free space as it has? Make room and build again. DuckDB says: "
                f"{without_values(str(error)).splitlines()[0]}"
            ) from None
        flush(new)
        new.replace(database)
        flush(database.parent)


def publish_anew(project: Path, target: str | None, database: Path, prefix: str, say: Say) -> None:
    """Replace what is published beside the database; nothing else of it stays."""
    from lifecycle.publish import clear, current_release, exclusive, publish

    for other in sorted(database.parent.glob(f"{prefix}as_of_*_published")):
        shutil.rmtree(other)
    out = database.parent / f"{prefix}published"
    if not out.exists():
        return
    if current_release(out):
        # What must go outranks what differs from the release before.
        publish(project, out, target, prefix, accept=True, keep=1, say=say)
    current = current_release(out)
    with exclusive(out):
        clear(
            out,
            [
                folder
                for shelf in ("releases", "rejected", "reports")
                for folder in sorted((out / shelf).glob("*"))
                if current is None or folder.name != current.name
            ],
        )
