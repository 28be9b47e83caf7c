"""`lifecycle load`: real files, a real database, every sentence it says."""

import shutil
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import pytest
from conftest import Command

from lifecycle.contract import table_of
from lifecycle.errors import UserError, without_values
from lifecycle.load import load
from lifecycle.load_report import HEADINGS

NOON = datetime(2024, 5, 1, 12)
CUSTOMERS = "customer_id,country\nc1,DE\nc2,\n"
ORDERS = "order_id,customer_id,ordered_at,status,gross_amount\no1,c1,2024-03-01 10:00,paid,12.50\n"


class Bench:
    """A database in a folder of its own, files beside it, and what load said."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder
        self.project = project
        self.database = folder / "bench.duckdb"
        self.said: list[str] = []

    def write(self, name: str, content: str | bytes, under: str = "in") -> Path:
        """Write a file and return its folder."""
        file = self.folder / under / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file.parent

    def parquet(self, name: str, query: str) -> Path:
        """Write a Parquet file and return its folder."""
        file = self.folder / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(query).write_parquet(str(file))
        return file.parent

    def load(
        self, path: Path | None = None, mapping: Path | None = None, at: datetime = NOON
    ) -> dict[str, int]:
        """Load the folder `in`, or a path."""
        return load(
            path or self.folder / "in", self.database, self.project, mapping, at, self.said.append
        )

    def refused(self, path: Path | None = None, mapping: Path | None = None) -> str:
        """The sentence with which a load is refused."""
        with pytest.raises(UserError) as caught:
            self.load(path, mapping)
        return str(caught.value)

    def rows(self, query: str) -> list[tuple]:
        """The rows of a query on the database."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            return con.execute(query).fetchall()

    def types(self, table: str) -> dict[str, str]:
        """The columns of a raw table with their types."""
        return {row[0]: row[1] for row in self.rows(f"describe raw.{table}")}


@pytest.fixture
def bench(tmp_path: Path, project: Path) -> Bench:
    """A fresh bench, in a path with spaces and a quote."""
    folder = tmp_path / "it's a path"
    folder.mkdir()
    return Bench(folder, project)


# What arrives


def test_csv_arrives_as_text_with_its_origin(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.write("orders_2024-03.csv", ORDERS)
    assert bench.load() == {"customers": 2, "orders": 1}
    assert bench.rows(
        "select customer_id, country, _source_file, _loaded_at from raw.customers order by all"
    ) == [("c1", "DE", "customers.csv", NOON), ("c2", None, "customers.csv", NOON)]
    assert bench.types("orders")["gross_amount"] == "VARCHAR"


def test_parquet_keeps_its_types(bench: Bench) -> None:
    bench.parquet(
        "orders.parquet",
        "select 1 as order_id, timestamp '2024-01-01' as ordered_at, 'paid' as status,"
        " 1.25::decimal(9, 2) as gross_amount",
    )
    bench.load()
    types = bench.types("orders")
    assert types["order_id"] == "INTEGER"
    assert types["ordered_at"] == "TIMESTAMP"
    assert types["gross_amount"] == "DECIMAL(9,2)"


def test_one_file_can_be_named(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.write("orders.csv", ORDERS)
    assert bench.load(bench.folder / "in" / "orders.csv") == {"orders": 1}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("orders.csv", "orders"),
        ("ORDERS.CSV", "orders"),
        ("orders-2024.csv", "orders"),
        ("orders_2024_01.csv", "orders"),
    ],
)
def test_files_are_named_after_tables(bench: Bench, name: str, table: str) -> None:
    bench.write(name, ORDERS)
    assert bench.load() == {table: 1}


def test_the_longest_table_name_wins(bench: Bench) -> None:
    bench.write("experiment_variants_a.csv", "experiment_id,variant,expected_share\ne1,a,0.5\n")
    assert bench.load() == {"experiment_variants": 1}
    assert table_of(Path("order_items_1.csv"), ["order", "order_items"]) == "order_items"
    assert table_of(Path("orderly.csv"), ["order", "order_items"]) is None


@pytest.mark.parametrize("content", [b"c1;DE\r\nc2;", b'"c1";"DE"\r\nc2;""\r\n'])
def test_other_delimiters_line_ends_and_a_byte_order_mark(bench: Bench, content: bytes) -> None:
    bench.write("customers.csv", b"\xef\xbb\xbfCustomer_ID; Country\r\n" + content)
    bench.load()
    assert bench.rows("select customer_id, country from raw.customers order by all") == [
        ("c1", "DE"),
        ("c2", None),
    ]


def test_quoted_delimiters_quotes_and_line_breaks(bench: Bench) -> None:
    bench.write(
        "feedback.csv",
        "feedback_id,customer_id,responded_at,survey_type,score,comment\n"
        'f1,c1,2024-01-01,csat,5,"good, ""very"" good\nreally"\n'
        'f2,c1,2024-01-02,csat,4,5" screen\n',
    )
    bench.load()
    assert bench.rows("select comment from raw.feedback order by feedback_id") == [
        ('good, "very" good\nreally',),
        ('5" screen',),
    ]


def test_a_header_without_rows_makes_an_empty_table(bench: Bench) -> None:
    bench.write("customers.csv", "customer_id\n")
    assert bench.load() == {"customers": 0}
    assert bench.rows("select count(*) from raw.customers") == [(0,)]


def test_the_time_of_loading_may_come_with_the_row(bench: Bench) -> None:
    bench.write(
        "customers.csv",
        "customer_id,_loaded_at,_source_file\n"
        "a,2024-01-01T10:00:00+02:00,crm\nb,2024-01-01 10:00:00,\nc,,\n",
    )
    bench.load()
    assert bench.rows(
        "select customer_id, _loaded_at, _source_file from raw.customers order by customer_id"
    ) == [
        ("a", datetime(2024, 1, 1, 8), "crm"),
        ("b", datetime(2024, 1, 1, 10), "customers.csv"),
        ("c", NOON, "customers.csv"),
    ]


def test_own_columns_stay_and_strangers_are_named(bench: Bench) -> None:
    bench.write("customers.csv", "customer_id,x_shoe_size,contry,hobby\nc1,43,DE,chess\n")
    bench.load()
    assert "x_shoe_size" in bench.types("customers")
    assert not {"contry", "hobby"} & set(bench.types("customers"))
    assert "left out: contry (did you mean country?), hobby." in bench.said[0]


def test_files_of_no_table_are_named_and_left(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.write("truth_customers.csv", "whatever\n1\n")
    assert bench.load() == {"customers": 2}
    assert "truth_customers.csv" in bench.said[0]


# Twice


def test_the_same_content_is_loaded_once(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    assert bench.load(at=datetime(2025, 1, 1)) == {}
    assert "already" in bench.said[-1]
    bench.write("customers_copy.csv", CUSTOMERS)
    assert bench.load() == {}
    assert bench.rows("select count(*) from raw.customers") == [(2,)]


def test_new_content_under_the_same_name_is_added(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    bench.write("customers.csv", CUSTOMERS + "c3,FR\n")
    assert bench.load() == {"customers": 3}
    assert bench.rows("select count(*) from raw.customers") == [(5,)]


def test_every_load_is_recorded(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    [row] = bench.rows(
        "select load_id, table_name, source_file, content_hash, row_count, loaded_at from raw.loads"
    )
    digest = row[3]
    assert row == (digest[:16], "customers", "customers.csv", digest, 2, NOON)
    assert len(digest) == 64


def test_columns_come_and_go(bench: Bench) -> None:
    bench.write("customers_1.csv", "customer_id,country\na,DE\n")
    bench.write("customers_2.csv", "region,customer_id\nBY,b\n")
    bench.load()
    assert bench.rows("select customer_id, country, region from raw.customers order by 1") == [
        ("a", "DE", None),
        ("b", None, "BY"),
    ]


@pytest.mark.parametrize("csv_first", [True, False])
def test_another_type_widens_to_text(bench: Bench, csv_first: bool) -> None:
    def from_csv() -> None:
        bench.write("orders.csv", "order_id,ordered_at,status,gross_amount\nx,soon,paid,a lot\n")
        bench.load(bench.folder / "in" / "orders.csv")

    def from_parquet() -> None:
        bench.parquet(
            "orders.parquet",
            "select 7 as order_id, timestamp '2024-01-01 10:00' as ordered_at, 'paid' as status,"
            " 12.5::decimal(18, 4) as gross_amount",
        )
        bench.load(bench.folder / "in" / "orders.parquet")

    for step in (from_csv, from_parquet) if csv_first else (from_parquet, from_csv):
        step()
    assert bench.rows("select order_id, ordered_at, gross_amount from raw.orders order by 1") == [
        ("7", "2024-01-01 10:00:00", "12.5000"),
        ("x", "soon", "a lot"),
    ]


def test_a_nested_column_widens_to_json(bench: Bench) -> None:
    bench.parquet(
        "interactions_1.parquet",
        "select 'i1' as interaction_id, timestamp '2024-01-01' as occurred_at,"
        " 'visit' as interaction_type, {'page': 'home'} as properties",
    )
    bench.write(
        "interactions_2.csv",
        "interaction_id,occurred_at,interaction_type,properties\ni2,2024-01-02,visit,\n",
    )
    bench.load()
    assert bench.rows("select properties from raw.interactions order by interaction_id") == [
        ('{"page":"home"}',),
        (None,),
    ]


# All or nothing


def test_a_bad_file_takes_the_good_ones_back(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.write("orders.csv", ORDERS + "o2,c1\n")
    assert "orders.csv, line 3: 2 fields where the header has 5" in bench.refused()
    assert not bench.database.exists()


def test_a_refused_load_leaves_the_database_as_it_was(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    bench.write("customers_2.csv", "customer_id,region\nz,BY\n")
    bench.write("orders.csv", "order_id,status\n1,paid\n")
    bench.refused()
    assert bench.rows("select count(*) from raw.customers") == [(2,)]
    assert "region" not in bench.types("customers")
    assert bench.rows("select count(*) from raw.loads") == [(1,)]


def test_a_loaded_at_that_is_no_time_stops_nothing_and_is_kept(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    bench.write(
        "customers_2.csv",
        "customer_id,_loaded_at\n1, last week \n2,2024-02-01T10:00:00+02:00\n3,\n4,2024-02-30\n",
    )
    assert bench.load() == {"customers": 4}
    query = "select customer_id, _loaded_at from raw.customers order by customer_id"
    assert bench.rows(query) == [
        ("1", " last week "),
        ("2", "2024-02-01 08:00:00"),
        ("3", "2024-05-01 12:00:00"),
        ("4", "2024-02-30"),
        ("c1", "2024-05-01 12:00:00"),
        ("c2", "2024-05-01 12:00:00"),
    ]
    bench.write("customers_3.csv", "customer_id,_loaded_at\n5,2024-03-01\n")
    assert bench.load() == {"customers": 1}
    assert bench.rows(f"{query} limit 1 offset 4") == [("5", "2024-03-01 00:00:00")]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("timestamptz '2024-02-01 10:00:00+02'", datetime(2024, 2, 1, 8)),
        ("timestamp '2024-02-01 10:00:00'", datetime(2024, 2, 1, 10)),
        ("date '2024-02-01'", datetime(2024, 2, 1)),
        ("cast(null as date)", NOON),
        ("20240201", "20240201"),
        ("{'day': 1}", '{"day":1}'),
    ],
)
def test_a_loaded_at_of_any_type_is_taken(bench: Bench, given: str, stored: object) -> None:
    bench.parquet("customers.parquet", f"select 'a' as customer_id, {given} as _loaded_at")
    bench.load()
    assert bench.rows("select _loaded_at from raw.customers") == [(stored,)]


# Refused, with a sentence


def _nothing_there(bench: Bench) -> None:
    (bench.folder / "elsewhere").mkdir()


def _parquet_in_name_only(bench: Bench) -> None:
    bench.write("orders.parquet", "this is no parquet")


def _locked(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.database.write_bytes(b"this is no database" * 1000)


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (_nothing_there, "in is not there. Give a file, or a folder"),
        (lambda b: b.write("notes.md", "x"), "holds no .csv or .txt or .parquet file"),
        (lambda b: b.write("order.csv", ORDERS), "order.csv (did you mean orders?)"),
        (lambda b: b.write("customers.csv", ""), "customers.csv is empty"),
        (lambda b: b.write("customers.csv", "country\nDE\n"), "required column customer_id"),
        (
            lambda b: b.write("customers.csv", "customerid,country\n1,DE\n"),
            "Did you mean it by customerid?",
        ),
        (
            lambda b: b.write("orders.csv", "order_id,status\n1,paid\n"),
            "required column ordered_at of orders is missing",
        ),
        (
            lambda b: b.write("customers.csv", "customer_id,Customer_ID\n1,2\n"),
            "the column customer_id is there twice",
        ),
        (
            lambda b: b.write("customers.csv", "customer_id,country\n1,DE,x\n"),
            "customers.csv, line 2: 3 fields where the header has 2",
        ),
        (
            lambda b: b.write("customers.csv", b"customer_id,country\n1,DE\n2,FR\r\n3,FR\r\n"),
            "customers.csv: line ends or quotes are mixed",
        ),
        (
            lambda b: b.write("customers.csv", b"customer_id,country\r\n1,DE\n2,FR\n"),
            "customers.csv: line ends or quotes are mixed",
        ),
        (
            lambda b: b.write("customers.csv", 'customer_id,country\n1,"DE\n2,FR\n'),
            'a quote (") does not end',
        ),
        (
            lambda b: b.write("customers.csv", "customer_id,region\n1,Köln\n".encode("latin-1")),
            "is not written in UTF-8",
        ),
        (_parquet_in_name_only, "orders.parquet is no Parquet file"),
        (_locked, "not a valid DuckDB database"),
    ],
)
def test_refused_with_a_sentence(
    bench: Bench, prepare: Callable[[Bench], object], sentence: str
) -> None:
    prepare(bench)
    said = bench.refused()
    assert sentence in said
    assert "\n" not in said


def test_a_database_in_use_is_refused(bench: Bench, lifecycle: Command) -> None:
    folder = bench.write("customers.csv", CUSTOMERS)
    with duckdb.connect(str(bench.database)):
        done = lifecycle("load", folder, LIFECYCLE_DUCKDB=bench.database)
    assert done.returncode == 2
    assert "is open in another program" in done.stderr


# Mappings


def mapping(bench: Bench, **files: str) -> Path:
    """A mapping folder with these SQL files."""
    for name, sql in files.items():
        bench.write(f"{name}.sql", sql, under="my mapping")
    return bench.folder / "my mapping"


BUYERS = "select distinct buyer as customer_id, 'DE' as country from sales_2024_q1;\n-- all"
SALES = "Buyer,Day\nann,2024-01-02\nbob,2024-01-03\nann,2024-01-04\n"


def test_a_mapping_reads_views_named_after_files(bench: Bench) -> None:
    bench.write("Sales 2024-Q1.csv", SALES)
    orders = (
        "select row_number() over () as order_id, buyer as customer_id, day as ordered_at,"
        " 'paid' as status, _source_file from sales_2024_q1"
    )
    assert bench.load(mapping=mapping(bench, customers=BUYERS, orders=orders)) == {
        "customers": 2,
        "orders": 3,
    }
    assert bench.types("orders")["order_id"] == "BIGINT"
    assert bench.rows("select distinct _source_file from raw.orders") == [("Sales 2024-Q1.csv",)]
    assert bench.rows("select distinct source_file from raw.loads order by 1") == [
        ("my mapping/customers.sql",),
        ("my mapping/orders.sql",),
    ]


def test_one_file_is_the_view_input_as_well(bench: Bench) -> None:
    bench.write("whatever.csv", SALES)
    sql = "select distinct buyer as customer_id from input"
    file = bench.folder / "in" / "whatever.csv"
    assert bench.load(file, mapping(bench, customers=sql)) == {"customers": 2}
    other = bench.folder / "in"
    said = bench.refused(other, mapping(bench, customers=sql + " -- folder"))
    assert "customers.sql, line 1 reads input, which is not there. It reads one file" in said
    assert "The files make these views: whatever." in said


def test_a_text_without_delimiters_is_read_as_lines(bench: Bench) -> None:
    bench.write("fixed.txt", ' 00001 19970101\r\n 00002 "9970102\r\n')
    sql = "select substr(line, 2, 5) as customer_id, line as x_line from fixed"
    bench.load(mapping=mapping(bench, customers=sql))
    assert bench.rows("select customer_id, x_line from raw.customers order by 1") == [
        ("00001", " 00001 19970101"),
        ("00002", ' 00002 "9970102'),
    ]


def test_the_same_files_and_mapping_are_loaded_once(bench: Bench) -> None:
    bench.write("Sales 2024-Q1.csv", SALES)
    bench.load(mapping=mapping(bench, customers=BUYERS))
    assert bench.load(mapping=mapping(bench, customers=BUYERS)) == {}


def test_a_mended_mapping_replaces_what_it_made_before(bench: Bench) -> None:
    bench.write("Sales 2024-Q1.csv", SALES)
    bench.write("customers.csv", CUSTOMERS, under="contract")
    bench.load(bench.folder / "contract")
    bench.load(mapping=mapping(bench, customers=BUYERS))
    bench.load(mapping=mapping(bench, customers=BUYERS.replace("'DE'", "'FR'")))
    assert "in place of 2 rows" in bench.said[-1]
    assert bench.rows("select customer_id, country from raw.customers order by 1") == [
        ("ann", "FR"),
        ("bob", "FR"),
        ("c1", "DE"),
        ("c2", None),
    ]
    assert bench.rows("select count(*) from raw.loads") == [(2,)]


def test_a_mapping_brings_variables_for_later_builds(bench: Bench) -> None:
    from lifecycle.build import build_vars, what_is_loaded

    bench.write("Sales 2024-Q1.csv", SALES)
    folder = mapping(bench, customers=BUYERS)
    (folder / "vars.yml").write_text("reporting_currency: GBP\nhigh_value_factor: 2\n")
    bench.load(mapping=folder)
    bench.write("orders.csv", ORDERS, under="contract")
    bench.load(bench.folder / "contract")
    loaded = partial(what_is_loaded, bench.project, None, bench.database)
    assert build_vars(loaded) == {
        "use_sample": False,
        "reporting_currency": "GBP",
        "high_value_factor": 2,
    }
    assert build_vars(loaded, given="{reporting_currency: USD}")["reporting_currency"] == ("USD")
    assert build_vars(loaded, sample=True) == {"use_sample": True}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "is not a folder of <raw_table>.sql files"),
        ({"order": "select 1"}, "order.sql: the contract has no table order. Did you mean orders."),
        ({"customers": "selct 1"}, "my mapping/customers.sql, line 1: Parser Error: syntax error"),
        ({"customers": "select 1; select 2"}, "exactly one SELECT"),
        ({"customers": "create table x (a int)"}, "exactly one SELECT"),
        ({"customers": "select byer as customer_id from sales"}, 'column "byer" not found'),
        ({"customers": "select * from slaes"}, "reads slaes, which is not there"),
        ({"customers": "select buyer from sales"}, "required column customer_id"),
        (
            {"customers": "select cast(buyer as int) as customer_id from sales"},
            "my mapping/customers.sql, reading sales.csv, line 2: Error when converting column",
        ),
    ],
)
def test_a_mapping_is_refused_with_a_sentence(
    bench: Bench, files: dict[str, str], sentence: str
) -> None:
    bench.write("sales.csv", SALES)
    said = bench.refused(mapping=mapping(bench, **files))
    assert sentence in said
    assert "\n" not in said
    assert not bench.database.exists()


@pytest.mark.parametrize(
    "value", ["anna@example.com", "O'Neil", 'an"na', "anna\nneil", "it's, a\"b"]
)
@pytest.mark.parametrize(
    "cast",
    [
        "cast(buyer as {type})",
        "cast(buyer || '' as {type})",
        "strptime(buyer, '%Y')",
        "cast(cast('{{\"a\":' || to_json(buyer) || '}}' as json)->>'a' as {type})",
    ],
)
@pytest.mark.parametrize("type_", ["int", "timestamp", "decimal(9, 2)"])
def test_a_refused_value_is_not_said(bench: Bench, value: str, cast: str, type_: str) -> None:
    bench.write("sales.csv", f'buyer\nann\n"{value.replace(chr(34), chr(34) * 2)}"\n')
    # The first value is good enough for none of the types, so it is left out.
    sql = f"select {cast.format(type=type_)} as customer_id from sales where buyer <> 'ann'"
    said = bench.refused(mapping=mapping(bench, customers=sql))
    assert said.startswith("my mapping/customers.sql")
    assert "***" in said
    assert "\n" not in said
    for part in ("anna", "neil", "Neil", 'na"', "it's", "example"):
        assert part not in said


def test_the_file_the_line_and_the_column_of_a_refused_value_are_said(bench: Bench) -> None:
    bench.write("sales.csv", "buyer,day\n1,2\nanna@example.com,3\n")
    said = bench.refused(
        mapping=mapping(bench, customers="select cast(buyer as int) as customer_id from sales")
    )
    assert said == (
        "my mapping/customers.sql, reading sales.csv, line 3: "
        'Error when converting column "buyer". Could not convert string *** to INTEGER'
    )


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            'Conversion Error: invalid timestamp field format: "anna", expected format is '
            "(YYYY-MM-DD HH:MM[:SS[.US]][±HH[:MM[:SS]]| ZONE]) when casting from source column "
            "email\n\nLINE 1: select cast(email as timestamp) from t\n               ^^^^",
            "Conversion Error: invalid timestamp field format: ***, expected format is "
            "(YYYY-MM-DD HH:MM[:SS[.US]][±HH[:MM[:SS]]| ZONE]) when casting from source column "
            "email\n\nLINE 1: select cast(email as timestamp) from t\n               ^^^^",
        ),
        (
            "Conversion Error: Type INT64 with value 9999999999 can't be cast because the value is "
            "out of range for the destination type INT32 when casting from source column big",
            "Conversion Error: Type INT64 with value *** cannot be cast because the value is "
            "out of range for the destination type INT32 when casting from source column big",
        ),
        (
            "Conversion Error: Could not cast value 49123456 to DECIMAL(5,2) when casting from "
            "source column phone",
            "Conversion Error: Could not cast value *** to DECIMAL(5,2) when casting from "
            "source column phone",
        ),
        (
            "Out of Range Error: Overflow in multiplication of INT64 (49123456 * 12)!",
            "Out of Range Error: Overflow in multiplication of INT64 (*** * ***)!",
        ),
        (
            'Constraint Error: Duplicate key "email: anna" violates unique constraint.',
            "Constraint Error: Duplicate key ***",
        ),
        (
            'invalid input syntax for type integer: "anna"\n  compiled code at x.sql',
            "invalid input syntax for type integer: ***\n  compiled code at x.sql",
        ),
        (
            'value "49123456789" is out of range for type integer',
            "value *** is out of range for type integer",
        ),
        (
            'could not create unique index "i"\nDETAIL:  Key (email)=(anna) is duplicated.',
            'could not create unique index "i"\nDETAIL:  ***',
        ),
        ('Referenced column "byer" not found', 'Referenced column "byer" not found'),
    ],
)
def test_values_are_masked_in_a_database_message(message: str, said: str) -> None:
    assert without_values(message) == said


def test_an_unknown_variable_is_refused(bench: Bench) -> None:
    bench.write("Sales 2024-Q1.csv", SALES)
    folder = mapping(bench, customers=BUYERS)
    (folder / "vars.yml").write_text("reporting_curency: GBP\n")
    said = bench.refused(mapping=folder)
    assert "no variable reporting_curency. Did you mean reporting_currency?" in said


def test_two_files_of_one_view_name_are_refused(bench: Bench) -> None:
    bench.write("a b.csv", SALES)
    bench.write("a-b.csv", SALES)
    said = bench.refused(mapping=mapping(bench, customers=BUYERS))
    assert "would both be the view a_b" in said


# The command


def test_the_command_says_what_it_did(bench: Bench, lifecycle: Command) -> None:
    bench.write("customers.csv", CUSTOMERS)
    done = lifecycle("load", "in", "--no-report", cwd=bench.folder, LIFECYCLE_DUCKDB="own.duckdb")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "customers: 2 rows from customers.csv."
    assert "A build needs orders as well." in done.stdout
    assert (bench.folder / "own.duckdb").exists()
    bench.write("orders.csv", ORDERS)
    done = lifecycle("load", "in", "--no-report", cwd=bench.folder, LIFECYCLE_DUCKDB="own.duckdb")
    assert "Next: lifecycle build" in done.stdout


def test_the_report_counts_rows_keys_and_faults(bench: Bench, lifecycle: Command) -> None:
    """Ten orders: one is there twice, one was loaded before, four break the contract."""
    header = "order_id,ordered_at,status,gross_amount,_source_file\n"
    bench.write("orders.csv", header + "known,2024-03-01,paid,1,\nother,2024-03-01,paid,1,\n")
    bench.load()
    (bench.folder / "in" / "orders.csv").unlink()
    bench.write(
        "orders_1.csv",
        header
        + " known ,2024-03-02,paid,2,\ntwice,2024-03-01,paid,1,\ntwice,2024-03-01,paid,2,\n"
        + "a,2024-03-01,paid,1,\nb,2024-03-01,paid,1,\n"
        + "c,soon,paid,1,\nd,later,paid,1,\ne,2024-03-01,paid,1,ada@example.org\n",
    )
    bench.write("orders_2.csv", header + "f,2024-03-01,paid,much,ada@example.org\ng,soon,paid,1,\n")
    bench.write("customers.csv", CUSTOMERS)
    done = lifecycle("load", "in", cwd=bench.folder, LIFECYCLE_DUCKDB=bench.database)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert list(HEADINGS) in lines
    assert ["customers", "1", "2", "2", "0", "0", "0"] in [line[:-1] for line in lines]
    assert ["orders", "2", "10", "10", "1", "1", "4"] in [line[:-1] for line in lines]
    shown = [line.strip() for line in done.stdout.splitlines()]
    at = shown.index("Quarantined rows, by fault")
    assert shown[at + 1 : at + 4] == [
        "2 orders: ordered_at is not a timestamp (orders_1.csv)",
        "1 orders: gross_amount is not a decimal",
        "1 orders: ordered_at is not a timestamp (orders_2.csv)",
    ]
    assert "kept in the raw tables" in shown[at + 4]
    assert "marts.quarantined_rows" in shown[at + 4]
    assert "ada@example.org" not in done.stdout + done.stderr
    assert sorted(file.name for file in bench.folder.iterdir()) == ["bench.duckdb", "in"]


def test_the_command_refuses_without_a_traceback(bench: Bench, lifecycle: Command) -> None:
    done = lifecycle("load", "nowhere", cwd=bench.folder, LIFECYCLE_DUCKDB="own.duckdb")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: nowhere is not there.")
    assert "Traceback" not in done.stderr
    shutil.rmtree(bench.folder)
