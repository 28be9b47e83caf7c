"""`lifecycle publish`: whole releases, swapped in at once, that no reader and no kill can hurt."""

import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, cycle
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from conftest import PROJECT

from lifecycle.cli import cli
from lifecycle.errors import UserError
from lifecycle.publish import FILE, publish, read_marts

MODELS = {
    "build_manifest": ["as_of", "as_of_on", "rule_hash"],
    "lifecycle_current": ["customer_id", "stage", "as_of"],
    "fct_orders": ["order_id", "net_amount", "day"],
}


def nothing(line: str) -> None:
    """Say nothing."""


def passes(new: Path, current: Path | None, report_dir: Path | None, say: object) -> bool:
    """A check that lets everything through."""
    return True


def fails(new: Path, current: Path | None, report_dir: Path | None, say: object) -> bool:
    """A check that lets nothing through, and leaves a report."""
    assert report_dir
    report_dir.mkdir(parents=True, exist_ok=True)
    (report_dir / "report.txt").write_text("too few rows")
    return False


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three marts, in a path with a space, with a build of day 1."""
    folder = tmp_path / "a shop"
    marts = folder / "models" / "marts" / "core"
    marts.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text("name: customer_lifecycle\n")
    (folder / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    (folder / "models" / "words.md").write_text(
        "{% docs order_id %}\nWhat the shop's source calls it.\n{% enddocs %}"
    )
    for name, columns in MODELS.items():
        lines = [f"      - name: {column}" for column in columns]
        if name == "fct_orders":
            lines[0] += "\n        description: \"{{ doc('order_id') }}\""
        (marts / f"{name}.yml").write_text(
            f"models:\n  - name: {name}\n    description: The {name}. One row per row.\n"
            "    columns:\n" + "\n".join(lines) + "\n"
        )
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(folder / "shop.duckdb"))
    monkeypatch.setenv("LIFECYCLE_PROJECT", str(folder))
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    build(folder, 1)
    return folder


def build(shop: Path, day: int, orders: int = 500, schema: str = "marts") -> None:
    """Make the marts as a build of that day of January would: every row knows the day."""
    with duckdb.connect(str(shop / "shop.duckdb")) as con:
        con.execute(f"create schema if not exists {schema}")
        con.execute(
            f"create or replace table {schema}.build_manifest as select"
            f" timestamp '2024-01-01 23:00:00' + {day} * interval 1 day as as_of,"
            f" date '2024-01-01' + {day} as as_of_on, 'abc' as rule_hash"
        )
        con.execute(
            f"create or replace view {schema}.lifecycle_current as"
            " select 'person:1' as customer_id, 'use' as stage, as_of"
            f" from {schema}.build_manifest"
        )
        con.execute(
            f"create or replace table {schema}.fct_orders as select"
            f" 'O' || i as order_id, cast(i as decimal(18, 4)) as net_amount, {day} as day"
            f" from range({orders}) as t (i)"
        )


def read(file: Path, query: str) -> list[tuple]:
    """The rows of a query on a DuckDB file."""
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(query).fetchall()


def published_day(out: Path) -> int:
    """The day of what is published, when every part of it agrees."""
    current = (out / "current").resolve()
    manifest = json.loads((current / "manifest.json").read_text())
    days = read(current / FILE, "select day, count(*) from marts.fct_orders group by day")
    parquet = duckdb.sql(
        f"select day, count(*) from read_parquet('{current}/parquet/fct_orders.parquet') group by 1"
    ).fetchall()
    assert days == parquet
    assert len(days) == 1
    assert days[0][1] == manifest["tables"]["fct_orders"]["rows"]
    on = f"2024-01-{days[0][0] + 1:02}"
    assert current.name.startswith(on)
    assert manifest["id"] == current.name
    assert manifest["as_of"] == f"{on} 23:00:00"
    return days[0][0]


def listing(out: Path) -> dict[str, Any]:
    """Everything in a folder, with what would show a change."""
    return {
        path.relative_to(out).as_posix(): (path.lstat().st_mtime_ns, path.lstat().st_ino)
        for path in out.rglob("*")
    }


def releases(out: Path, shelf: str = "releases") -> list[str]:
    """The days of the releases on a shelf."""
    folder = out / shelf
    return sorted(path.name[8:10] for path in folder.iterdir()) if folder.exists() else []


def put(shop: Path, **options: Any) -> bool:
    """Publish the shop to the folder `out` in it."""
    return publish(shop, shop / "out", **({"check": passes, "say": nothing} | options))


# What is in a release


@pytest.fixture(scope="module")
def release(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, published."""
    out = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIFECYCLE_DUCKDB", str(sample_database))
        assert publish(PROJECT, out, check=passes, say=nothing)
    return (out / "current").resolve()


def test_every_mart_is_published_row_for_row(release: Path, sample_database: Path) -> None:
    names = sorted(file.stem for file in (PROJECT / "models" / "marts").rglob("*.sql"))
    assert [mart.name for mart in read_marts(PROJECT)] == names
    assert sorted(file.stem for file in (release / "parquet").iterdir()) == names
    with (
        duckdb.connect(str(sample_database), read_only=True) as warehouse,
        duckdb.connect(str(release / FILE), read_only=True) as copy,
    ):
        compared = 0
        for name in names:
            parquet = f"read_parquet('{release / 'parquet' / name}.parquet')"
            sources = [
                (warehouse, f"marts.{name}"),
                (copy, f"marts.{name}"),
                (copy, parquet),
            ]
            types = [
                [row[:2] for row in con.execute(f"describe from {source}").fetchall()]
                for con, source in sources
            ]
            assert types[0] == types[1] == types[2], name
            rows = [Counter(con.execute(f"from {source}").fetchall()) for con, source in sources]
            assert rows[0] == rows[1] == rows[2], name
            compared += rows[0].total()
        tables = copy.execute("select table_name from duckdb_tables()").fetchall()
        views = copy.execute("select count(*) from duckdb_views() where not internal").fetchone()
    assert sorted(row[0] for row in tables) == names
    assert views == (0,)
    assert compared > 10_000


def test_older_duckdb_can_open_the_file(release: Path) -> None:
    # The main header: magic bytes behind a checksum, then the version of the storage format.
    # 64 is DuckDB 1.0 and 1.1, 65 is 1.2; 1.2.2 and 1.4.5 were seen to open such a file.
    magic, version = struct.unpack("<8x4sQ", (release / FILE).open("rb").read(20))
    assert magic == b"DUCK"
    assert version <= 65


def test_parquet_is_compressed_with_zstd(release: Path) -> None:
    found = duckdb.sql(
        f"select distinct compression from parquet_metadata('{release}/parquet/*.parquet')"
    ).fetchall()
    assert found == [("ZSTD",)]


def test_tables_and_columns_are_described(release: Path) -> None:
    tables = read(release / FILE, "select table_name from duckdb_tables() where comment is null")
    columns = read(
        release / FILE,
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        " and (comment is null or comment like '%{{%')",
    )
    assert (tables, columns) == ([], [])


def test_a_description_is_the_doc_block_it_names(shop: Path) -> None:
    put(shop)
    assert read(
        shop / "out" / "current" / FILE,
        "select comment from duckdb_columns() where column_name = 'order_id'"
        " union all select comment from duckdb_tables() where table_name = 'fct_orders'",
    ) == [("What the shop's source calls it.",), ("The fct_orders. One row per row.",)]


def test_the_manifest_says_what_the_release_is(shop: Path) -> None:
    put(shop)
    current = shop / "out" / "current"
    manifest = json.loads((current / "manifest.json").read_text())
    assert manifest["id"] == current.readlink().name
    assert manifest["as_of"] == "2024-01-02 23:00:00"
    assert manifest["accepted"] is False
    assert manifest["duckdb_version"] == duckdb.__version__
    assert manifest["build"]["rule_hash"] == "abc"
    assert manifest["tables"]["fct_orders"] == {
        "rows": 500,
        "columns": {"order_id": "VARCHAR", "net_amount": "DECIMAL(18,4)", "day": "INTEGER"},
    }
    assert manifest["files"] == {
        file.relative_to(current).as_posix(): file.stat().st_size
        for file in [current / FILE, *sorted((current / "parquet").iterdir())]
    }


# The id


def test_publishing_a_build_twice_changes_nothing(shop: Path) -> None:
    put(shop)
    before = listing(shop / "out")
    said: list[str] = []
    assert put(shop, say=said.append, check=fails)
    assert listing(shop / "out") == before
    assert said[0].startswith("Nothing new: 2024-01-02-")


def test_the_same_content_has_the_same_id_anywhere(shop: Path, tmp_path: Path) -> None:
    put(shop)
    build(shop, 1)
    publish(shop, tmp_path / "elsewhere", check=passes, say=nothing)
    one, other = ((out / "current").resolve() for out in (shop / "out", tmp_path / "elsewhere"))
    assert one.name == other.name
    tables = [json.loads((r / "manifest.json").read_text())["tables"] for r in (one, other)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    "change",
    [
        "update marts.fct_orders set net_amount = 0 where order_id = 'O7'",
        "insert into marts.fct_orders select * from marts.fct_orders limit 1",
        "alter table marts.fct_orders alter net_amount type double",
        "update marts.build_manifest set rule_hash = 'abd'",
    ],
)
def test_another_content_has_another_id(shop: Path, change: str) -> None:
    put(shop)
    first = (shop / "out" / "current").resolve()
    with duckdb.connect(str(shop / "shop.duckdb")) as con:
        con.execute(change)
    put(shop)
    assert (shop / "out" / "current").resolve() != first
    assert releases(shop / "out") == ["02", "02"]


def test_going_back_to_an_earlier_build_publishes_it_again(shop: Path) -> None:
    for day in (1, 2, 1):
        build(shop, day)
        assert put(shop)
    assert published_day(shop / "out") == 1
    assert releases(shop / "out") == ["02", "03"]


def test_a_damaged_release_is_written_anew(shop: Path) -> None:
    put(shop)
    (shop / "out" / "current" / "parquet" / "fct_orders.parquet").write_bytes(b"half")
    said: list[str] = []
    assert put(shop, say=said.append)
    assert "is damaged" in said[0]
    assert published_day(shop / "out") == 1


# Which releases stay


def test_the_newest_releases_stay(shop: Path) -> None:
    for day in range(1, 6):
        build(shop, day)
        put(shop, keep=2)
    assert releases(shop / "out") == ["05", "06"]
    build(shop, 6)
    put(shop, check=fails, keep=1)
    assert releases(shop / "out") == ["06"]
    assert published_day(shop / "out") == 5


def test_the_current_release_stays_although_others_are_newer(shop: Path) -> None:
    out = shop / "out"
    put(shop)
    # What a publication leaves that is killed between its last two steps.
    shutil.copytree((out / "current").resolve(), out / "releases" / "2024-01-09-unlinked")
    os.utime((out / "current").resolve(), (0, 0))
    build(shop, 2)
    put(shop, check=fails, keep=1)
    assert published_day(out) == 1
    assert releases(out) == ["02", "09"]


def test_a_build_of_a_past_date_has_a_folder_of_its_own(shop: Path) -> None:
    build(shop, 3, schema="as_of_20240104_marts")
    assert publish(shop, prefix="as_of_20240104_", check=passes, say=nothing)
    assert published_day(shop / "as_of_20240104_published") == 3
    assert not (shop / "published").exists()


# The check


def test_the_check_sees_the_new_and_the_current_release(shop: Path) -> None:
    seen: list[tuple] = []

    def check(new: Path, current: Path | None, report_dir: Path | None, say: object) -> bool:
        assert read(new / FILE, "select count(*) from marts.fct_orders") == [(500,)]
        assert json.loads((new / "manifest.json").read_text())["id"] == new.name
        seen.append((new.name, current, report_dir))
        # The warehouse is free while it takes its time.
        duckdb.connect(str(shop / "shop.duckdb")).close()
        return True

    out = shop / "out"
    put(shop, check=check)
    first = (out / "current").resolve()
    build(shop, 2)
    put(shop, check=check)
    second = (out / "current").resolve()
    assert seen == [
        (first.name, None, out / "reports" / first.name),
        (second.name, first, out / "reports" / second.name),
    ]


def test_what_does_not_pass_is_not_swapped_in(shop: Path) -> None:
    out = shop / "out"
    put(shop)
    for day in (2, 3):
        build(shop, day)
        said: list[str] = []
        assert put(shop, check=fails, say=said.append) is False
        assert published_day(out) == 1
        assert releases(out) == ["02"]
        assert releases(out, "rejected") == [f"{day + 1:02}"]
        assert releases(out, "reports") == [f"{day + 1:02}"]
        assert str(next((out / "reports").iterdir())) in said[-1]
        assert "--accept" in said[-1]

    assert put(shop, check=fails, accept=True)
    assert published_day(out) == 3
    assert json.loads((out / "current" / "manifest.json").read_text())["accepted"] is True
    assert releases(out, "rejected") == []
    assert releases(out, "reports") == ["04"]


def test_accept_is_recorded_only_where_it_was_needed(shop: Path) -> None:
    put(shop, accept=True)
    manifest = json.loads((shop / "out" / "current" / "manifest.json").read_text())
    assert manifest["accepted"] is False


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable], None]:
    """A function that sets what the command takes for its check."""

    def use(check: Callable) -> None:
        module = ModuleType("lifecycle.gate.published")
        module.check_publication = lambda *given, project: check(*given)
        monkeypatch.setitem(sys.modules, "lifecycle.gate.published", module)

    return use


def test_the_command_tells_a_scheduler_how_it_went(shop: Path, gate: Callable) -> None:
    run = CliRunner().invoke
    gate(fails)
    rejected = run(cli, ["publish"])
    assert rejected.exit_code == 1
    assert "did not pass the check" in rejected.output
    assert not (shop / "published" / "current").exists()
    accepted = run(cli, ["publish", "--accept"])
    assert (accepted.exit_code, published_day(shop / "published")) == (0, 1)
    gate(passes)
    build(shop, 2)
    assert run(cli, ["publish", "--keep", "1"]).exit_code == 0
    assert releases(shop / "published") == ["03"]


def test_the_sample_company_passes_the_gate(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(sample_database))
    said: list[str] = []
    assert publish(PROJECT, tmp_path, say=said.append), said
    release = (tmp_path / "current").resolve()
    assert (tmp_path / "reports" / release.name / "junit.xml").exists()
    assert json.loads((release / "manifest.json").read_text())["accepted"] is False


# Refusals


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("drop table marts.fct_orders", "Missing: fct_orders. Build again"),
        ("alter table marts.fct_orders drop column day", "Missing: fct_orders.day. Build again"),
        ("drop schema marts cascade", "Missing: build_manifest, fct_orders, lifecycle_current."),
        ("delete from marts.build_manifest", "build_manifest has 0 rows instead of one"),
        (
            "create or replace view marts.lifecycle_current as select 'person:1' as customer_id,"
            " 'use' as stage, timestamp '2023-12-31' as as_of",
            "lifecycle_current in schema marts stand at another as_of than build_manifest",
        ),
    ],
)
def test_an_unfinished_build_is_not_published(shop: Path, change: str, sentence: str) -> None:
    with duckdb.connect(str(shop / "shop.duckdb")) as con:
        con.execute(change)
    with pytest.raises(
        UserError, match=r"nothing is published|instead of one|did not finish"
    ) as no:
        put(shop)
    assert sentence in str(no.value)
    assert not (shop / "out").exists()


def test_a_mart_that_cannot_be_read_is_a_sentence_without_values(shop: Path) -> None:
    with duckdb.connect(str(shop / "shop.duckdb")) as con:
        con.execute("create table marts.mails as select 'anna@example.com' as mail")
        con.execute(
            "create or replace view marts.lifecycle_current as"
            " select 'person:1' as customer_id, cast(mail as int) as stage, as_of"
            " from marts.mails, marts.build_manifest"
        )
    with pytest.raises(UserError, match="the marts cannot be copied") as refused:
        put(shop)
    assert "Could not convert string ***" in str(refused.value)
    assert "anna" not in str(refused.value)


def test_a_build_that_is_running_is_waited_for_by_the_user(shop: Path) -> None:
    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True);"
        " sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(shop / "shop.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as building:
        assert building.stdout.readline() == b"open\n"
        with pytest.raises(UserError, match="is open in another program"):
            put(shop)
        building.stdin.close()


def test_postgres_needs_no_copy(shop: Path) -> None:
    with pytest.raises(UserError, match="On Postgres BI tools read the schema ci_marts directly"):
        put(shop, target="postgres", prefix="ci_")


def test_no_database_is_a_sentence(shop: Path) -> None:
    (shop / "shop.duckdb").unlink()
    with pytest.raises(UserError, match="Build first"):
        put(shop)


def test_a_folder_that_is_a_file_is_a_sentence(shop: Path) -> None:
    (shop / "out").write_text("a file")
    with pytest.raises(UserError, match=r"Nothing was published: .* cannot be written"):
        put(shop)


def test_only_one_publishes_at_a_time(shop: Path) -> None:
    said: list[str] = []

    def check(*_: object) -> bool:
        with pytest.raises(UserError, match="Another lifecycle publish is writing"):
            put(shop)
        said.append("refused")
        return True

    assert put(shop, check=check)
    assert said == ["refused"]
    assert published_day(shop / "out") == 1


FULL_DISK = """
import resource, sys
from pathlib import Path
from lifecycle.errors import UserError
from lifecycle.publish import publish
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    publish(Path(sys.argv[1]), Path(sys.argv[1]) / "out", check=lambda *_: True)
except UserError as error:
    sys.exit(f"UserError: {error}")
"""


@pytest.mark.parametrize("limit", [0, 300, 5_000, 300_000])
def test_a_full_disk_leaves_everything_as_it_was(shop: Path, limit: int) -> None:
    put(shop)
    build(shop, 2, orders=200_000)
    before = listing(shop / "out")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(shop), str(limit)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "UserError: Nothing was published: " in done.stderr, done.stderr
    assert "cannot be written" in done.stderr
    assert {k for k in listing(shop / "out") if "/" in k} == {k for k in before if "/" in k}
    assert published_day(shop / "out") == 1
    assert put(shop)
    assert published_day(shop / "out") == 2


# Readers


def test_a_reader_keeps_the_release_it_opened(shop: Path) -> None:
    out = shop / "out"
    put(shop)
    with duckdb.connect(str(out / "current" / FILE), read_only=True) as reader:
        for day in range(2, 8):
            build(shop, day, orders=5_000)  # a reader does not keep a build from writing either
            assert put(shop, keep=1)
            assert published_day(out) == day
        assert releases(out) == ["08"]
        found = reader.execute(
            "select day, count(*), sum(net_amount) from marts.fct_orders group by 1"
        )
        assert found.fetchall() == [(1, 500, 124_750)]


POLLING = """
import json, sys
from pathlib import Path
import duckdb
current = Path(sys.argv[1])
seen = []
print("ready", flush=True)
while not (current.parent / "stop").exists():
    with duckdb.connect(str(current / "lifecycle_marts.duckdb"), read_only=True) as con:
        found = con.execute(
            "select day, count(*), max(as_of_on) from marts.fct_orders, marts.build_manifest"
            " group by day"
        ).fetchall()
    assert len(found) == 1 and found[0][1] == 500, found
    assert found[0][2].day == found[0][0] + 1, found
    release = current.resolve()
    manifest = json.loads((release / "manifest.json").read_text())
    assert len(list((release / "parquet").iterdir())) == len(manifest["tables"]) == 3
    if found[0][0] not in seen[-1:]:
        seen.append(found[0][0])
print(json.dumps(seen))
"""


def test_a_polling_reader_always_finds_a_whole_release(shop: Path) -> None:
    out = shop / "out"
    put(shop)
    with subprocess.Popen(
        [sys.executable, "-c", POLLING, str(out / "current")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout.readline() == "ready\n"
        for day in range(2, 28):
            build(shop, day)
            assert put(shop)
        (out / "stop").touch()
        said, complaint = reader.communicate()
    assert reader.returncode == 0, complaint
    seen = json.loads(said)
    assert seen == sorted(seen)
    assert len(seen) > 3


# Kills


# Publishes, and dies at the n-th thing it does to a file in the folder published to.
DYING = """
import os, signal, sys
from pathlib import Path
from lifecycle.publish import publish
shop, last = Path(sys.argv[1]), int(sys.argv[2])
touches = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "shutil.rmtree"}
count = 0

def hook(event, arguments):
    global count
    if event in touches and str(arguments[0]).startswith(str(shop / "out")):
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
publish(shop, shop / "out", keep=1, check=lambda *_: True)
"""
SLOW = """
import sys
from pathlib import Path
from lifecycle.publish import publish
print("ready", flush=True)
publish(Path(sys.argv[1]), Path(sys.argv[1]) / "out", keep=1, check=lambda *_: True)
"""


def is_killed(shop: Path, script: str, *arguments: str, after: float | None = None) -> bool:
    """Publish in a process that kills itself or is killed `after` some seconds; whether it was."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(shop), *arguments],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        if after is not None:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(after)
            process.kill()
        _, complaint = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), complaint.decode()
    return process.returncode != 0


def published_after_a_kill(shop: Path, days: Iterator[int], before: int, tried: int) -> int:
    """The day the next publish puts up, when the killed one left a whole release behind."""
    out = shop / "out"
    assert published_day(out) in (before, tried)
    day = next(days)
    build(shop, day)
    assert put(shop, keep=1)
    assert published_day(out) == day
    assert sorted(path.name for path in out.iterdir()) == ["current", "releases"]
    assert releases(out) == [f"{day + 1:02}"]
    return day


def test_a_publish_killed_at_any_step_is_made_good_by_the_next(shop: Path) -> None:
    days = cycle(range(1, 28))
    before = next(days)
    put(shop)
    killed = set()
    for step in count(1):
        tried = next(days)
        build(shop, tried)
        if not is_killed(shop, DYING, str(step)):
            assert published_day(shop / "out") == tried
            break
        killed.add(published_day(shop / "out") == tried)
        before = published_after_a_kill(shop, days, before, tried)
    assert step > 20
    assert killed == {False, True}  # some died before the swap, some after it


def test_a_publish_killed_at_a_random_moment_is_made_good_by_the_next(shop: Path) -> None:
    days = cycle(range(1, 28))
    before = next(days)
    put(shop)
    moments = random.Random(1)
    killed = 0
    for _ in range(8):
        tried = next(days)
        build(shop, tried)
        killed += is_killed(shop, SLOW, after=moments.uniform(0, 0.15))
        before = published_after_a_kill(shop, days, before, tried)
    assert killed >= 1
