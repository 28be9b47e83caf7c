"""The benchmark measures what it says: a real delivery, and rivals that compute the same thing."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from conftest import PROJECT, Command
from warehouse import run_dbt

BENCHMARKS = PROJECT / "benchmarks"
# A tenth: the company is tiny, and nothing may be missing.
SHARE = "0.1"
MIX = {
    "customers": {"new", "correction"},
    "feedback": {"new"},
    "identity_links": {"login", "merge"},
    "interactions": {"new", "late", "correction", "repeat"},
    "order_items": {"new", "late", "correction", "repeat"},
    "orders": {"new", "late", "correction", "repeat"},
    "refunds": {"refund"},
    "tickets": {"new"},
}


def python(script: str, *arguments: str | Path) -> str:
    """What a script of the benchmark says."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / script, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, lifecycle: Command) -> Path:
    """A folder with a company of 60 customers (raw) and its next day (delivery, mix.json)."""
    folder = tmp_path_factory.mktemp("benchmark")
    size = ("--customers", "60", "--days", "500", "--seed", "1", "--format", "parquet")
    done = lifecycle("generate", *size, "--out", folder / "raw")
    assert done.returncode == 0, done.stderr
    # The alternatives know of no erasure.
    (folder / "raw" / "erasure_requests.parquet").unlink()
    for truth in (folder / "raw").glob("truth_*"):
        truth.unlink()
    mix = python("delivery.py", folder / "raw", folder / "delivery", "--share", SHARE)
    (folder / "mix.json").write_text(mix)
    return folder


@pytest.fixture(scope="module")
def built(folder: Path, lifecycle: Command) -> Path:
    """A database with both loaded and built."""
    database = folder / "company.duckdb"
    for part in ("raw", "delivery"):
        done = lifecycle("load", folder / part, LIFECYCLE_DUCKDB=database)
        assert done.returncode == 0, done.stdout + done.stderr
        (folder / f"{part}.txt").write_text(done.stdout)
    variables = {"use_sample": False}
    run_dbt("seed", database, variables=variables)
    run_dbt("run", database, "--select", "+marts.lifecycle", "+customer_rfm", variables=variables)
    return database


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that runs what is measured."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("processes")


def connected(database: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(database), read_only=True)
    con.execute("set TimeZone = 'UTC'")
    return con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def test_a_delivery_has_everything_a_day_can_bring(folder: Path) -> None:
    mix = json.loads((folder / "mix.json").read_text())
    assert {table: set(kinds) for table, kinds in mix.items() if table != "exchange_rates"} == MIX
    with duckdb.connect() as con:
        for table in mix:
            for part in ("raw", "delivery"):
                con.execute(f"create view {part}_{table} as from '{folder / part / table}.parquet'")
            columns = [rows(con, f"describe {part}_{table}") for part in ("raw", "delivery")]
            assert columns[0] == columns[1], table

        def count(query: str) -> int:
            return con.execute(f"select count(*) from {query}").fetchone()[0]

        # An exact repeat differs in nothing but the time of its load.
        for table in ("orders", "order_items", "interactions"):
            repeats = count(
                f"(select * exclude (_loaded_at) from delivery_{table}"
                f" intersect select * exclude (_loaded_at) from raw_{table})"
            )
            assert repeats == mix[table]["repeat"], table
        # A late order has a new key, and happened at least two months before the latest.
        latest = "(select max(ordered_at) from raw_orders)"
        late = count(
            f"delivery_orders where ordered_at < {latest} - interval 59 day"
            " and order_id not in (select order_id from raw_orders)"
        )
        assert late == mix["orders"]["late"]
        corrected = count(
            "delivery_orders as new where new.updated_at >"
            " (select max(old.updated_at) from raw_orders as old where old.order_id = new.order_id)"
        )
        assert corrected == mix["orders"]["correction"]
        # Refunds are of orders that were there and had none.
        refunded = count(
            "delivery_refunds semi join raw_orders using (order_id)"
            " anti join raw_refunds using (order_id)"
        )
        assert refunded == mix["refunds"]["refund"]
        # Somebody new buys, and so does somebody known.
        buyers = rows(
            con,
            "select distinct customer_id in (select customer_id from raw_customers)"
            " from delivery_orders where order_id like 'OD%' and customer_id is not null",
        )
        assert sorted(buyers) == [(False,), (True,)]
        # A login names a device that had none; a merge joins two people that are in no other.
        assert not count(
            "delivery_identity_links where source_id in (select source_id from raw_identity_links)"
        )
        assert not count(
            "raw_identity_links where link_type = 'merge' and target_id in"
            " (select unnest([source_id, target_id]) from delivery_identity_links"
            " where link_type = 'merge')"
        )
        assert count("delivery_identity_links where link_type = 'login'") == count(
            "(select distinct source_id from delivery_identity_links as link"
            " semi join raw_interactions as seen on link.source_id = seen.anonymous_id)"
        )


def test_a_delivery_follows_from_the_company(folder: Path, tmp_path: Path) -> None:
    python("delivery.py", folder / "raw", tmp_path, "--share", SHARE)
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert again == {path.name: path.read_bytes() for path in (folder / "delivery").iterdir()}


def test_a_delivery_keeps_the_contract(built: Path) -> None:
    said = (built.parent / "delivery.txt").read_text()
    assert "The contract finds no fault." in said
    assert "left out" not in said
    with connected(built) as con:
        loaded = dict(rows(con, "select table_name, count(*) from raw.loads group by table_name"))
    assert {table for table, loads in loaded.items() if loads == 2} >= set(MIX)


def test_the_spine_computes_our_stages(built: Path, tmp_path: Path) -> None:
    folders = [part for name in ("raw", "delivery") for part in ("--raw", built.parent / name)]
    scripts = ("people.sql", "orders.sql", "touches.sql", "customer_day_spine.sql")
    python("alternatives/run_sql.py", tmp_path / "spine.duckdb", *scripts, *folders)
    with connected(built) as con:
        con.execute(f"attach '{tmp_path / 'spine.duckdb'}' as spine (read_only)")
        # It asks for a signal in the lapse window, we for one since the customer came (back):
        # awareness and consideration are one stage here, all others must agree.
        coarse = "case when stage = 'consideration' then 'awareness' else stage end as stage"
        ours = rows(con, f"select customer_id, {coarse} from marts.lifecycle_current order by all")
        theirs = rows(con, f"select customer_id, {coarse} from spine.current_stages order by all")
        assert theirs == ours
        assert len({stage for _, stage in ours}) >= 8
        per_day = (
            f"select date_on, {coarse}, cast(sum(customers) as bigint) from (from {{}}"
            " where customers > 0) group by all order by all"
        )
        ours = rows(con, per_day.format("marts.lifecycle_population_daily"))
        assert rows(con, per_day.format("spine.population_daily")) == ours


def test_the_script_computes_our_stages_history_and_scores(built: Path, tmp_path: Path) -> None:
    folders = [part for name in ("raw", "delivery") for part in ("--raw", built.parent / name)]
    python("alternatives/pandas_rfm.py", tmp_path, *folders)
    with connected(built) as con:

        def theirs(name: str, columns: str) -> list[tuple]:
            return rows(con, f"select {columns} from '{tmp_path / name}.parquet' order by all")

        coarse = "case when stage = 'consideration' then 'awareness' else stage end as stage"
        current = f"select customer_id, {coarse} from marts.lifecycle_current order by all"
        assert theirs("current", f"customer_id, {coarse}") == rows(con, current)
        scores = "customer_id, recency_score, frequency_score, monetary_score"
        ours = rows(con, f"select {scores} from marts.customer_rfm order by all")
        assert theirs("rfm", scores) == ours
        # Of a buyer's spans those that have begun; the script knows no details within a stage.
        history = rows(
            con,
            """
            with begun as (
                select *, lag(stage) over (partition by customer_id order by span_number) as before
                from marts.lifecycle_spans
                where
                    valid_from < (select max(as_of) from marts.lifecycle_current)
                    and stage not in ('awareness', 'consideration', 'lost_prospect')
            )
            select customer_id, stage, valid_from from begun
            where stage is distinct from before
            order by all
            """,
        )
        assert theirs("history", "customer_id, stage, since") == history


def test_a_rival_beyond_its_memory_or_time_is_stopped_and_said_to_be(
    processes: ModuleType, tmp_path: Path
) -> None:
    hungry = [sys.executable, "-c", "import time; kept = bytearray(300_000_000); time.sleep(60)"]
    cost = processes.run(hungry, tmp_path, gigabytes=0.2, may_die=True)
    assert cost.died == "out of memory: more than 0.2 GB"
    slow = [sys.executable, "-c", "import time; time.sleep(60)"]
    cost = processes.run(slow, tmp_path, minutes=0.005, may_die=True)
    assert cost.died == "stopped after 0.005 min"
    cost = processes.run([sys.executable, "-c", "raise MemoryError"], tmp_path, may_die=True)
    assert cost.died == "out of memory"
    # Any other failure is not a result.
    with pytest.raises(SystemExit, match="no such thing"):
        processes.run([sys.executable, "-c", "1/0  # no such thing"], tmp_path, may_die=True)


def test_memory_is_that_of_one_process(tmp_path: Path) -> None:
    # In a small process, as the benchmark is: a child's peak begins at the size of its parent.
    script = tmp_path / "two_children.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(BENCHMARKS)!r})\n"
        "from processes import run\n"
        "for code in (\"kept = b'x' * 400_000_000\", 'pass'):\n"
        "    cost = run([sys.executable, '-c', code], Path(sys.argv[1]))\n"
        "    print(cost.peak_megabytes, cost.died)\n"
    )
    said = python(str(script), tmp_path).split()
    assert float(said[0]) > 380
    assert float(said[2]) < 380
    assert said[1::2] == ["None", "None"]


def test_marts_that_differ_in_one_row_are_found(tmp_path: Path) -> None:
    for name, amount in (("one", 1), ("same", 1), ("other", 2)):
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as con:
            con.execute("create schema marts")
            con.execute(f"create table marts.facts as select 1 as id, {amount} as amount")
            con.execute("insert into marts.facts values (2, 5), (2, 5)")
            con.execute("create view marts.seen as from marts.facts")

    def compared(other: str) -> dict:
        paths = (tmp_path / f"{name}.duckdb" for name in ("one", other))
        return json.loads(python("compare.py", "marts", *paths))

    assert compared("same") == {"rows": 6, "differences": {}}
    difference = "1 rows too many, 1 missing, of 3"
    assert compared("other")["differences"] == {"facts": difference, "seen": difference}
