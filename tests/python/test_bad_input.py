"""Bad input of every kind: a sentence and an exit code, or a row in quarantine; never a traceback.

Each case is what a user might do by mistake. What the command said and where the rows went is
written into docs/bad-input.md, which must be as this test found it; with LIFECYCLE_WRITE_DOCS=1
the page is written anew.
"""

from __future__ import annotations

import ctypes
import gzip
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, run_lifecycle

PAGE = PROJECT / "docs" / "bad-input.md"
LOADED_AT = "2024-06-01T00:00:00"

CUSTOMERS = "customer_id,country\nc1,DE\nc2,FR\n"
ORDER_HEADER = "order_id,customer_id,ordered_at,status,gross_amount\n"
ORDERS = ORDER_HEADER + "o1,c1,2024-03-01 10:00,paid,12.50\n"
SHORT_LINE = ORDERS + "o2,c1\n"
LONG_LINE = ORDERS + "o2,c1,2024-03-01 10:00,paid,12.50,one,more\n"
OPEN_QUOTE = ORDER_HEADER + 'o1,"c1,2024-03-01 10:00,paid,12.50\n'
WIDE = ",".join(["customer_id", *(f"extra_{i}" for i in range(9_999))])
NEXT_ORDERS = ORDER_HEADER + "".join(
    f"n{i},c1,2024-03-02 10:00,paid,{i}.50\n" for i in range(200_000)
)
FORMULA = '=HYPERLINK("http://x")'
INJECTION = "'); drop table raw.orders; --"

Files = dict[str, str | bytes]


# ---------------------------------------------------------------------------------------------
# What `lifecycle load` refuses
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    """Files (or none), the arguments of `lifecycle load`, and what its sentence must say."""

    name: str
    what: str
    says: tuple[str, ...]
    files: Files = field(default_factory=dict)
    arguments: tuple[str, ...] = ("in",)
    before: Callable[[Path], object] | None = None
    in_process: Callable[[], None] | None = None


def parquet(query: str) -> bytes:
    """The bytes of a Parquet file with the rows of a query."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        duckdb.sql(query).write_parquet(str(file))
        return file.read_bytes()


def without_root_rights() -> None:
    """Take from this process the right to read what its mode forbids (root has it on Linux)."""
    if os.geteuid() == 0:
        for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, right, 0, 0, 0)  # PR_CAPBSET_DROP


def small_disk() -> None:
    """Let no file grow beyond 600 kB, as on a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))


def mapping(**files: str) -> Files:
    """A purchase file and a mapping of it."""
    return {
        "in/sales.csv": "buyer,bought_at,paid\nc1,2024-03-01,5\n",
        **{f"map/{name.replace('__', '.')}": text for name, text in files.items()},
    }


MAPPED = ("in", "--mapping", "map")
GOOD_ORDERS_SQL = (
    "select buyer || bought_at as order_id, buyer as customer_id, bought_at as ordered_at,"
    " 'paid' as status, paid as gross_amount from sales"
)
ROWS = parquet(
    "select 'o' || i as order_id, now() as ordered_at, 'paid' as status from range(99) as r(i)"
)

REFUSED = [
    Refused(
        "path_not_there", "A path that is not there", ("nowhere is not there",), {}, ("nowhere",)
    ),
    Refused(
        "empty_folder",
        "A folder without files",
        ("in holds no .csv",),
        before=lambda folder: (folder / "in").mkdir(),
    ),
    Refused(
        "spreadsheet",
        "A spreadsheet",
        ("orders.xlsx is not one of", ".csv"),
        {"in/orders.xlsx": b"PK\x03\x04"},
        ("in/orders.xlsx",),
    ),
    Refused(
        "empty_file", "An empty file", ("orders.csv is empty", "header"), {"in/orders.csv": ""}
    ),
    Refused(
        "blank_header",
        "A file of blank lines",
        ("orders.csv is empty",),
        {"in/orders.csv": "\n\n\n"},
    ),
    Refused(
        "wrong_header",
        "A header with another name for a required column",
        ("orders.csv", "order_id", "Did you mean it by orderid?"),
        {"in/orders.csv": ORDERS.replace("order_id", "orderid")},
    ),
    Refused(
        "header_missing",
        "Rows without a header line",
        ("orders.csv", "required column", "missing"),
        {"in/orders.csv": "o1,c1,2024-03-01 10:00,paid,12.50\n"},
    ),
    Refused(
        "column_twice",
        "A column name that comes twice",
        ("orders.csv: the column status is there twice",),
        {"in/orders.csv": "order_id,ordered_at,status,Status\no1,2024-03-01,paid,paid\n"},
    ),
    Refused(
        "latin_1",
        "A file in Latin-1",
        ("customers.csv", "UTF-8"),
        {"in/customers.csv": "customer_id,region\nc1,Thüringen\n".encode("latin-1")},
    ),
    Refused(
        "utf_16",
        "A file in UTF-16",
        ("customers.csv", "UTF-8"),
        {"in/customers.csv": CUSTOMERS.encode("utf-16")},
    ),
    Refused(
        "short_line",
        "A line with too few fields",
        ("orders.csv, line 3: 2 fields where the header has 5",),
        {"in/orders.csv": SHORT_LINE},
    ),
    Refused(
        "long_line",
        "A line with too many fields",
        ("orders.csv, line 3", "where the header has 5"),
        {"in/orders.csv": LONG_LINE},
    ),
    Refused(
        "open_quote",
        "A quote that does not end",
        ("orders.csv", "quote"),
        {"in/orders.csv": OPEN_QUOTE},
    ),
    Refused(
        "truncated_parquet",
        "A truncated Parquet file",
        ("orders.parquet", "Parquet"),
        {"in/orders.parquet": ROWS[: len(ROWS) // 2]},
    ),
    Refused(
        "csv_named_parquet",
        "A CSV file named .parquet",
        ("orders.parquet is no Parquet file",),
        {"in/orders.parquet": NEXT_ORDERS},
    ),
    Refused(
        "parquet_named_csv",
        "A Parquet file named .csv",
        ("orders.csv",),
        {"in/orders.csv": ROWS},
    ),
    Refused(
        "truncated_gzip",
        "A truncated gzip file",
        ("orders.csv.gz",),
        {"in/orders.csv.gz": gzip.compress(NEXT_ORDERS.encode())[:50_000]},
    ),
    Refused(
        "not_gzip",
        "A plain CSV file named .csv.gz",
        ("orders.csv.gz", "gzip"),
        {"in/orders.csv.gz": ORDERS},
    ),
    Refused(
        "file_of_no_table",
        "A file named after no raw table",
        ("order.csv (did you mean orders?)",),
        {"in/order.csv": ORDERS},
    ),
    Refused(
        "bad_file_among_good",
        "A good file and a bad one",
        ("orders.csv, line 3",),
        {"in/customers.csv": "customer_id\nc9\n", "in/orders.csv": SHORT_LINE},
    ),
    Refused(
        "unreadable_file",
        "A file that may not be read",
        ("orders.csv", "read"),
        {"in/orders.csv": ORDERS},
        before=lambda folder: (folder / "in" / "orders.csv").chmod(0),
        in_process=without_root_rights,
    ),
    Refused(
        "dangling_link",
        "A link to a file that is gone",
        ("orders.csv",),
        {"in/customers.csv": CUSTOMERS},
        before=lambda folder: (folder / "in" / "orders.csv").symlink_to("gone.csv"),
    ),
    Refused(
        "disk_full",
        "A disk that is full",
        ("disk", "full"),
        {"in/orders.csv": NEXT_ORDERS},
        in_process=small_disk,
    ),
    Refused(
        "time_of_load",
        "--loaded-at that is no time",
        ("--loaded-at yesterday: write a UTC time",),
        {"in/customers.csv": CUSTOMERS},
        ("in", "--loaded-at", "yesterday"),
    ),
    Refused(
        "mapping_not_there",
        "A mapping that is not there",
        ("map", "not a folder"),
        {"in/sales.csv": "a\n1\n"},
        MAPPED,
    ),
    Refused(
        "mapping_empty",
        "A mapping without a SELECT",
        ("map holds no <raw_table>.sql",),
        mapping(notes__txt="later"),
        MAPPED,
    ),
    Refused(
        "mapping_unknown_table",
        "A mapping file named after no raw table",
        ("order.sql", "Did you mean orders.sql?"),
        mapping(order__sql=GOOD_ORDERS_SQL),
        MAPPED,
    ),
    Refused(
        "mapping_syntax",
        "A mapping with a syntax error",
        ("map/orders.sql", "syntax error"),
        mapping(orders__sql="selct buyer as customer_id from sales"),
        MAPPED,
    ),
    Refused(
        "mapping_unknown_column",
        "A mapping that reads a column the file has not",
        ("map/orders.sql", "byer", "buyer"),
        mapping(orders__sql=GOOD_ORDERS_SQL.replace("buyer as", "byer as")),
        MAPPED,
    ),
    Refused(
        "mapping_unknown_view",
        "A mapping that reads a file that is not there",
        ("map/orders.sql", "sale", "sales"),
        mapping(orders__sql=GOOD_ORDERS_SQL.replace("from sales", "from sale")),
        MAPPED,
    ),
    Refused(
        "mapping_missing_column",
        "A mapping that leaves out a required column",
        ("map/orders.sql", "ordered_at"),
        mapping(orders__sql=GOOD_ORDERS_SQL.replace("as ordered_at", "as orderd_at")),
        MAPPED,
    ),
    Refused(
        "mapping_two_statements",
        "A mapping file that does more than read",
        ("map/orders.sql", "exactly one SELECT"),
        mapping(orders__sql=f"{GOOD_ORDERS_SQL}; drop schema raw cascade"),
        MAPPED,
    ),
    Refused(
        "mapping_text_in_number",
        "A mapping that casts what is no number",
        ("map/orders.sql",),
        {
            **mapping(orders__sql=GOOD_ORDERS_SQL.replace("paid as g", "cast(paid as int) as g")),
            "in/sales.csv": "buyer,bought_at,paid\nc1,2024-03-01,ada@example.org\n",
        },
        MAPPED,
    ),
    Refused(
        "mapping_variable",
        "A mapping that sets a variable the project has not",
        ("vars.yml", "reporting_curency", "Did you mean reporting_currency?"),
        mapping(orders__sql=GOOD_ORDERS_SQL, vars__yml="reporting_curency: EUR\n"),
        MAPPED,
    ),
    Refused(
        "mapping_time_zone",
        "A mapping that names a time zone there is not",
        ("map/vars.yml", "Europe/Berln", "Did you mean Europe/Berlin?"),
        mapping(orders__sql=GOOD_ORDERS_SQL, vars__yml="reporting_timezone: Europe/Berln\n"),
        MAPPED,
    ),
    Refused(
        "mapping_variables_broken",
        "A mapping whose vars.yml is no YAML",
        ("vars.yml is not valid YAML",),
        mapping(orders__sql=GOOD_ORDERS_SQL, vars__yml="a: [1\n"),
        MAPPED,
    ),
    Refused(
        "same_view_twice",
        "Two files that would be the same view of a mapping",
        ("Sales-1.csv", "sales_1.csv"),
        {
            **mapping(orders__sql=GOOD_ORDERS_SQL),
            "in/Sales-1.csv": "a\n1\n",
            "in/sales_1.csv": "a\n2\n",
        },
        MAPPED,
    ),
]


@pytest.fixture(scope="module")
def got() -> dict[str, tuple[str, str, str]]:
    """What each case was, what is expected of it, and what came: {name: (input, expected, got)}."""
    return {}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two customers and an order, to be copied."""
    folder = tmp_path_factory.mktemp("before")
    write(folder, {"in/customers.csv": CUSTOMERS, "in/orders.csv": ORDERS})
    done = run_load(folder, "in")
    assert done.returncode == 0, done.stderr
    return folder / "company.duckdb"


def write(folder: Path, files: Files) -> None:
    """Write the files of a case."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def run_load(
    folder: Path, *arguments: str, in_process: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """`lifecycle load --no-report` in a folder, its database beside."""
    return subprocess.run(
        [sys.executable, "-m", "lifecycle", "load", "--no-report", *arguments],
        cwd=folder,
        env=os.environ
        | {"LIFECYCLE_PROJECT": str(PROJECT), "LIFECYCLE_DUCKDB": str(folder / "company.duckdb")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=in_process,
    )


def contents(database: Path) -> dict[str, list[tuple]]:
    """Every raw table with its rows."""
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw' order by 1"
        ).fetchall()
        return {
            name: sorted(con.execute(f'from raw."{name}"').fetchall(), key=str)
            for (name,) in tables
        }


def without_paths(text: str, folder: Path) -> str:
    """A message as it stands on the page: in one line, without the folder of this run."""
    text = text.replace(f"{folder}/", "").replace(str(folder), ".").replace(str(PROJECT), "")
    return re.sub(r"\(PID \d+\)", "(PID …)", " ".join(text.split()))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_load_is_refused_with_a_sentence(
    case: Refused, loaded: Path, tmp_path: Path, got: dict[str, tuple[str, str, str]]
) -> None:
    shutil.copy(loaded, tmp_path / "company.duckdb")
    before = contents(tmp_path / "company.duckdb")
    write(tmp_path, case.files)
    if case.before:
        case.before(tmp_path)
    done = run_load(tmp_path, *case.arguments, in_process=case.in_process)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    sentence = without_paths(done.stderr, tmp_path)
    assert sentence.startswith("Error: ")
    for part in case.says:
        assert part in sentence
    assert len(sentence) < 600
    assert "ada@example.org" not in done.stderr + done.stdout
    assert contents(tmp_path / "company.duckdb") == before
    got[case.name] = (
        case.what,
        "refused, nothing loaded; names " + ", ".join(f"“{part}”" for part in case.says),
        f"exit 2. {sentence.removeprefix('Error: ')}",
    )


def test_a_database_open_elsewhere(
    loaded: Path, tmp_path: Path, got: dict[str, tuple[str, str, str]]
) -> None:
    shutil.copy(loaded, tmp_path / "company.duckdb")
    write(tmp_path, {"in/customers.csv": "customer_id\nc9\n"})
    with duckdb.connect(str(tmp_path / "company.duckdb")):
        done = run_load(tmp_path, "in")
    assert done.returncode == 2
    sentence = without_paths(done.stderr, tmp_path)
    assert "company.duckdb is open in another program" in sentence
    again = run_load(tmp_path, "in")
    assert again.returncode == 0, again.stderr
    assert len(contents(tmp_path / "company.duckdb")["customers"]) == 3
    got["database_in_use"] = (
        "A database that another program has open",
        "refused; works once it is closed",
        f"exit 2. {sentence.removeprefix('Error: ')}",
    )


def test_a_database_that_is_none(tmp_path: Path, got: dict[str, tuple[str, str, str]]) -> None:
    write(tmp_path, {"in/customers.csv": CUSTOMERS, "company.duckdb": b"not a database" * 1000})
    done = run_load(tmp_path, "in")
    assert done.returncode == 2
    sentence = without_paths(done.stderr, tmp_path)
    assert sentence.startswith("Error: The database company.duckdb cannot be opened")
    assert (tmp_path / "company.duckdb").read_bytes() == b"not a database" * 1000
    got["no_database"] = (
        "LIFECYCLE_DUCKDB names a file that is no database",
        "refused, the file is left as it is",
        f"exit 2. {sentence.removeprefix('Error: ')}",
    )


# ---------------------------------------------------------------------------------------------
# What is loaded: taken as it is meant, or put into quarantine
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of a raw table, and where it must end.

    `fault` is its sentence in quarantine; without one, `query` on the marts or staging must give
    `value`.
    """

    name: str
    what: str
    table: str
    row: dict[str, str]
    fault: str | None = None
    query: str = ""
    value: object = None
    expected: str = ""


def an_order(order_id: str, **given: str) -> dict[str, str]:
    """An order of c1, fine but for what is given."""
    return {
        "order_id": order_id,
        "customer_id": "c1",
        "ordered_at": "2024-03-01 10:00:00",
        "status": "paid",
        "gross_amount": "10",
        "currency": "",
    } | given


def a_touch(interaction_id: str, **given: str) -> dict[str, str]:
    """A visit of c1, fine but for what is given."""
    return {
        "interaction_id": interaction_id,
        "customer_id": "c1",
        "occurred_at": "2024-03-01 10:00:00",
        "interaction_type": "visit",
        "properties": "",
    } | given


LIMITS = "{default: 0.05, identity_links: 0.9, consents: 0.2, refunds: 0.2}"
ORDERED = "select ordered_at::varchar from staging.stg_orders where order_id = '{}'"
COMMENT = "select {} from staging.stg_feedback where feedback_id = '{}'"


def an_answer(feedback_id: str, comment: str, **given: str) -> dict[str, str]:
    """A survey answer of c1 with a comment."""
    return {
        "feedback_id": feedback_id,
        "customer_id": "c1",
        "responded_at": "2024-03-01 10:00:00",
        "survey_type": "csat",
        "score": "5",
        "comment": comment,
    } | given


ROWS_OF_DATA = [
    Row("text_in_amount", "Text in an amount", "orders", an_order("text", gross_amount="ten"),
        "gross_amount is not a decimal"),
    Row("decimal_comma", "A decimal comma", "orders", an_order("comma", gross_amount="12,50"),
        "gross_amount is not a decimal"),
    Row("thousands", "A thousands separator", "orders",
        an_order("dots", gross_amount="1.234,50"),
        "gross_amount is not a decimal"),
    Row("currency_sign", "A currency sign", "orders", an_order("sign", gross_amount="€12.50"),
        "gross_amount is not a decimal"),
    Row("not_a_number", "NaN as an amount", "orders", an_order("nan", gross_amount="NaN"),
        "gross_amount is not a decimal"),
    Row("infinite", "Infinity as an amount", "orders", an_order("inf", gross_amount="Infinity"),
        "gross_amount is not a decimal"),
    Row("amount_too_large", "An amount of twenty digits", "orders",
        an_order("large", gross_amount="12345678901234567890"), "gross_amount is not a decimal"),
    Row("negative_amount", "A negative amount", "orders", an_order("minus", gross_amount="-1"),
        "gross_amount is negative"),
    Row("null_key", "An empty key", "orders", an_order(""), "order_id is missing"),
    Row("blank_key", "A key of blanks and tabs", "orders", an_order(" \t "), "order_id is missing"),
    Row("no_time", "An order without a time", "orders", an_order("no_time", ordered_at=""),
        "ordered_at is missing"),
    Row("word_for_time", "A word for a time", "orders", an_order("soon", ordered_at="yesterday"),
        "ordered_at is not a timestamp"),
    Row("february_30", "The 30th of February", "orders", an_order("feb", ordered_at="2024-02-30"),
        "ordered_at is not a timestamp"),
    Row("slashes", "Day and month by slashes", "orders", an_order("dmy", ordered_at="01/02/2024"),
        "ordered_at is not a timestamp"),
    Row("year_1", "The year 0001", "orders",
        an_order("year_1", ordered_at="0001-01-01 00:00:00"),
        "ordered_at is before 1900"),
    Row("year_9999", "The year 9999", "orders",
        an_order("year_9999", ordered_at="9999-12-31 23:59:59"),
        "ordered_at is after 2199"),
    Row("year_9999_zone", "The year 9999 with an offset", "orders",
        an_order("year_9999z", ordered_at="9999-12-31T23:59:59-12:00"),
        "ordered_at is after 2199"),
    Row("future", "A row from the future, ten days after its load", "orders",
        an_order("future", ordered_at="2024-06-11 00:00:00"),
        "ordered_at is after the row was loaded"),
    Row("no_rate", "A currency without a rate", "orders", an_order("yen", currency="JPY"),
        "currency has no exchange rate on the day of the order"),
    Row("negative_quantity", "A negative quantity", "order_items",
        {"order_item_id": "minus", "order_id": "good_1", "product_id": "p", "quantity": "-1"},
        "quantity is negative"),
    Row("orphan_line", "A line of an order that is not there", "order_items",
        {"order_item_id": "orphan", "order_id": "nowhere", "product_id": "p", "quantity": "1"},
        "order_id is not a known order"),
    Row("refund_of_nothing", "A refund of an order that is not there", "refunds",
        {"refund_id": "r1", "order_id": "nowhere", "customer_id": "",
         "refunded_at": "2024-03-02", "amount": "1"},
        "order_id is not a known order"),
    Row("refund_of_nobody", "A refund that names neither order nor customer", "refunds",
        {"refund_id": "r2", "order_id": "", "customer_id": "",
         "refunded_at": "2024-03-02", "amount": "1"}, None,
        "select is_guest from marts.fct_revenue_events where refund_id = 'r2'", True,
        "lowers revenue in the guest bucket"),
    Row("not_boolean", "A flag that is neither true nor false", "consents",
        {"customer_id": "c1", "channel": "email", "recorded_at": "2024-03-01",
         "is_granted": "perhaps"},
        "is_granted is not a boolean"),
    Row("merge_with_itself", "Two customers merged into each other", "identity_links",
        {"link_id": "a", "link_type": "merge", "source_id": "c3", "target_id": "c4",
         "linked_at": "2024-03-01"},
        "merge runs in a cycle or over more than 64 steps"),
    Row("header_again", "The header repeated among the rows", "interactions",
        a_touch("interaction_id", customer_id="customer_id", occurred_at="occurred_at",
                interaction_type="interaction_type", properties="properties"),
        "occurred_at is not a timestamp"),
    Row("duplicate", "A row that is there twice", "interactions", a_touch("twice"), None,
        "select duplicate_rows::int from marts.row_accounting where table_name = 'interactions'", 1,
        "one row, and a duplicate in row_accounting"),
    Row("zone_east", "A time with an offset", "orders",
        an_order("east", ordered_at="2024-03-01T10:00:00+02:00"), None,
        ORDERED.format("east"), "2024-03-01 08:00:00", "read as UTC"),
    Row("zone_west", "A time with another offset", "orders",
        an_order("west", ordered_at="2024-03-01 10:00:00-0500"), None,
        ORDERED.format("west"), "2024-03-01 15:00:00", "read as UTC"),
    Row("zone_none", "A time without a zone, in the same column", "orders",
        an_order("plain"), None, ORDERED.format("plain"), "2024-03-01 10:00:00", "read as UTC"),
    Row("unknown_status", "A status that no rule knows", "orders",
        an_order("status", status="gift wrapped"), None,
        "select status from marts.fct_orders where order_id = 'status'", "unknown",
        "a sale with the status unknown, and a warning"),
    Row("unknown_customer", "An order of an unknown customer", "orders",
        an_order("stranger", customer_id="c77"), None,
        "select is_inferred from marts.dim_contacts where contact_id = 'c77'", True,
        "an inferred customer"),
    Row("emoji", "Emoji", "feedback", an_answer("emoji", "👍🏽 👨‍👩‍👧"), None,
        COMMENT.format("comment", "emoji"), "👍🏽 👨‍👩‍👧", "kept as it is"),
    Row("right_to_left", "Text from right to left", "feedback", an_answer("rtl", "מצוין ‏!"), None,
        COMMENT.format("comment", "rtl"), "מצוין ‏!", "kept as it is"),
    Row("quoted_newlines", "Quotes, delimiters and newlines within a cell", "feedback",
        an_answer("lines", 'one,\n"two"\r\nthree'), None,
        COMMENT.format("comment", "lines"), 'one,\n"two"\r\nthree', "kept as it is"),
    Row("large_cell", "A cell of 10 MB", "feedback", an_answer("large", "x" * 10_000_000), None,
        COMMENT.format("length(comment)", "large"), 10_000_000, "kept as it is"),
    Row("formula", "A formula", "feedback", an_answer("formula", FORMULA), None,
        COMMENT.format("comment", "formula"), FORMULA, "kept as text, never run"),
    Row("sql", "SQL in a value", "feedback", an_answer("sql", INJECTION), None,
        COMMENT.format("comment", "sql"), INJECTION, "kept as text, never run"),
    Row("control", "A control character", "feedback", an_answer("bell", "a\x07b"), None,
        COMMENT.format("comment", "bell"), "a\x07b", "kept as it is"),
    Row("score_text", "A score that is a word", "feedback", an_answer("word", "", score="good"),
        "score is not a decimal"),
]  # fmt: skip


def csv_of(rows: list[dict[str, str]]) -> str:
    """Rows as CSV, every field quoted."""
    quoted = [
        [f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row.values()] for row in rows
    ]
    return "\n".join([",".join(rows[0]), *(",".join(row) for row in quoted)]) + "\n"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with all these rows among many good ones, loaded and built by the commands."""
    folder = tmp_path_factory.mktemp("bad rows")
    tables: dict[str, list[dict[str, str]]] = {
        "orders": [an_order(f"good_{i}") for i in range(1_000)],
        "order_items": [
            {"order_item_id": f"good_{i}", "order_id": f"good_{i}", "product_id": "p",
             "quantity": "1"}
            for i in range(100)
        ],
        "interactions": [a_touch("twice")],
        "identity_links": [
            {"link_id": "b", "link_type": "merge", "source_id": "c4", "target_id": "c3",
             "linked_at": "2024-03-01"},
        ],
    }  # fmt: skip
    for case in ROWS_OF_DATA:
        tables.setdefault(case.table, []).append(case.row)
    tables["interactions"] += [a_touch(f"good_{i}") for i in range(100)]
    tables["consents"] += [
        {
            "customer_id": f"c{i}",
            "channel": "email",
            "recorded_at": "2024-03-01",
            "is_granted": "yes",
        }
        for i in range(9)
    ]
    tables["refunds"] += [
        {"refund_id": f"good_{i}", "order_id": f"good_{i}", "customer_id": "", "amount": "1",
         "refunded_at": "2024-03-02"} | {}
        for i in range(9)
    ]  # fmt: skip
    tables["identity_links"] += [
        {"link_id": f"good_{i}", "link_type": "login", "source_id": f"d{i}", "target_id": "c1",
         "linked_at": "2024-03-01"}
        for i in range(9)
    ]  # fmt: skip
    files: Files = {f"in/{name}.csv": csv_of(rows) for name, rows in tables.items()}
    files["in/refunds.csv"] = csv_of([dict(sorted(row.items())) for row in tables["refunds"]])
    files["in/consents.csv"] = csv_of([dict(sorted(row.items())) for row in tables["consents"]])
    files["in/customers.csv"] = "\ufeffCustomer_ID; Country \r\nc1;DE\r\nc2;FR\r\n"
    files["in/products.csv"] = "product_id,product_name\n"
    write(folder, files)
    done = run_load(folder, "in", "--loaded-at", LOADED_AT)
    assert done.returncode == 0, done.stderr
    built = run_lifecycle(
        "build",
        "--vars",
        f"{{quarantine_share_limit: {LIMITS}}}",
        cwd=folder,
        LIFECYCLE_PROJECT=PROJECT,
        LIFECYCLE_DUCKDB=folder / "company.duckdb",
        LIFECYCLE_PII_SALT="of this test",
        DBT_EXCLUDE_RESOURCE_TYPES="test unit_test",
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "company.duckdb"


@pytest.fixture(scope="module")
def marts(company: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The built company."""
    with duckdb.connect(str(company), read_only=True) as con:
        yield con


@pytest.mark.parametrize("case", ROWS_OF_DATA, ids=lambda case: case.name)
def test_a_row_ends_where_it_should(
    case: Row, marts: duckdb.DuckDBPyConnection, got: dict[str, tuple[str, str, str]]
) -> None:
    if case.fault is None:
        [[value]] = marts.execute(case.query).fetchall()
        assert value == case.value
        assert case.expected
        got[case.name] = (case.what, case.expected, case.expected)
        return
    key = next(iter(case.row.values())).strip()
    found = marts.execute(
        "select fault from marts.quarantined_rows where table_name = ?"
        " and row_key is not distinct from nullif(?, '') order by 1",
        [case.table, key if case.table != "consents" else "c1|email|2024-03-01 00:00:00"],
    ).fetchall()
    assert (case.fault,) in found
    got[case.name] = (case.what, f"quarantine: {case.fault}", f"quarantine: {case.fault}")


def test_every_row_is_accounted_for(marts: duckdb.DuckDBPyConnection) -> None:
    wrong = marts.execute(
        "from marts.row_accounting where raw_rows"
        " <> staged_rows + duplicate_rows + quarantined_rows + erased_rows"
    ).fetchall()
    assert wrong == []
    [[quarantined]] = marts.execute(
        "select sum(quarantined_rows) from marts.row_accounting"
        " where table_name <> 'identity_links'"
    ).fetchall()
    faults = [case for case in ROWS_OF_DATA if case.fault and case.table != "identity_links"]
    assert quarantined == len(faults)


def test_files_as_programs_write_them(
    marts: duckdb.DuckDBPyConnection, got: dict[str, tuple[str, str, str]]
) -> None:
    assert marts.execute(
        "select customer_id, country from staging.stg_customers order by 1"
    ).fetchall() == [("c1", "DE"), ("c2", "FR")]
    assert marts.execute("select count(*) from staging.stg_products").fetchall() == [(0,)]
    for name, what in (
        ("byte_order_mark", "A byte order mark before the header"),
        ("crlf", "Windows line ends"),
        ("semicolons", "Semicolons between the fields"),
        ("header_case", "A header in other case, with blanks"),
    ):
        got[name] = (what, "read as it is meant", "read as it is meant")
    got["zero_rows"] = ("A header without rows", "an empty table", "an empty table")


def test_ten_thousand_columns(
    loaded: Path, tmp_path: Path, got: dict[str, tuple[str, str, str]]
) -> None:
    shutil.copy(loaded, tmp_path / "company.duckdb")
    write(tmp_path, {"in/customers.csv": f"{WIDE}\nc9{',1' * 9_999}\n"})
    done = run_load(tmp_path, "in")
    assert done.returncode == 0, done.stderr
    assert "left out" in done.stdout
    assert len(done.stdout) < 2_000
    assert len(contents(tmp_path / "company.duckdb")["customers"]) == 3
    said = next(line for line in done.stdout.splitlines() if "left out" in line)
    got["wide"] = (
        "10,000 columns",
        "the contract's columns are loaded; the others are named, in a short sentence",
        f"exit 0. {without_paths(said, tmp_path)}",
    )


def test_the_same_file_twice(
    loaded: Path, tmp_path: Path, got: dict[str, tuple[str, str, str]]
) -> None:
    shutil.copy(loaded, tmp_path / "company.duckdb")
    before = contents(tmp_path / "company.duckdb")
    write(tmp_path, {"in/orders_copy.csv": ORDERS})
    done = run_load(tmp_path, "in")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "company.duckdb")["orders"] == before["orders"]
    said = next(line for line in done.stdout.splitlines() if "already" in line)
    got["same_content"] = (
        "The same content under another name",
        "nothing is loaded",
        f"exit 0. {re.sub(r' at [0-9: -]{19}', ' at …', without_paths(said, tmp_path))}",
    )


# ---------------------------------------------------------------------------------------------
# What a build refuses
# ---------------------------------------------------------------------------------------------


BROKEN_BUILDS = [
    (
        "too_much_quarantine",
        "A source of which more than the limit is broken",
        {
            "in/customers.csv": CUSTOMERS,
            "in/orders.csv": ORDERS + "".join(f"b{i},c1,soon,paid,1\n" for i in range(20)),
        },
        ("+row_accounting",),
        ("quarantine_share_is_within_limit",),
    ),
    (
        "column_not_there",
        "A raw table, filled by another tool, without a required column",
        {"in/customers.csv": CUSTOMERS, "in/orders.csv": ORDERS},
        ("raw_orders",),
        ("The raw table orders has no column ordered_at",),
    ),
]


@pytest.mark.parametrize("case", BROKEN_BUILDS, ids=lambda case: case[0])
def test_a_build_is_refused_with_a_sentence(
    case: tuple, tmp_path: Path, got: dict[str, tuple[str, str, str]]
) -> None:
    name, what, files, select, says = case
    write(tmp_path, files)
    assert run_load(tmp_path, "in").returncode == 0
    if name == "column_not_there":
        with duckdb.connect(str(tmp_path / "company.duckdb")) as con:
            con.execute("alter table raw.orders drop column ordered_at")
    done = run_lifecycle(
        "build", *(f"--select={nodes}" for nodes in select),
        cwd=tmp_path, LIFECYCLE_PROJECT=PROJECT,
        LIFECYCLE_DUCKDB=tmp_path / "company.duckdb",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for part in says:
        assert part in done.stdout
    said = next(line for line in done.stdout.splitlines() if says[0] in line)
    got[name] = (
        what,
        "the build stops and says why",
        f"exit 1. {without_paths(said, tmp_path)}",
    )


# ---------------------------------------------------------------------------------------------
# The page
# ---------------------------------------------------------------------------------------------

HEAD = """# Bad input

What happens when input is not as it should be. This table is written by
`tests/python/test_bad_input.py`, which also checks that a refused load leaves every raw table as
it was, and that the rows of a load add up: raw = staged + duplicates + quarantined + erased.

| input | expected | got |
| --- | --- | --- |
"""


def test_the_page_says_what_happened(got: dict[str, tuple[str, str, str]]) -> None:
    every = 2 + len(REFUSED) + len(ROWS_OF_DATA) + 5 + 2 + len(BROKEN_BUILDS)
    if len(got) < every:
        pytest.skip(f"only {len(got)} of {every} cases were run")
    assert len(got) >= 40
    rows = "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in got.values()
    )
    if os.environ.get("LIFECYCLE_WRITE_DOCS"):
        PAGE.write_text(HEAD + rows, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == HEAD + rows
