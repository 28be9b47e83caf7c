"""One process at a time: a lock file, or a lock of the server, held while something is done."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from lifecycle.errors import UserError


@contextmanager
def held(lock: Path, busy: str) -> Iterator[None]:
    """Hold the lock file, which goes with the process that has it. Raises UserError `busy`."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise UserError(busy) from None
        if lock.exists() and os.fstat(handle).st_ino == lock.stat().st_ino:
            break
        os.close(handle)  # it was removed by the process that had it
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def one_build(
    project: Path, target: str | None, database: Path | None, prefix: str
) -> AbstractContextManager[None]:
    """Keep other builds away from a DuckDB file, or from the schemas of a prefix on Postgres.

    Raises UserError when another build is at work there.
    """
    if database is None:
        return _one_build_on_postgres(project, target, prefix)
    if not database.parent.is_dir():
        return nullcontext()  # dbt says what is missing
    return held(
        database.with_name(f"{database.stem.replace('.', '_')}_build.lock"),
        f"Another build of {database.name} is at work. Wait until it has ended, then try again.",
    )


@contextmanager
def _one_build_on_postgres(project: Path, target: str | None, prefix: str) -> Iterator[None]:
    """The server's own lock: it is let go when the connection ends, however it ends."""
    from lifecycle.connection import postgres

    with postgres(project, target) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext(%s))", [f"lifecycle build {prefix}"])
        if not cursor.fetchone()[0]:
            raise UserError(
                f"Another build of the schemas {prefix}marts and so on is at work on this server. "
                "Wait until it has ended, then try again."
            )
        yield
