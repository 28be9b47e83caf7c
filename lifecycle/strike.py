"""Take persons out of raw tables in a DuckDB file, as the contract says what goes with them."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from lifecycle.contract import read_landed
from lifecycle.errors import UserError
from lifecycle.files import literal, quote

Query = Callable[[str], list]

TOMBSTONES = """
create table if not exists {}._tombstones (
    id_kind varchar(20), id_hash varchar(64), placeholder_id varchar(1000),
    primary key (id_kind, id_hash)
)
"""
# The ids to take out, in plain, for as long as the connection lives.
ERASED_IDS = """
create or replace temp table erased_ids (
    request_hash varchar, id_kind varchar, id varchar, placeholder_id varchar
)
"""
# An order id may be of several requests; a row is counted once.
UNIQUE_IDS = """
(
    select id_kind, id, min(request_hash) as request_hash, min(placeholder_id) as placeholder_id
    from erased_ids group by id_kind, id
)
"""
OWN_COLUMNS = ("_load_id", "_loaded_at", "_source_file")
# What of a text is an address; punctuation around it is not.
ADDRESS = r"[^\s<>\"'';,:()|\[\]{}]+@[^\s<>\"'';,:()|\[\]{}]*[^\s<>\"'';,:()|\[\]{}.]"


class Rule(NamedTuple):
    """A column of a raw table that names a person, and what goes with the person.

    macros/landing/erasure.sql says what the words mean.
    """

    column: str
    id_kind: str
    what: str


class Rules(NamedTuple):
    """The columns of a raw table that name persons, those that are personal, and its key."""

    rules: tuple[Rule, ...]
    personal: frozenset[str]
    key: frozenset[str]


class Struck(NamedTuple):
    """How many rows of a raw table went for a request, and how many were emptied."""

    request_hash: str
    table: str
    deleted: int
    emptied: int


def read_rules(project: Path) -> dict[str, Rules]:
    """What goes with a person, by raw table; tables that name nobody have no rules."""
    return {
        name: Rules(
            tuple(
                Rule(column.name, id_kind, what)
                for column in landed.columns
                for id_kind, what in column.meta.get("erase", {}).items()
            ),
            frozenset(c.name for c in landed.columns if c.meta.get("is_personal")),
            frozenset(landed.meta.get("key", ())),
        )
        for name, landed in read_landed(project).items()
    }


def trimmed(source: str) -> str:
    """A value as landing reads a text: without blanks around it, NULL when nothing is left."""
    blanks = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
    return f"nullif(trim(both {blanks} from cast({source} as varchar)), '')"


def salted(id_kind: str) -> str:
    """What is put in front of an id before it is hashed, as in the macro tombstone_hash."""
    return f"{os.environ.get('LIFECYCLE_PII_SALT', 'lifecycle')}{id_kind}:"


def tombstone_of(id_kind: str, text: str) -> str:
    """The tombstone of an id, as the macro tombstone_hash makes it."""
    import hashlib

    return hashlib.sha256(f"{salted(id_kind)}{text}".encode()).hexdigest()


def check_tombstones(run: Query, raw: str) -> None:
    """Raise UserError when the tombstones were made with another salt: none would be recognised."""
    rows = run(f"select id_hash from {raw}._tombstones where id_kind = 'salt'")
    if rows and rows[0][0] != tombstone_of("salt", ""):
        raise UserError(
            "LIFECYCLE_PII_SALT is another than when persons were erased, so that they would not "
            "be recognised when their rows come again. Set it to what it was then."
        )


def strike(
    con: duckdb.DuckDBPyConnection, rules: dict[str, Rules], raw: str = "raw"
) -> list[Struck]:
    """Take the persons of the temporary table erased_ids out of the raw tables of a schema."""
    struck = []
    for table in sorted(rules):
        columns = columns_of(con, raw, table)
        own = applying(rules[table], columns)
        if own:
            struck += _strike_table(con, f"{raw}.{quote(table)}", table, columns, own, rules[table])
    return struck


def applying(rules: Rules, columns: list[str]) -> list[Rule]:
    """The rules that have something to do in a table with these columns."""
    has_own = any(name in rules.personal or name.startswith("x_") for name in columns)
    return [r for r in rules.rules if r.column in columns and (r.what != "part" or has_own)]


def add_orders(run: Query, raw: str) -> None:
    """Add the orders of the persons to erased_ids: what is written on their parts goes too."""
    run(
        "insert into erased_ids"
        f" select erased_ids.request_hash, 'order', {trimmed('orders.order_id')}, null"
        f" from {raw}.orders inner join erased_ids"
        f" on erased_ids.id_kind = 'customer' and erased_ids.id = {trimmed('orders.customer_id')}"
        f" where {trimmed('orders.order_id')} is not null"
        f" group by erased_ids.request_hash, {trimmed('orders.order_id')}"
    )


def _strike_table(
    con: duckdb.DuckDBPyConnection,
    target: str,
    table: str,
    columns: list[str],
    own: list[Rule],
    rules: Rules,
) -> list[Struck]:
    """Take the persons out of one raw table."""
    named = named_query(target, own, columns, "every_row.rowid")
    con.execute(f"create or replace temp table struck as {named}")
    changes = [
        f"{quote(name)} = case {' '.join(cases)} else target.{quote(name)} end"
        for name in columns
        if (cases := _cases(name, own, rules.personal))
    ]
    if changes:
        con.execute(
            f"update {target} as target set {', '.join(changes)} from struck"
            " where target.rowid = struck.row_id and not struck.goes"
        )
    con.execute(f"delete from {target} where rowid in (select row_id from struck where goes)")
    counts = con.execute(count_query("struck")).fetchall()
    con.execute("drop table struck")
    return [Struck(request, table, deleted, emptied) for request, deleted, emptied in counts]


def named_query(target: str, own: list[Rule], columns: list[str], row_id: str = "1") -> str:
    """The rows of a raw table that name somebody of erased_ids: which request it is, whether the
    row goes, and per rule whether it is hit, with the placeholder.
    """
    joins = " ".join(
        f"left join {UNIQUE_IDS} as e{i} on e{i}.id_kind = {literal(rule.id_kind)}"
        f" and e{i}.id = {trimmed(f'every_row.{quote(rule.column)}')}"
        for i, rule in enumerate(own)
    )
    hits = ", ".join(
        f"e{i}.id is not null as hit_{i}, e{i}.placeholder_id as placeholder_{i}"
        for i in range(len(own))
    )
    request = ", ".join(f"e{i}.request_hash" for i in range(len(own)))
    return (
        f"select {row_id} as row_id, coalesce({request}) as request_hash,"
        f" ({_goes(own, columns)}) as goes, {hits} from {target} as every_row {joins}"
        f" where {' or '.join(f'e{i}.id is not null' for i in range(len(own)))}"
    )


def count_query(named: str) -> str:
    """Per request how many rows go and how many are emptied, from rows as in `named_query`."""
    return (
        "select request_hash, count(*) filter (where goes), count(*) filter (where not goes)"
        f" from {named} group by request_hash order by request_hash"
    )


def _goes(own: list[Rule], columns: Iterable[str]) -> str:
    """Whether a row goes, as SQL over the joined erased_ids."""
    stays_known = f"{trimmed('every_row.customer_id')} is not null"
    goes = []
    for i, rule in enumerate(own):
        hit = f"e{i}.id is not null"
        if rule.what == "row":
            goes.append(hit)
        elif rule.what == "contact":
            goes.append(f"({hit} and e{i}.placeholder_id is null)")
        elif rule.what == "unless_customer":
            goes.append(f"({hit} and not {stays_known})" if "customer_id" in columns else hit)
    return " or ".join(goes) or "false"


def _cases(name: str, own: list[Rule], personal: frozenset[str]) -> list[str]:
    """When a cell of a row that stays changes, and to what; empty when it never does."""
    cases = []
    for i, rule in enumerate(own):
        if rule.what == "contact" and name not in OWN_COLUMNS:
            kept = {
                rule.column: f"placeholder_{i}",
                "account_id": f"substr(placeholder_{i}, 8)",
                "customer_type": "'b2b'",
            }
            cases.append(f"when hit_{i} then {kept.get(name, 'null')}")
        elif rule.what == "guest" and name == rule.column:
            cases.append(f"when hit_{i} then placeholder_{i}")
        elif (rule.what in ("guest", "part") and (name in personal or name.startswith("x_"))) or (
            rule.what in ("mention", "unless_customer") and name == rule.column
        ):
            cases.append(f"when hit_{i} then null")
    return cases


def addresses_of(source: str) -> str:
    """The e-mail addresses in a text, in lower case, as a DuckDB list."""
    return f"regexp_extract_all(lower(cast({source} as varchar)), {literal(ADDRESS)})"


def strike_addresses(
    con: duckdb.DuckDBPyConnection, rules: dict[str, Rules], raw: str, hashes: str
) -> int:
    """Mask the cells that hold an erased person's address where it does not belong; how many rows.

    They become `***`, so that what was wrong with the row stays wrong; ids become empty. `hashes`
    is a query with the tombstones of the addresses. A customer who stays keeps the own address,
    also when it is the same.
    """
    total = 0
    con.execute(f"create or replace temp table erased_addresses as {hashes}")
    for table in sorted(rules):
        columns = [
            name
            for name in columns_of(con, raw, table, "VARCHAR")
            if (table, name) != ("customers", "email") and name not in OWN_COLUMNS
        ]
        if not columns:
            continue
        target, at = f"{raw}.{quote(table)}", literal("@")
        con.execute(
            f"create or replace temp table suspects as select rowid as row_id from {target}"
            f" where {' or '.join(f'contains({quote(name)}, {at})' for name in columns)}"
        )
        flags = ", ".join(
            f"list_has_any(list_transform({addresses_of(f'target.{quote(name)}')},"
            f" lambda address: sha256({literal(salted('email'))} || address)),"
            f" (select list(id_hash) from erased_addresses)) as hit_{i}"
            for i, name in enumerate(columns)
        )
        con.execute(
            f"create or replace temp table struck as select row_id, {flags} from {target} as target"
            " inner join suspects on target.rowid = suspects.row_id"
        )
        any_hit = " or ".join(f"hit_{i}" for i in range(len(columns)))
        con.execute(f"delete from struck where not coalesce({any_hit}, false)")
        ids = rules[table].key | {rule.column for rule in rules[table].rules}
        changes = ", ".join(
            f"{quote(name)} = case when hit_{i} then {'null' if name in ids else literal('***')}"
            f" else target.{quote(name)} end"
            for i, name in enumerate(columns)
        )
        total += con.execute(
            f"update {target} as target set {changes} from struck"
            " where target.rowid = struck.row_id"
        ).fetchone()[0]
        con.execute("drop table struck")
        con.execute("drop table suspects")
    con.execute("drop table erased_addresses")
    return total


def keep_out(
    con: duckdb.DuckDBPyConnection, project: Path, raw: str, say: Callable[[str], None]
) -> None:
    """Take persons with a tombstone out of what waits to be loaded, in the schema `raw`."""
    if not columns_of(con, "raw", "_tombstones"):
        return
    check_tombstones(lambda query: con.execute(query).fetchall(), "raw")
    rules = read_rules(project)
    con.execute(ERASED_IDS)
    for table, named in rules.items():
        for rule in named.rules:
            if rule.column in columns_of(con, raw, table):
                con.execute(
                    f"""
                    insert into erased_ids
                    select '', {literal(rule.id_kind)}, ids.id, tombstones.placeholder_id
                    from (
                        select distinct {trimmed(quote(rule.column))} as id
                        from {raw}.{quote(table)}
                    ) as ids
                    inner join raw._tombstones as tombstones
                        on tombstones.id_kind = {literal(rule.id_kind)}
                        and tombstones.id_hash
                        = sha256({literal(salted(rule.id_kind))} || ids.id)
                    where not exists (
                        select 1 from erased_ids as earlier
                        where earlier.id_kind = {literal(rule.id_kind)} and earlier.id = ids.id
                    )
                    """
                )
    if {"order_id", "customer_id"} <= set(columns_of(con, raw, "orders")):
        add_orders(lambda query: con.execute(query).fetchall(), raw)
    struck = strike(con, rules, raw)
    hashes = "select id_hash from raw._tombstones where id_kind = 'email'"
    emptied = strike_addresses(con, rules, raw, hashes)
    con.execute("drop table erased_ids")
    parts = [
        text
        for s in struck
        for text in (
            f"{s.table}: {s.deleted:,} left out" if s.deleted else "",
            f"{s.table}: {s.emptied:,} without the person" if s.emptied else "",
        )
        if text
    ]
    parts += [f"{emptied:,} rows without an address"] if emptied else []
    if parts:
        say(f"Rows of persons who were erased: {', '.join(parts)}.")


def columns_of(
    con: duckdb.DuckDBPyConnection, raw: str, table: str, type_: str | None = None
) -> list[str]:
    """The columns of a raw table, of one type if given; `raw` may be an attached file's."""
    database, _, schema = raw.rpartition(".")
    rows = con.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ?"
        " and database_name = coalesce(?, current_database())"
        " and data_type = coalesce(?, data_type)"
        " order by column_index",
        [schema, table, database or None, type_],
    ).fetchall()
    return [row[0] for row in rows]
