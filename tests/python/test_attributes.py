"""Company columns and attribute history on raw rows: what unit tests cannot reach.

The company's own columns are found in the raw tables, so there have to be some. One dbt build of
two raw tables; each test reads its own story from it.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg2
import pytest
from warehouse import compiled_models, differing_tables, rebuild, run_dbt, write_raw

MODELS = "+dim_customer_attributes +dim_customer_attribute_history +dim_contacts"
VARIABLES = {"use_sample": False, "personal_attributes": ["x_Phone"]}


def customer(customer_id: str, country: str, updated_at: str | None, **given: str) -> dict:
    """A raw customer as text; what is not given is NULL."""
    names = ("account_id", "customer_type", "email", "registered_at", "_loaded_at")
    company = ("x_Tier", "x_Phone", "x_note", "x_eye colour", "x_o'clock")
    columns = {name: given.get(name.replace(" ", "_")) for name in (*names, *company)}
    return {
        "customer_id": customer_id,
        "country": country,
        "updated_at": updated_at,
        **columns,
    }


CUSTOMERS = [
    customer("ADA", "DE", "2024-01-01", x_Tier=" gold ", x_eye_colour="grey", x_Phone="0301"),
    customer("ADA", "FR", "2024-03-01", x_Tier="silver", x_Phone="0302", email="ada@example.com"),
    customer("ADA", "IT", "soon", x_Tier="platinum"),
    # Two rows that differ in nothing but a company column, and two that do in the contract.
    customer("BOB", "DE", "2024-01-01", x_Tier="bronze", _loaded_at="2024-01-02"),
    customer("BOB", "DE", "2024-01-01", x_Tier="silver", _loaded_at="2024-01-02"),
    customer("CLEO", "DE", "2024-01-01", _loaded_at="2024-01-02"),
    customer("CLEO", "FR", "2024-01-01", _loaded_at="2024-01-02"),
    customer("DAN", "DE", None, account_id="B1", customer_type="b2b", x_note="to dan@example.com"),
]
ACCOUNTS = [
    {"account_id": "B1", "account_name": "B", "x_plan": "small", "_loaded_at": "2024-01-01"},
    {"account_id": "B1", "account_name": "B", "x_plan": "large", "_loaded_at": "2024-01-02"},
    {"account_id": "B2", "account_name": "C", "x_plan": "large", "_loaded_at": "2024-01-02"},
]
ORDERS = [{"order_id": "O1", "customer_id": "ADA", "ordered_at": "2024-01-05", "status": "paid"}]


TABLES = {"customers": CUSTOMERS, "accounts": ACCOUNTS, "orders": ORDERS}
MARTS = ("dim_customer_attributes", "dim_customer_attribute_history")


def raw(database: Path, turned: bool = False) -> None:
    """Write the raw rows, `turned` from the last to the first."""
    step = -1 if turned else 1
    with duckdb.connect(str(database)) as con:
        write_raw(con, {table: rows[::step] for table, rows in TABLES.items()})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the attributes, built and tested."""
    database = tmp_path_factory.mktemp("attributes") / "company.duckdb"
    raw(database)
    done = run_dbt(
        f"build --select {MODELS} --exclude-resource-type unit_test --indirect-selection cautious",
        database,
        variables=VARIABLES,
    )
    assert "attribute_history_ends_with_what_is_known" in done.stdout
    return database


@pytest.fixture
def built(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the built attributes."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


def attributes(con: duckdb.DuckDBPyConnection, contact_id: str) -> dict[str, str]:
    """The company's columns of a contact."""
    return dict(
        con.execute(
            "select attribute_name, attribute_value from marts.dim_customer_attributes"
            " where contact_id = ?",
            [contact_id],
        ).fetchall()
    )


def spans(con: duckdb.DuckDBPyConnection, contact_id: str, name: str) -> list[tuple]:
    """Value, first and last day of each span of an attribute."""
    return con.execute(
        "select attribute_value, cast(valid_from as date)::text, cast(valid_to as date)::text"
        " from marts.dim_customer_attribute_history"
        " where contact_id = ? and attribute_name = ? order by span_number",
        [contact_id, name],
    ).fetchall()


def hashed(text: str) -> str:
    """What a build without a salt of its own writes for a personal text."""
    return hashlib.sha256(f"lifecycle{text}".encode()).hexdigest()


def test_the_latest_good_version_says_what_the_columns_hold(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert attributes(built, "ADA") == {"x_tier": "silver", "x_phone": hashed("0302")}


def test_an_address_in_a_company_column_is_masked(built: duckdb.DuckDBPyConnection) -> None:
    assert attributes(built, "DAN") == {"x_note": "***"}


def test_columns_of_an_account_are_its_own(built: duckdb.DuckDBPyConnection) -> None:
    rows = built.sql(
        "select customer_id, contact_id, attribute_name, attribute_value"
        " from marts.dim_customer_attributes where source_table = 'accounts'"
    )
    assert rows.fetchall() == [("account:B1", None, "x_plan", "large")]


def test_a_changed_column_is_two_spans(built: duckdb.DuckDBPyConnection) -> None:
    day = "2024-03-01"
    assert spans(built, "ADA", "country") == [("DE", "2024-01-01", day), ("FR", day, None)]
    assert spans(built, "ADA", "x_tier") == [("gold", "2024-01-01", day), ("silver", day, None)]
    assert spans(built, "ADA", "x_phone") == [
        (hashed("0301"), "2024-01-01", day),
        (hashed("0302"), day, None),
    ]
    assert spans(built, "ADA", "x_eye colour") == [("grey", "2024-01-01", day), (None, day, None)]
    assert spans(built, "ADA", "email_hash") == [(hashed("ada@example.com"), day, None)]


def test_a_version_in_quarantine_is_none(built: duckdb.DuckDBPyConnection) -> None:
    found = built.sql(
        "select * from staging.stg_customer_attributes where attribute_value in ('IT', 'platinum')"
    )
    assert found.fetchall() == []


def test_a_tie_has_one_winner_whatever_the_order_of_rows(database: Path, tmp_path: Path) -> None:
    # Views name their database, so the copy keeps its name.
    copy = tmp_path / database.name
    shutil.copyfile(database, copy)
    raw(copy, turned=True)
    found = []
    for file in (database, copy):
        with duckdb.connect(str(file)) as con:
            con.execute("set TimeZone = 'UTC'")
            if file == copy:
                rebuild(con, compiled_models(database))
            assert [len(spans(con, who, "country")) for who in ("BOB", "CLEO")] == [1, 1]
            assert spans(con, "BOB", "x_tier") == [("silver", "2024-01-01", None)]
            found.append([con.sql(f"from marts.{n} order by all").fetchall() for n in MARTS])
    assert found[0] == found[1]


def test_a_misspelt_personal_column_stops_the_build(tmp_path: Path) -> None:
    database = tmp_path / "company.duckdb"
    raw(database)
    done = run_dbt(
        "run --select +stg_customer_attributes",
        database,
        variables=VARIABLES | {"personal_attributes": ["x_fone"]},
        check=False,
    )
    said = " ".join(done.stdout.split())
    assert "The variable personal_attributes names x_fone, which is no column" in said
    assert "x_eye colour, x_note, x_o'clock, x_phone, x_plan, x_tier" in said


@pytest.mark.engines
def test_postgres_finds_the_same_columns_and_spans(
    built: duckdb.DuckDBPyConnection, tmp_path: Path, postgres_server: tuple[str, dict[str, str]]
) -> None:
    uri, environment = postgres_server
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("create schema own_raw")
    for table, rows in TABLES.items():
        columns = ", ".join(f'"{column}" text' for column in rows[0])
        cursor.execute(f"create table own_raw.{table} ({columns})")
        places = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(
            f"insert into own_raw.{table} values ({places})", [tuple(row.values()) for row in rows]
        )
    for command in ("seed", f"run --select {MODELS}"):
        run_dbt(
            command,
            tmp_path / "company.duckdb",
            variables=VARIABLES | {"schema_prefix": "own_"},
            target="postgres",
            environment=environment,
        )
    tables = [f"marts.{mart}" for mart in MARTS]
    unequal, compared = differing_tables(built, connection, tables, "own_")
    connection.close()
    assert unequal == {}
    assert compared > 10
