"""`lifecycle check`: files in, a verdict out, nothing left behind and nothing personal said."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from conftest import Command

from lifecycle.contract import read_landed
from lifecycle.errors import UserError
from lifecycle.gate.contract import History
from lifecycle.gate.history import read_history
from lifecycle.gate.incoming import check_files, count_quirks, left_out, share_limit
from lifecycle.gate.quirks import KEYS, quirk_suite, read_quirks

NOON = datetime(2024, 3, 2, 12)
ADDRESS = "anna.secret@example.org"
HEADER = "order_id,customer_id,ordered_at,status,gross_amount\n"
CUSTOMERS = "customer_id,country\nc1,DE\nc2,\n"


def orders(bad: int, good: int = 8) -> str:
    """Orders as CSV; the bad ones have an address where the amount should be."""
    rows = [f"o{n},c1,2024-03-01 10:00,paid,12.50" for n in range(good)]
    rows += [f"b{n},c1,2024-03-01 11:00,Paid,{ADDRESS}" for n in range(bad)]
    return HEADER + "\n".join(rows) + "\n"


def write(folder: Path, **files: str) -> Path:
    """Write CSV files by the name of their table; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def quietly_checked(
    folder: Path, database: Path, project: Path, mapping: Path | None = None
) -> tuple[bool, list[str]]:
    """Whether files pass in this process, and what is said."""
    said: list[str] = []
    passed = check_files([folder], database, project, mapping, NOON, None, said.append)
    return passed, said


def test_a_few_bad_rows_pass_and_nobody_is_quoted(lifecycle: Command, tmp_path: Path) -> None:
    files = write(
        tmp_path / "in",
        customers=CUSTOMERS.replace("country", "country,<b>colour")
        .replace("DE", "DE,red")
        .replace("c2,", "c2,,"),
        orders=orders(bad=1),
    )
    report = tmp_path / "report"
    done = lifecycle(
        *("check", files, "--report", report, "--loaded-at", "2024-03-02T12:00:00"),
        LIFECYCLE_DUCKDB=tmp_path / "company.duckdb",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    broken = "Warning: orders: gross_amount is not a decimal (1 of 9 rows)."
    assert f"{broken} These rows go to quarantine." in lines
    assert any(line.startswith("Warning: files") and "<b>colour" in line for line in lines)
    assert lines[-1].startswith("Check of in: passed.")
    # Nothing is left but the report, which quotes nobody.
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in", "report"]
    texts = {file: file.read_bytes() for file in report.rglob("*") if file.is_file()}
    assert {file.name for file in texts} >= {"results.json", "junit.xml", "index.html"}
    assert not [file for file, text in texts.items() if ADDRESS.encode() in text]
    assert ADDRESS not in done.stdout
    assert not [
        file for file, text in texts.items() if b"<b>colour" in text and file.suffix == ".html"
    ]
    found = json.loads((report / "results.json").read_text("utf-8"))
    assert found["passed"] is True
    assert found["checked_at"] == "2024-03-02T12:00:00"
    cases = ElementTree.parse(report / "junit.xml").getroot().findall("./testsuite/testcase")
    assert len(cases) == len(found["results"])


def test_too_many_bad_rows_fail(lifecycle: Command, tmp_path: Path) -> None:
    files = write(tmp_path / "in", customers=CUSTOMERS, orders=orders(bad=6))
    done = lifecycle("check", files, LIFECYCLE_DUCKDB=tmp_path / "company.duckdb")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith(
        "Failed: orders: more than the 5 rows that may break the contract do (6 of 14 rows)."
    )
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


def test_what_cannot_be_read_is_one_sentence(lifecycle: Command, tmp_path: Path) -> None:
    files = write(tmp_path / "in", orders=orders(bad=0).replace("ordered_at", "order_at"))
    done = lifecycle("check", files, LIFECYCLE_DUCKDB=tmp_path / "company.duckdb")
    assert done.returncode == 2
    assert "the required column ordered_at of orders is missing" in done.stderr
    assert done.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["in"]


def test_the_report_is_no_file(lifecycle: Command, tmp_path: Path) -> None:
    files = write(tmp_path / "in", orders=orders(bad=0))
    done = lifecycle("check", files, "--report", files / "orders.csv")
    assert done.returncode == 2
    assert "is a file. Give a folder." in done.stderr


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse into which orders were loaded seven times, the last time in two files."""
    database = tmp_path / "company.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create schema raw")
        con.execute(
            "create table raw.loads (load_id varchar, table_name varchar, source_file varchar,"
            " content_hash varchar, row_count bigint, loaded_at timestamp, input_hash varchar)"
        )
        con.execute(
            "create table raw.orders"
            " (order_id varchar, ordered_at varchar, _loaded_at timestamp, _load_id varchar)"
        )
        for day, (load, rows) in enumerate(
            [("l1", 1), ("l2", 2), ("l3", 90), ("l4", 100), ("l5", 110), ("l6", 120), ("l7", 60)], 1
        ):
            at = datetime(2024, 2, day)
            con.execute(
                "insert into raw.loads values (?, 'orders', '', '', ?, ?, '')", [load, rows, at]
            )
        con.execute("insert into raw.loads values ('l8', 'orders', '', '', 70, '2024-02-07', '')")
        con.executemany(
            "insert into raw.orders values (?, ?, ?, ?)",
            [
                ("new", "2024-02-05 23:00:00+02:00", "2024-02-06", "l6"),
                ("old", "2024-02-20", "2024-02-20", "l1"),  # of no load that is looked at
                ("nonsense", "soon", "2024-02-06", "l6"),
                ("future", "9999-12-31", "2024-02-06", "l8"),
            ],
        )
        con.execute("create table raw._settings (name varchar, value varchar)")
        con.execute(
            "insert into raw._settings values (?, ?)",
            ["quarantine_share_limit", "{default: 0.1, orders: 0.5}"],
        )
    return database


def test_the_last_five_loads_are_the_history(warehouse: Path, project: Path) -> None:
    landed = read_landed(project)
    tables = [landed["orders"], landed["refunds"]]
    history, settings, reason = read_history(warehouse, tables)
    assert history["orders"] == History((130, 120, 110, 100, 90), datetime(2024, 2, 5, 21))
    assert history["refunds"] == History()
    assert settings == {"quarantine_share_limit": {"default": 0.1, "orders": 0.5}}
    assert reason == ""
    assert read_history(warehouse.with_name("none.duckdb"), tables)[2].startswith("There is no")


def test_a_warehouse_that_is_locked_is_no_error(warehouse: Path, project: Path) -> None:
    code = (
        f"c = __import__('duckdb').connect({str(warehouse)!r}); print('ready', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        history, _, reason = read_history(warehouse, [read_landed(project)["orders"]])
        holder.communicate("\n")
    assert history == {}
    assert reason.startswith("Checked without the history of earlier loads")
    assert "open in another program" in reason


def test_volumes_are_held_against_the_last_loads(
    warehouse: Path, tmp_path: Path, project: Path
) -> None:
    """Nine rows where 110 are usual; the warehouse allows half of them in quarantine."""
    before = warehouse.read_bytes()
    files = write(tmp_path / "in", orders=orders(bad=0, good=9))
    passed, said = quietly_checked(files, warehouse, project)
    assert passed, said
    low = "the number of rows is not within 37 to 330, as in the last loads (found: 9)"
    assert any(line.startswith("Warning: orders") and low in line for line in said)
    assert warehouse.read_bytes() == before
    assert {file.name for file in tmp_path.iterdir()} == {"in", "company.duckdb"}


def test_an_empty_export_fails_where_rows_are_usual(
    warehouse: Path, tmp_path: Path, project: Path
) -> None:
    files = write(tmp_path / "in", orders=HEADER)
    passed, said = quietly_checked(files, warehouse, project)
    assert not passed
    assert said[0].startswith("Failed: orders: there are no rows, where the last loads had 110")


def test_the_limit_may_differ_by_table(project: Path) -> None:
    given = {"quarantine_share_limit": {"default": 0.2, "orders": 0.01}}
    assert share_limit(project, given, "orders") == 0.01
    assert share_limit(project, given, "refunds") == 0.2
    assert share_limit(project, {"quarantine_share_limit": 0.3}, "orders") == 0.3
    assert 0 < share_limit(project, {}, "orders") < 1


def test_what_is_left_out_is_told(project: Path) -> None:
    lines = [
        "Left out, not named after a raw table: a.csv.",
        "orders.csv: not in the contract of orders and left out: x y. A column of your own …",
        "Reading: 10 of 20 MB",
    ]
    (check,) = left_out(lines).checks
    assert check.fault == (
        "not named after a raw table: a.csv; "
        "orders.csv: not in the contract of orders and left out: x y"
    )


# Quirks


QUIRKS = """
- name: no_customer
  what: Lines without a customer.
  sql: select count(*) from shop where client is null
  ends: guest orders
- name: all_lines
  what: All lines.
  sql: |
    select count(*) -- everything
    from shop
  ends: orders
"""


def shop(folder: Path, quirks: str) -> tuple[Path, Path]:
    """A file of a shop with its own words, and a mapping with known quirks."""
    files = folder / "export"
    files.mkdir()
    (files / "shop.csv").write_text(
        "number,client,day\n1,c1,2024-03-01\n2,,2024-03-01\n3,,2024-03-02\n", "utf-8"
    )
    mapping = folder / "shop_mapping"
    mapping.mkdir()
    (mapping / "orders.sql").write_text(
        "select number as order_id, client as customer_id, day as ordered_at, 'paid' as status"
        " from shop",
        "utf-8",
    )
    (mapping / "quirks.yml").write_text(quirks, "utf-8")
    return files, mapping


def test_quirks_are_told_by_name_with_their_number(tmp_path: Path, project: Path) -> None:
    files, mapping = shop(tmp_path, QUIRKS)
    passed, said = quietly_checked(files, tmp_path / "company.duckdb", project, mapping)
    assert passed, said
    at = said.index("Known quirks of this source:")
    assert [line.strip() for line in said[at + 1 : at + 3]] == [
        "2  no_customer: Lines without a customer. They end: guest orders.",
        "3  all_lines: All lines. They end: orders.",
    ]


@pytest.mark.parametrize(
    ("quirks", "sentence"),
    [
        (QUIRKS.replace("from shop where", "from shops where"), "no_customer"),
        (QUIRKS.replace("client is null", "klient is null"), "no_customer"),
        (QUIRKS.replace("count(*) from shop", "client from shop"), "must give one number"),
        (QUIRKS.replace("  ends: guest orders\n", ""), "no_customer: ends is missing"),
        (QUIRKS.replace("what: All", "wat: All"), "all_lines: there is no wat. Did you mean what?"),
        (QUIRKS.replace("all_lines", "no_customer"), "the name is there twice"),
        ("name: x", "write a list of quirks"),
        ("- [", "is not valid YAML"),
        (QUIRKS.replace("select count(*) from shop", "drop table shop; select 1"), "no_customer"),
    ],
)
def test_a_quirk_that_cannot_be_counted_is_named(
    quirks: str, sentence: str, tmp_path: Path
) -> None:
    files, mapping = shop(tmp_path, quirks)
    with pytest.raises(UserError) as caught:
        count_quirks([files], mapping)
    assert sentence in str(caught.value)
    assert "quirks.yml" in str(caught.value)


def test_the_quirks_of_our_mappings_can_be_read(project: Path) -> None:
    found = {
        file.parent.name: read_quirks(file.parent) for file in project.glob("mappings/*/*.yml")
    }
    assert {"cdnow", "complete_journey", "cookie_cats", "olist", "online_retail"} <= set(found)
    for name, quirks in found.items():
        assert quirks, name
        suite = quirk_suite(dict.fromkeys(quirks, 1))
        assert [check.severity for check in suite.checks] == ["info"] * len(quirks)


def test_the_documented_keys_are_those_that_are_read(project: Path) -> None:
    text = (project / "docs" / "quality-gate.md").read_text("utf-8")
    assert all(f"| `{key}` |" in text for key in KEYS)
