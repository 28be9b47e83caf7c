"""Loading for real life: folders, patterns, gzip, growing folders, interruptions, two at once."""

import contextlib
import gzip
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Command
from test_load import CUSTOMERS, NOON, ORDERS, Bench, mapping

from lifecycle import files, incoming, meter
from lifecycle import load as moving
from lifecycle.errors import UserError
from lifecycle.files import data_files
from lifecycle.incoming import bring, reserved
from lifecycle.load import load, move
from lifecycle.mapping import views_of

LATER = NOON + timedelta(days=1)
HEADER = "order_id,customer_id,ordered_at,status,gross_amount\n"


@pytest.fixture
def bench(tmp_path: Path, project: Path) -> Bench:
    """A fresh bench, in a path with spaces, a quote and what a pattern is made of."""
    folder = tmp_path / "it's [a] path"
    folder.mkdir()
    return Bench(folder, project)


def order(number: int) -> str:
    """An order as a CSV line."""
    return f"o{number},c1,2024-03-01 10:00,paid,{number}.50\n"


def left_behind(bench: Bench) -> list[str]:
    """The names of the files beside the database, but for the inputs."""
    return sorted(file.name for file in bench.folder.iterdir() if file.is_file())


# Which files


def test_nested_folders_are_read_and_hidden_ones_are_not(bench: Bench) -> None:
    bench.write("orders_1.csv", HEADER + order(1))
    bench.write("2024/q1/orders_2.csv", HEADER + order(2))
    bench.write(".orders_3.csv", HEADER + order(3))
    bench.write(".trash/orders_4.csv", HEADER + order(4))
    bench.write("2024/.old/orders_5.csv", HEADER + order(5))
    assert bench.load() == {"orders": 2}
    assert bench.rows("select _source_file, order_id from raw.orders order by 1") == [
        ("2024/q1/orders_2.csv", "o2"),
        ("orders_1.csv", "o1"),
    ]


def test_a_folder_may_name_the_table_of_its_files(bench: Bench) -> None:
    bench.write("orders/2024/part-1.csv", HEADER + order(1))
    bench.write("orders/customers_of_today.csv", CUSTOMERS)
    assert bench.load() == {"orders": 1, "customers": 2}
    bench.write("part-2.csv", HEADER + order(2), under="orders")
    assert bench.load(bench.folder / "orders") == {"orders": 1}


@pytest.mark.parametrize(
    ("pattern", "orders"),
    [
        ("in/orders_*.csv", {"o1", "o2"}),
        ("in/orders_[12].csv", {"o1", "o2"}),
        ("in/*/orders_?.csv", {"o3"}),
        ("in/**/*.csv", {"o1", "o2", "o3"}),
        ("i*", {"o1", "o2", "o3"}),
    ],
)
def test_a_pattern_gives_what_is_like_it(
    tmp_path: Path, project: Path, pattern: str, orders: set[str]
) -> None:
    bench = Bench(tmp_path, project)
    for number, name in enumerate(("orders_1.csv", "orders_2.csv", "more/orders_3.csv"), 1):
        bench.write(name, HEADER + order(number))
    bench.write("orders_notes.md", "nothing")
    bench.load(tmp_path / pattern)
    assert {row[0] for row in bench.rows("select order_id from raw.orders")} == orders


def test_several_paths_are_one_load_and_each_file_counts_once(bench: Bench) -> None:
    folder = bench.write("orders_1.csv", HEADER + order(1))
    bench.write("orders_2.csv", HEADER + order(2))
    other = bench.write("customers.csv", CUSTOMERS, under="crm")
    paths = [folder / "orders_1.csv", folder, other / "customers.csv"]
    added = load(paths, bench.database, bench.project, None, NOON, bench.said.append)
    assert added == {"orders": 2, "customers": 2}
    assert {row[0] for row in bench.rows("select source_file from raw.loads")} == {
        "crm/customers.csv",
        "in/orders_1.csv",
        "in/orders_2.csv",
    }


def test_a_name_with_a_pattern_in_it_is_a_name(bench: Bench) -> None:
    bench.write("orders_[1].csv", HEADER + order(1))
    bench.write("orders_1.csv", HEADER + order(2))
    assert bench.load(bench.folder / "in" / "orders_[1].csv") == {"orders": 1}
    assert bench.rows("select order_id from raw.orders") == [("o1",)]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("in/returns_*.csv", "returns_*.csv. Look at the pattern."),
        ("nowhere", "nowhere is not there."),
    ],
)
def test_what_is_not_there_is_said(bench: Bench, path: str, sentence: str) -> None:
    bench.write("orders.csv", ORDERS)
    with pytest.raises(UserError, match=r"is not there|is like") as caught:
        data_files([bench.folder / "in", bench.folder / path])
    assert sentence in str(caught.value)


# Gzip


@pytest.mark.parametrize("name", ["orders.csv.gz", "ORDERS_1.CSV.GZ", "orders.txt.gz"])
def test_gzip_is_unpacked(bench: Bench, name: str) -> None:
    bench.write(name, gzip.compress(ORDERS.encode()))
    assert bench.load() == {"orders": 1}
    assert bench.rows("select order_id, _source_file from raw.orders") == [("o1", name)]


def test_the_same_content_packed_again_is_loaded_once(bench: Bench) -> None:
    bench.write("orders.csv.gz", gzip.compress(ORDERS.encode(), mtime=1))
    bench.load()
    bench.write("orders.csv.gz", gzip.compress(ORDERS.encode(), mtime=2))
    bench.write("orders_1.csv", ORDERS)
    assert bench.load() == {}


@pytest.mark.parametrize("cut", [5, 200, -9, -1])
def test_a_truncated_gzip_file_is_refused(bench: Bench, cut: int) -> None:
    rows = "".join(order(number) for number in range(2_000))
    bench.write("orders.csv.gz", gzip.compress((HEADER + rows).encode())[:cut])
    assert "orders.csv.gz is damaged or cut short" in bench.refused()


def test_what_only_is_named_gzip_is_refused(bench: Bench) -> None:
    bench.write("orders.csv.gz", ORDERS)
    assert "orders.csv.gz is no gzip file" in bench.refused()


# Only what is new


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file's content was compared."""
    counts: Counter[str] = Counter()
    digest = files.file_digest

    def counted(file: files.DataFile, *rest: object) -> str:
        counts[file.name] += 1
        return digest(file, *rest)

    monkeypatch.setattr(incoming, "file_digest", counted)
    return counts


def test_of_a_growing_folder_only_new_files_are_read(bench: Bench, reads: Counter[str]) -> None:
    bench.write("orders_1.csv", HEADER + order(1))
    bench.write("orders_2.csv", HEADER + order(2))
    bench.load()
    bench.write("orders_3.csv", HEADER + order(3))
    # It cannot be opened any more, so it was not.
    (bench.folder / "in" / "orders_1.csv").chmod(0)
    os.utime(bench.folder / "in" / "orders_2.csv")
    known = (bench.folder / "in" / "orders_1.csv").stat()
    with duckdb.connect(str(bench.database)) as con:
        con.execute(
            "update raw._load_inputs set stamp = ? where path like '%orders_1.csv'",
            [f"{known.st_size}-{known.st_mtime_ns}-{known.st_ctime_ns}"],
        )
    reads.clear()
    assert bench.load(at=LATER) == {"orders": 1}
    assert reads == {"orders_2.csv": 1, "orders_3.csv": 1}
    assert "orders: 2 files were loaded already, with the same content." in bench.said
    reads.clear()
    assert bench.load(at=LATER) == {}
    assert not reads


def test_a_file_that_changed_keeping_its_size_is_read_again(bench: Bench) -> None:
    file = bench.write("orders.csv", HEADER + order(1)) / "orders.csv"
    bench.load()
    times = file.stat()
    file.write_text(HEADER + order(2))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert bench.load() == {"orders": 1}


def test_a_file_written_to_while_it_is_read_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bench.write("orders.csv", HEADER + order(1)) / "orders.csv"
    fit = incoming.fit_columns

    def grow(*arguments: object) -> dict[str, str]:
        with file.open("a") as stream:
            stream.write(order(2))
        return fit(*arguments)

    monkeypatch.setattr(incoming, "fit_columns", grow)
    assert "orders.csv was written to while it was read" in bench.refused()
    monkeypatch.undo()
    assert bench.load() == {"orders": 2}


# Mappings over folders that grow


SALES = "buyer,day,paid\n"
ORDERS_SQL = (
    "select buyer || '-' || day as order_id, buyer as customer_id, day as ordered_at,"
    " 'paid' as status, paid as gross_amount, sum(cast(paid as int)) over (partition by buyer)"
    " as x_total from sales"
)
ORDER_ROWS = "select order_id, gross_amount, x_total, _source_file from raw.orders order by all"


def sales(bench: Bench, month: int, *lines: str) -> None:
    """A month's file."""
    bench.write(f"sales_2024_{month:02}.csv", SALES + "".join(f"{line}\n" for line in lines))


def whole(bench: Bench, sql: str, name: str) -> list[tuple]:
    """The orders when the folder is loaded at once into a database of its own."""
    other = Bench(bench.folder / name, bench.project)
    other.folder.mkdir()
    other.load(bench.folder / "in", mapping(bench, orders=sql))
    return other.rows(ORDER_ROWS)


def test_a_mapping_over_a_folder_that_grew_ends_as_if_loaded_at_once(bench: Bench) -> None:
    folder = mapping(bench, orders=ORDERS_SQL)
    sales(bench, 1, "ann,2024-01-01,5", "bob,2024-01-02,5", "eve,2024-01-03,1", "eve,2024-01-03,1")
    assert bench.load(mapping=folder) == {"orders": 4}
    sales(bench, 2, "ann,2024-02-01,7", "kim,2024-02-02,9")
    # Ann's total changes, so her old row is made no longer; three rows are made again.
    assert bench.load(mapping=folder, at=LATER) == {"orders": 3}
    assert "orders: 3 rows from my mapping/orders.sql, in place of 1 rows" in bench.said[-1]
    assert bench.rows(ORDER_ROWS) == whole(bench, ORDERS_SQL, "at once")
    assert bench.rows("select order_id, _loaded_at from raw.orders order by all") == [
        ("ann-2024-01-01", LATER),
        ("ann-2024-02-01", LATER),
        ("bob-2024-01-02", NOON),
        ("eve-2024-01-03", NOON),
        ("eve-2024-01-03", NOON),
        ("kim-2024-02-02", LATER),
    ]
    counts = "select sum(row_count), count(*) from raw.loads where table_name = 'orders'"
    assert bench.rows(counts) == [(6, 2)]
    assert bench.load(mapping=folder, at=LATER) == {}
    sales(bench, 3, "eve,2024-01-03,1")
    bench.load(mapping=folder, at=LATER + timedelta(days=1))
    assert bench.rows(ORDER_ROWS) == whole(bench, ORDERS_SQL, "three at once")
    assert bench.rows(counts) == [(7, 3)]
    # One set of three files is remembered, not one per load.
    assert bench.rows("select count(*) from raw._load_sets") == [(3,)]


def test_copies_of_a_row_are_counted(bench: Bench) -> None:
    def load_copies(*copies: int) -> list[tuple]:
        for month, count in enumerate(copies, 1):
            sales(bench, month, *["eve,2024-01-03,1"] * count)
        bench.load(mapping=folder)
        return bench.rows("select gross_amount, count(*) from raw.orders group by all")

    folder = mapping(bench, orders=ORDERS_SQL.split(", sum(")[0] + " from sales")
    files_differ = [
        ("1", 5),
    ]
    assert load_copies(2) == [("1", 2)]
    assert load_copies(2, 3) == files_differ
    fewer = "select distinct 'o' as order_id, '2024-01-03' as ordered_at, 'paid' as status,"
    folder = mapping(bench, orders=f"{fewer} '1' as gross_amount from sales")
    assert load_copies(2, 3, 4) == [("1", 1)]


def test_a_mapping_mended_over_a_folder_that_grew(bench: Bench) -> None:
    sales(bench, 1, "ann,2024-01-01,5")
    bench.load(mapping=mapping(bench, orders=ORDERS_SQL))
    sales(bench, 2, "bob,2024-02-01,7")
    bench.load(mapping=mapping(bench, orders=ORDERS_SQL))
    mended = ORDERS_SQL.replace("'paid' as", "'shipped' as")
    bench.load(mapping=mapping(bench, orders=mended))
    assert bench.rows("select status, count(*) from raw.orders group by all") == [("shipped", 2)]
    sales(bench, 3, "kim,2024-03-01,7")
    bench.load(mapping=mapping(bench, orders=ORDERS_SQL))
    assert bench.rows("select status, count(*) from raw.orders group by all") == [("paid", 3)]
    assert bench.rows(ORDER_ROWS) == whole(bench, ORDERS_SQL, "at once")


def test_some_of_the_files_of_a_mapping_are_loaded_already(bench: Bench) -> None:
    folder = mapping(bench, orders=ORDERS_SQL)
    sales(bench, 1, "ann,2024-01-01,5")
    sales(bench, 2, "ann,2024-02-01,7")
    bench.load(mapping=folder)
    (bench.folder / "in" / "sales_2024_02.csv").unlink()
    assert bench.load(mapping=folder) == {}
    assert bench.rows("select count(*) from raw.orders") == [(2,)]


def test_other_files_of_a_mapping_are_added(bench: Bench) -> None:
    folder = mapping(bench, orders=ORDERS_SQL)
    sales(bench, 1, "ann,2024-01-01,5")
    bench.load(mapping=folder)
    (bench.folder / "in" / "sales_2024_01.csv").unlink()
    sales(bench, 2, "ann,2024-02-01,7")
    assert bench.load(mapping=folder) == {"orders": 1}
    assert bench.rows("select count(*) from raw.orders") == [(2,)]
    # Both were made of some of these files.
    sales(bench, 1, "ann,2024-01-01,5")
    bench.load(mapping=folder)
    assert bench.rows(ORDER_ROWS) == whole(bench, ORDERS_SQL, "at once")


def test_rows_of_a_grown_folder_may_bring_their_own_time(bench: Bench) -> None:
    sql = ORDERS_SQL.split(", sum(")[0] + ", max(day) over () as _loaded_at from sales"
    sales(bench, 1, "ann,2024-01-01,5")
    bench.load(mapping=mapping(bench, orders=sql))
    sales(bench, 2, "bob,2024-02-01,5")
    bench.load(mapping=mapping(bench, orders=sql))
    assert bench.rows("select customer_id, _loaded_at from raw.orders order by 1") == [
        ("ann", datetime(2024, 2, 1)),
        ("bob", datetime(2024, 2, 1)),
    ]


def test_types_may_widen_while_a_folder_grows(bench: Bench) -> None:
    query = "select {} as order_id, timestamp '2024-01-01' as ordered_at, 'paid' as status"
    bench.parquet("sales_1.parquet", query.format(1))
    sql = "select * exclude (_source_file) from sales"
    bench.load(mapping=mapping(bench, orders=sql))
    bench.write("orders.csv", ORDERS, under="contract")
    bench.load(bench.folder / "contract")
    bench.parquet("sales_2.parquet", query.format(2))
    assert bench.load(mapping=mapping(bench, orders=sql), at=LATER) == {"orders": 1}
    assert bench.rows("select order_id, _loaded_at from raw.orders order by 1") == [
        ("1", NOON),
        ("2", LATER),
        ("o1", NOON),
    ]


# Views of a mapping


def test_files_of_one_kind_are_one_view(bench: Bench) -> None:
    bench.write("Sales_2024-01.csv", "buyer,day\nann,1\n")
    bench.write("sales_2024-02.csv", "day;buyer;shop\n2;bob;north\n")
    bench.parquet("sales_3.parquet", "select 'kim' as buyer, '3' as day")
    bench.write("sales4.csv.gz", gzip.compress(b"buyer,day\neve,4\n"))
    sql = "select buyer as customer_id, day as x_day, shop as x_shop, _source_file from sales"
    bench.load(mapping=mapping(bench, customers=sql))
    assert bench.rows("select * exclude (_loaded_at, _load_id) from raw.customers order by 1") == [
        ("ann", "1", None, "Sales_2024-01.csv"),
        ("bob", "2", "north", "sales_2024-02.csv"),
        ("eve", "4", None, "sales4.csv.gz"),
        ("kim", "3", None, "sales_3.parquet"),
    ]


def test_which_views_there_are(bench: Bench) -> None:
    for name in ("sales_2024_01.csv", "sales_2024-q2.csv", "orders.csv", "orders_2.csv"):
        bench.write(name, ORDERS)
    for name in ("2023/leads.csv", "2024/leads.csv", "crm/part-01.csv", "crm/old/part-01.csv"):
        bench.write(name, ORDERS)
    found = views_of(data_files([bench.folder / "in"]), False)
    assert {name: sorted(file.name for file in of) for name, of in found.items()} == {
        "sales_2024_01": ["sales_2024_01.csv"],
        "sales_2024_q2": ["sales_2024-q2.csv"],
        "sales": ["sales_2024-q2.csv", "sales_2024_01.csv"],
        "orders": ["orders.csv"],
        "orders_2": ["orders_2.csv"],
        "leads": ["2023/leads.csv", "2024/leads.csv"],
        "2023": ["2023/leads.csv"],
        "2024": ["2024/leads.csv"],
        "part_01": ["crm/old/part-01.csv", "crm/part-01.csv"],
        "part": ["crm/old/part-01.csv", "crm/part-01.csv"],
        "crm": ["crm/old/part-01.csv", "crm/part-01.csv"],
        "old": ["crm/old/part-01.csv"],
    }


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "select\n    buyer as customer_id,\n    dya as x_day\nfrom sales",
            'customers.sql, line 3: column "dya" not found. Did you mean day?',
        ),
        (
            "select s.byer as customer_id from sales as s",
            'customers.sql, line 1: column "byer" not found. Did you mean buyer?',
        ),
        (
            "select buyer as customer_id\nfrom sale",
            "customers.sql, line 2 reads sale, which is not there. Did you mean sales?",
        ),
        (
            "select buyer as customer_id\nfrm sales",
            'customers.sql, line 2: Parser Error: syntax error at or near "frm"',
        ),
        (
            "select uper(buyer) as customer_id from sales",
            'function with name uper does not exist! Did you mean "upper"',
        ),
        (
            "select buyer as custmer_id from sales",
            "required column customer_id of customers is missing. Did you mean it by custmer_id",
        ),
        ("", "exactly one SELECT"),
    ],
)
def test_a_mistake_in_a_mapping_is_named_with_its_place(
    bench: Bench, sql: str, sentence: str
) -> None:
    bench.write("sales.csv", "buyer,day\nann,1\n")
    said = bench.refused(mapping=mapping(bench, customers=sql))
    assert said.startswith("my mapping/customers.sql")
    assert sentence.lower() in said.lower()
    assert left_behind(bench) == []


def test_a_mapping_in_another_encoding_is_refused(bench: Bench) -> None:
    bench.write("sales.csv", "buyer,day\nann,1\n")
    folder = bench.write("customers.sql", "select 'Köln' as a".encode("latin-1"), "my mapping")
    assert "my mapping/customers.sql is not written in UTF-8" in bench.refused(mapping=folder)


# Interrupted, and two at once


def interrupted(bench: Bench, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """A load that stops when it has read so many batches."""
    read = incoming._read
    left = after

    def stop(*arguments: object) -> incoming.Batch:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        return read(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(incoming, "_read", stop)
        with pytest.raises(KeyboardInterrupt):
            bench.load()


def test_a_load_goes_on_where_it_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, reads: Counter[str]
) -> None:
    for number in range(5):
        bench.write(f"orders_{number}.csv", HEADER + order(number))
    interrupted(bench, monkeypatch, after=3)
    assert not bench.database.exists()
    # Neither its digest nor its rows are read again.
    (bench.folder / "in" / "orders_0.csv").chmod(0)
    stamps = {"now": files.stamp}
    monkeypatch.setattr(
        incoming, "stamp", lambda file: stamps["now"](file).rsplit("-", 1)[0] + "-0"
    )
    with duckdb.connect(str(bench.folder / "bench_incoming.duckdb")) as con:
        con.execute("update raw._inputs set stamp = regexp_replace(stamp, '-[0-9]+$', '-0')")
        assert con.execute("select count(*) from raw.orders").fetchone() == (3,)
    reads.clear()
    assert bench.load() == {"orders": 5}
    assert not reads
    assert bench.rows("select count(distinct order_id), count(*) from raw.orders") == [(5, 5)]
    assert bench.rows("select count(*), sum(row_count) from raw.loads") == [(5, 5)]
    assert left_behind(bench) == ["bench.duckdb"]


def test_rows_of_another_load_that_stopped_do_not_slip_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("orders_1.csv", "order_id,ordered_at,status,x_stale\na,2024-01-01,paid,1\n")
    bench.write("orders_2.csv", HEADER + order(2))
    interrupted(bench, monkeypatch, after=1)
    bench.write("orders_3.csv", HEADER + order(3), under="other")
    assert bench.load(bench.folder / "other") == {"orders": 1}
    assert bench.rows("select order_id from raw.orders") == [("o3",)]
    assert "x_stale" not in bench.types("orders")


def test_a_load_that_goes_on_takes_the_time_it_is_given(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("orders_1.csv", HEADER + order(1))
    bench.write("orders_2.csv", HEADER + order(2))
    interrupted(bench, monkeypatch, after=1)
    bench.load(at=LATER)
    assert bench.rows("select distinct _loaded_at from raw.orders") == [(LATER,)]


def test_a_bad_file_keeps_what_was_read_for_the_next_load(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.write("orders.csv", ORDERS + "o2,c1\n")
    bench.refused()
    assert left_behind(bench) == ["bench_incoming.duckdb"]
    bench.write("orders.csv", ORDERS)
    assert bench.load() == {"customers": 2, "orders": 1}
    assert left_behind(bench) == ["bench.duckdb"]


def test_a_database_in_a_folder_that_is_not_there_is_refused(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.database = bench.folder / "elsewhere" / "bench.duckdb"
    assert "elsewhere of the database is not there" in bench.refused()


def test_a_damaged_loading_area_is_made_anew(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    (bench.folder / "bench_incoming.duckdb").write_bytes(b"cut off" * 5_000)
    assert bench.load() == {"customers": 2}


def test_two_loads_at_once_are_refused(bench: Bench, lifecycle: Command) -> None:
    bench.write("customers.csv", CUSTOMERS)
    with reserved(bench.database):
        done = lifecycle("load", bench.folder / "in", LIFECYCLE_DUCKDB=bench.database)
    assert done.returncode == 2
    assert "Another load or check of bench.duckdb is at work." in done.stderr
    assert left_behind(bench) == []
    assert bench.load() == {"customers": 2}


def test_a_build_that_began_meanwhile_costs_nothing_but_time(
    bench: Bench, lifecycle: Command
) -> None:
    """What was read waits in the loading area until the database is free."""
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    bench.write("orders.csv", ORDERS)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); input()",
            str(bench.database),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        with reserved(bench.database) as area:
            batches = bring([bench.folder / "in" / "orders.csv"], area, PROJECT, None, NOON)
            holder.stdout.readline()
            with pytest.raises(UserError) as caught:
                move(batches, area, bench.database, PROJECT, {}, bench.said.append)
    finally:
        holder.communicate(b"\n")
    assert "is open in another program" in str(caught.value)
    assert "What was read is kept in bench_incoming.duckdb" in str(caught.value)
    assert bench.load() == {"orders": 1}
    assert "1 of 1 were read before the last load stopped." in bench.said


def test_a_move_that_is_stopped_halfway_changes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    bench.write("customers_2.csv", "customer_id,region\nc3,BY\n")
    bench.write("orders.csv", ORDERS)
    add = moving._add

    def stop(con: duckdb.DuckDBPyConnection, batch: incoming.Batch) -> moving.Change:
        if batch.table == "orders":
            raise KeyboardInterrupt
        return add(con, batch)

    with monkeypatch.context() as patch:
        patch.setattr(moving, "_add", stop)
        with pytest.raises(KeyboardInterrupt):
            bench.load()
    assert bench.rows("select count(*) from raw.customers") == [(2,)]
    assert "region" not in bench.types("customers")
    assert bench.rows("select table_name from raw.loads") == [("customers",)]
    assert bench.load() == {"customers": 1, "orders": 1}


def test_killed_at_any_moment_a_load_is_whole_or_not_there(bench: Bench) -> None:
    for table in range(3):
        rows = "".join(order(1_000_000 * table + number) for number in range(60_000))
        bench.write(f"orders_{table}.csv", HEADER + rows)
    command = [sys.executable, "-m", "lifecycle", "load", "--no-report", str(bench.folder / "in")]
    environment = os.environ | {
        "LIFECYCLE_DUCKDB": str(bench.database),
        "LIFECYCLE_PROJECT": str(PROJECT),
    }
    kills = 0
    for delay in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(delay)
        kills += process.poll() is None
        process.kill()
        process.wait()
        if bench.database.exists():
            there = "select count(*) from duckdb_tables() where table_name = 'orders'"
            if bench.rows(there) == [(1,)]:
                assert bench.rows("select count(*) from raw.orders") == [(180_000,)]
    assert kills
    bench.load()
    assert bench.rows(
        "select count(*), count(distinct order_id), count(distinct _load_id) from raw.orders"
    ) == [(180_000, 180_000, 3)]
    assert bench.rows("select sum(row_count), count(*) from raw.loads") == [(180_000, 3)]
    assert left_behind(bench) == ["bench.duckdb"]


# What it says


def test_a_long_load_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    now = 0.0
    with meter.meter("Reading", 400e6, said.append, clock=lambda: now) as done:
        for second in range(0, 41):
            now = float(second)
            done(second * 10e6)
    assert said == [
        "Reading: 100 of 400 MB",
        "Reading: 200 of 400 MB",
        "Reading: 300 of 400 MB",
        "Reading: 400 of 400 MB",
    ]


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    now = 0.0
    said: list[str] = []
    shown: list[float] = []
    bar = meter._bar

    def recorded(words: str, total: float) -> tuple:
        show, close = bar(words, total)

        def see(size: float) -> float:
            shown.append(size)
            return show(size)

        return see, close

    monkeypatch.setattr(meter, "_bar", recorded)
    with meter.meter("Reading", 100.0, said.append, clock=lambda: now) as done:
        for second in range(4):
            now = float(second)
            done(second * 10.0)
    assert shown == [20.0, 30.0]
    assert said == []


def test_a_query_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "POLL_EVERY", 0.001)
    told: list[float] = []
    with duckdb.connect() as con, meter.watched(con, told.append, 1e9, 2e9):
        con.execute("select sum(hash(range)) from range(30_000_000)").fetchall()
    assert told[-1] == 3e9
    assert len(told) > 1
    assert told == sorted(told)
    assert told[0] >= 1e9


def test_a_short_load_says_nothing_of_it(bench: Bench) -> None:
    bench.write("customers.csv", CUSTOMERS)
    bench.load()
    assert bench.said == ["customers: 2 rows from customers.csv."]


def test_many_files_are_one_line(bench: Bench) -> None:
    for number in range(10):
        bench.write(
            f"orders_{number}.csv", HEADER.strip() + ",colour\n" + order(number)[:-1] + ",x\n"
        )
    bench.load()
    assert bench.said == [
        "orders_0.csv and 9 files like it: not in the contract of orders and left out: colour. "
        "A column of your own is kept when its name begins with x_.",
        "orders: 10 rows from 10 files.",
    ]
