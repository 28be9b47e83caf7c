"""Activation: what leaves the warehouse, and the loop that comes back to it."""

from __future__ import annotations

import csv
import hashlib
import re
import shlex
import shutil
import subprocess
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import PROJECT, Command, run_lifecycle
from statsmodels.stats.proportion import confint_proportions_2indep

from lifecycle import erase
from lifecycle.errors import UserError
from lifecycle.export import HELD_OUT, export, harmless
from lifecycle.strike import TOMBSTONES

EXPORTED_AT = datetime(2025, 1, 2, 9)
FOLDER = "loyal_news-20241230T230000"


@pytest.fixture
def company(sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built sample company, to be exported from."""
    # Views name their database, so the copy keeps its name.
    database = tmp_path / sample_database.name
    shutil.copyfile(sample_database, database)
    monkeypatch.setenv("LIFECYCLE_DUCKDB", str(database))
    return database


def rows(database: Path, query: str) -> list[tuple]:
    """The rows of a query."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(query).fetchall()


def change(database: Path, *statements: str) -> None:
    """Run statements."""
    with duckdb.connect(str(database)) as con:
        for statement in statements:
            con.execute(statement)


def exported(database: Path, audience: str = "loyal_news", **options: object) -> tuple[Path, str]:
    """The folder of an export and what was said."""
    lines: list[str] = []
    folder = export(PROJECT, audience, say=lines.append, exported_at=EXPORTED_AT, **options)
    return folder, "\n".join(lines)


def refused(database: Path, audience: str = "loyal_news") -> str:
    """Why nothing was exported; nothing was written either."""
    with pytest.raises(UserError) as error:
        exported(database, audience)
    assert not list((database.parent / "exports").glob("*"))
    return str(error.value)


def read(folder: Path) -> list[dict[str, str]]:
    """The rows of the file of an export."""
    with (folder / "contacts.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_split_is_that_of_the_hash(sample: duckdb.DuckDBPyConnection) -> None:
    """Written once more in Python: eight hexadecimal digits of a salted SHA-256 as a share."""
    members = sample.execute(
        "select audience, customer_id, is_held_out, holdout_share from marts.audiences"
        " inner join rules.audience_rules using (audience)"
    ).fetchall()
    assert len(members) > 50
    assert len({held for _, _, held, _ in members}) == 2
    for audience, customer_id, is_held_out, share in members:
        text = f"lifecycleholdout:{audience}:{customer_id}".encode()
        bucket = int(hashlib.sha256(text).hexdigest()[:8], 16) / 2**32
        assert is_held_out == (bucket < share)


def test_the_file_holds_who_is_contacted_and_nobody_else(company: Path) -> None:
    folder, said = exported(company)
    assert folder == company.parent / "exports" / FOLDER
    members = rows(
        company,
        "select customer_id, contact_id, channel, action_code, reason, is_held_out"
        " from marts.audiences where audience = 'loyal_news' order by customer_id",
    )
    contacted = [tuple(row[:-1]) for row in members if not row[-1]]
    keys = ("customer_id", "contact_id", "channel", "action_code", "reason")
    assert [tuple(row[key] for key in keys) for row in read(folder)] == contacted
    assert 0 < len(contacted) < len(members)
    assert f"{len(contacted)} to contact" in said
    assert f"{len(members) - len(contacted)} held out" in said
    assert "Load " in said  # the sample company's raw tables are seeds
    assert "@" not in (folder / "contacts.csv").read_text("utf-8")

    assignments = pq.read_table(folder / "experiment" / "experiment_assignments.parquet")
    arms = {row["customer_id"]: row["variant"] for row in assignments.to_pylist()}
    assert arms == {row[1]: HELD_OUT if row[-1] else "contacted" for row in members}
    shares = pq.read_table(folder / "experiment" / "experiment_variants.parquet").to_pylist()
    assert {row["variant"]: row["expected_share"] for row in shares} == {
        "holdout": 0.2,
        "contacted": 0.8,
    }


def test_the_experiment_lasts_what_the_build_counts(company: Path) -> None:
    change(company, "update marts.build_manifest set campaign_window_days = 21")
    folder, _ = exported(company)
    (experiment,) = pq.read_table(folder / "experiment" / "experiments.parquet").to_pylist()
    assert experiment["ends_at"] - experiment["starts_at"] == timedelta(days=21)
    assert experiment["primary_metric"] == "order_within_21_days"


def test_parquet_holds_the_same(company: Path) -> None:
    folder, _ = exported(company, "win_back", fmt="parquet", out=company.parent / "elsewhere")
    assert folder.parent == company.parent / "elsewhere"
    table = pq.read_table(folder / "contacts.parquet").to_pylist()
    found = rows(
        company,
        "select customer_id, discount_rate, expires_on from marts.audiences"
        " where audience = 'win_back' and not is_held_out order by customer_id",
    )
    assert [(r["customer_id"], r["discount_rate"], r["expires_on"]) for r in table] == found


def test_the_log_says_what_was_exported_and_nothing_of_whom(company: Path) -> None:
    folder, _ = exported(company)
    exported(company)
    content = (folder / "contacts.csv").read_bytes()
    log = rows(
        company,
        "select experiment_id, audience, action_code, offer_type, channel, as_of, contact_rows,"
        " holdout_rows, file_hash, exported_at, build_hash = (select rule_hash from"
        " marts.build_manifest) from raw.exports",
    )
    ((contacted, held_out),) = rows(
        company,
        "select count(*) filter (not is_held_out), count(*) filter (is_held_out)"
        " from marts.audiences where audience = 'loyal_news'",
    )
    expected = (
        *("audience:loyal_news:20241230T230000", "loyal_news", "new_product_news", "content"),
        *(None, datetime(2024, 12, 30, 23), contacted, held_out),
        *(hashlib.sha256(content).hexdigest(), EXPORTED_AT, True),
    )
    assert log == [expected, expected]  # exported twice, one folder, one experiment
    assert [path.name for path in folder.parent.iterdir()] == [FOLDER]


def test_what_a_killed_export_left_is_cleared(company: Path) -> None:
    left = company.parent / "exports" / ".unfinished" / "half"
    left.mkdir(parents=True)
    exported(company)
    assert not left.parent.exists()


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@x", "\tx", "\rx", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_formulas_are_harmless_in_the_file(company: Path) -> None:
    change(
        company,
        """update marts.audiences set reason = '=HYPERLINK("http://x","y")', contact_id = '-2+3'
        where audience = 'loyal_news'""",
    )
    folder, _ = exported(company)
    for row in read(folder):
        assert row["reason"] == """'=HYPERLINK("http://x","y")"""
        assert row["contact_id"] == "'-2+3"


def test_an_unknown_audience_is_answered_with_the_nearest(company: Path) -> None:
    assert "There is no audience loyal_new. Is it loyal_news" in refused(company, "loyal_new")


def test_without_a_build_the_user_is_told_to_build(company: Path) -> None:
    change(company, "drop table marts.audiences")
    assert "Build first: lifecycle build" in refused(company)


def test_a_build_that_did_not_finish_is_not_exported(company: Path) -> None:
    change(company, "update marts.build_manifest set as_of = as_of + interval 1 day")
    assert "the last build did not finish" in refused(company)


def test_a_build_of_the_past_is_not_exported() -> None:
    with pytest.raises(UserError, match="is a build of the past"):
        export(PROJECT, "loyal_news", prefix="as_of_20240630_")


def test_an_audience_of_nobody_writes_nothing(company: Path) -> None:
    folder, said = exported(company, "save_valuable")
    assert folder is None
    assert "Nobody is in save_valuable" in said


@pytest.mark.parametrize("table", ["consents", "erasure_requests", "interactions"])
def test_what_was_loaded_since_the_build_is_built_first(company: Path, table: str) -> None:
    change(
        company,
        "create schema raw",
        "create table raw.loads as select 'L9' as load_id, table_name, 1 as row_count from (values"
        f" ('{table}'), ('products')) as t (table_name)",
    )
    assert f"Rows of {table} were loaded since the build" in refused(company)


def test_a_request_to_be_forgotten_is_carried_out_first(company: Path) -> None:
    change(
        company,
        "create schema raw",
        "create table raw.customers as from sample.sample_customers",
        "create table raw.erasure_requests as select 'C0000001' as customer_id",
    )
    assert "has requests that are not carried out" in refused(company)


def test_exported_folders_go_when_somebody_is_erased(company: Path) -> None:
    folder, _ = exported(company, out=company.parent / "elsewhere")
    other = folder.with_name("notes")
    other.mkdir()
    change(
        company,
        TOMBSTONES.format("raw"),
        erase.ERASING.format("raw"),
        "insert into raw._erasing values ('customer', 'C0000001')",
    )
    lines: list[str] = []
    erase.finish(PROJECT, None, {"use_sample": False}, lines.append)
    assert not folder.exists()
    assert other.exists()
    assert any(f"The exported audience {folder} went as well" in line for line in lines)
    assert rows(company, "select count(*) from raw.exports") == [(1,)]


def test_the_command_says_what_it_wrote(lifecycle: Command, company: Path) -> None:
    done = lifecycle("export", "win_back", LIFECYCLE_DUCKDB=company)
    assert done.returncode == 0, done.stderr
    assert "to contact in" in done.stdout
    assert "that day is over" in done.stdout
    wrong = lifecycle("export", "winback", LIFECYCLE_DUCKDB=company)
    assert wrong.returncode == 2
    assert "Is it win_back" in wrong.stderr
    assert "Traceback" not in wrong.stderr


# The loop


@pytest.mark.usefixtures("models_only")
def test_once_round_with_the_sample_company(tmp_path: Path) -> None:
    """The commands of docs/activation.md, as they stand there."""
    text = (PROJECT / "docs" / "activation.md").read_text("utf-8")
    (first, later) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    (queries,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    results, actions = (query for query in queries.split(";") if query.strip())
    (tmp_path / "seeds").symlink_to(PROJECT / "seeds")
    database = tmp_path / "lifecycle.duckdb"
    environment = {"LIFECYCLE_DUCKDB": database, "LIFECYCLE_PROJECT": PROJECT}
    program = ".venv/bin/lifecycle "

    def run(commands: str) -> None:
        for ours, lines in groupby(commands.splitlines(), lambda line: line.startswith(program)):
            for said in lines if ours else ["\n".join(lines)]:
                if ours:
                    words = shlex.split(said)[1:]
                    done = run_lifecycle(*words, cwd=tmp_path, **environment)
                else:
                    done = subprocess.run(
                        ["bash", "-e", "-c", said], cwd=tmp_path, capture_output=True, text=True
                    )
                assert done.returncode == 0, done.stdout + done.stderr

    def first_actions() -> dict[str, str]:
        ranked = (
            "select customer_id, action_code from marts.next_best_actions where action_rank = 1"
        )
        return dict(rows(database, ranked))

    run(first)
    folder = tmp_path / "exports" / FOLDER
    contacts = {row["contact_id"] for row in read(folder)}
    assert rows(database, results) == rows(database, actions) == []
    known = set(first_actions())
    members = rows(database, "select contact_id from marts.audiences where audience = 'loyal_news'")
    loaded = rows(
        database,
        "select customer_id, variant from raw.experiment_assignments"
        " where experiment_id like 'audience:%'",
    )
    assert {row[0] for row in loaded} == {row[0] for row in members}
    assert {row[0] for row in loaded if row[1] == "contacted"} == contacts

    run(later)
    ordered = len(contacts) - len(contacts) // 5
    ((code, treated, converted, held_out, control, low, verdict, weight),) = rows(database, results)
    assert (code, treated, converted) == ("new_product_news", len(contacts), ordered)
    assert (held_out, control) == (len(members) - len(contacts), 0)
    oracle = confint_proportions_2indep(
        ordered, len(contacts), 0, held_out, compare="diff", method="agresti-caffo"
    )
    assert float(low) == pytest.approx(oracle[0], abs=1e-8)
    assert low > 0
    assert verdict == "earns"
    assert weight > 1
    # Whom it is best for now was known before, and had something else to be done first.
    found = {row[0] for row in rows(database, actions)}
    assert len(found & known) >= 3
    assert all(first_actions()[customer] == "new_product_news" for customer in found)
    # Who was exported has it behind them, contacted or held out, and is left alone for a while.
    exported_ids = {f"person:{row[0]}" for row in members}
    repeated = rows(
        database,
        "select distinct customer_id from marts.next_best_actions"
        " where action_code = 'new_product_news' and triggered_on <= date '2024-12-30'",
    )
    assert not exported_ids & {row[0] for row in repeated}
    log = rows(database, "select audience, contact_rows, holdout_rows from marts.audience_exports")
    assert log == [("loyal_news", len(contacts), len(members) - len(contacts))]
