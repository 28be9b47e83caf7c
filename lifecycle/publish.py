"""A copy of the marts for BI tools, swapped in whole: readers and builds never wait for each other.

In the folder that is published to, `current` is a symlink to `releases/<id>`, which holds
`lifecycle_marts.duckdb`, `parquet/<mart>.parquet` and `manifest.json`. `rejected/<id>` is the
newest release that did not pass the check, `reports/<id>` what the check found.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import yaml

from lifecycle.connection import duckdb_file
from lifecycle.errors import UserError, without_values
from lifecycle.files import literal, quote
from lifecycle.lock import held
from lifecycle.tables import open_database

Say = Callable[[str], None]
Check = Callable[[Path, Path | None, Path | None, Say], bool]

FILE = "lifecycle_marts.duckdb"
SCHEMA = "marts"
STORAGE_VERSION = "v1.2.0"  # the newest that DuckDB 1.2 and later, and so most BI tools, open
UNFINISHED = ".unfinished"
# Whatever changes the files of a release for the same rows: another number is another release.
LAYOUT = "1"


class Mart(NamedTuple):
    """A mart as its yml promises it: name, description, and its columns' descriptions."""

    name: str
    description: str
    columns: dict[str, str]


class Contents(NamedTuple):
    """What a build offers for publication: the release's id, its marts, its build_manifest."""

    id: str
    marts: list[Mart]
    build: dict[str, Any]


def publish(
    project: Path,
    out: Path | None = None,
    target: str | None = None,
    prefix: str = "",
    accept: bool = False,
    keep: int = 3,
    say: Say = print,
    check: Check | None = None,
) -> bool:
    """Copy the marts of the last build into a release below `out`, check it, swap it in.

    `prefix` is the build's schema_prefix; `out` is by default the folder `<prefix>published`
    beside the database. `keep` releases stay, and the current one. `check` (by default
    `lifecycle.gate.published.check_publication`) compares the release with the current one.
    Returns False when it did not pass and `accept` is not given: then `current` is as it was.
    Raises UserError for what the user can mend; then too.
    """
    database = duckdb_file(project, target)
    if database is None:
        raise UserError(
            "Publishing is for DuckDB, whose file one program at a time can write. On Postgres BI "
            f"tools read the schema {prefix}{SCHEMA} directly."
        )
    if not database.exists():
        raise UserError(f"There is no database {database} yet. Build first: lifecycle build")
    out = (out or database.parent / f"{prefix}published").absolute()
    with open_database(database, read_only=True) as con, plain_errors(out):
        contents = read_contents(con, f"{prefix}{SCHEMA}", read_marts(project))
        with exclusive(out):
            current = current_release(out)
            if current and not is_whole(current):
                say(f"Warning: {current} is damaged; the new release is not compared with it.")
                current = None
            if current and current.name == contents.id:
                say(f"Nothing new: {contents.id} is published already in {out / 'current'}")
                return True
            say(f"Copying {len(contents.marts)} marts to {out}")
            new = out / UNFINISHED / contents.id
            copy_marts(con, f"{prefix}{SCHEMA}", contents, new)
            con.close()  # a build may begin
            write_parquet(contents, new)
            write_manifest(contents, new, accepted=False)
            passed = (check or _gate(project))(new, current, out / "reports" / contents.id, say)
            if not passed and accept:
                say("It did not pass the check and is swapped in all the same: --accept")
                write_manifest(contents, new, accepted=True)
            elif not passed:
                reject(out, new)
                prune(out, keep)
                say(
                    f"Not published: {contents.id} did not pass the check. Its report is in "
                    f"{out / 'reports' / contents.id}, its files are in {out / 'rejected'}. "
                    "To swap it in all the same: lifecycle publish --accept"
                )
                return False
            swap_in(out, new)
            prune(out, keep)
    say(f"Published {contents.id}. BI tools read {out / 'current' / FILE}, or parquet beside it.")
    return True


def _gate(project: Path) -> Check:
    """The check of a publication, imported late: it brings Great Expectations."""
    from lifecycle.gate.published import check_publication

    return partial(check_publication, project=project)


# What there is to publish


def read_marts(project: Path) -> list[Mart]:
    """The marts that the project's yml files promise, by name, with doc blocks filled in."""
    models = project / "models"
    blocks: dict[str, str] = {}
    for file in sorted(models.rglob("*.md")):
        text = file.read_text("utf-8")
        blocks |= re.findall(r"{% docs (\w+) %}(.*?){% enddocs %}", text, re.DOTALL)

    def plain(text: str | None) -> str:
        doc = r"{{ *doc\( *['\"](\w+)['\"] *\) *}}"
        filled = re.sub(doc, lambda found: blocks.get(found[1], ""), text or "")
        return " ".join(filled.split())

    marts = [
        Mart(
            model["name"],
            plain(model.get("description")),
            {c["name"]: plain(c.get("description")) for c in model.get("columns") or []},
        )
        for file in sorted((models / "marts").rglob("*.yml"))
        for model in (yaml.safe_load(file.read_text("utf-8")) or {}).get("models") or []
        if (model.get("config") or {}).get("enabled", True)
    ]
    if not marts:
        raise UserError(f"{models / 'marts'} describes no mart, so there is nothing to publish.")
    return sorted(marts)


def read_contents(con: duckdb.DuckDBPyConnection, schema: str, marts: list[Mart]) -> Contents:
    """The build in a schema, when it is whole. Raises UserError naming what is missing."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, type_ in con.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() and schema_name = ?"
        " order by table_name, column_index",
        [schema],
    ).fetchall():
        columns.setdefault(table, []).append((column, type_))
    missing = [mart.name for mart in marts if mart.name not in columns]
    missing += [
        f"{mart.name}.{column}"
        for mart in marts
        if mart.name in columns
        for column in sorted(set(mart.columns) - {name for name, _ in columns[mart.name]})
    ]
    if missing:
        raise UserError(
            f"The build in schema {schema} is not complete, so nothing is published. Missing: "
            f"{', '.join(missing)}. Build again: lifecycle build"
        )
    build = read_build(con, schema)
    dated = [mart.name for mart in marts if ("as_of", "TIMESTAMP") in columns[mart.name]]
    refuse_a_mixture(con, schema, dated)
    parts = [LAYOUT, STORAGE_VERSION, json.dumps(build, sort_keys=True, default=str)]
    for mart in marts:
        # The sum of the rows' hashes does not depend on their order.
        rows = con.execute(
            f"select count(*), sum(hash(t)) from {quote(schema)}.{quote(mart.name)} as t"
        ).fetchone()
        parts.append(json.dumps([mart, columns[mart.name], rows], default=str))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Contents(f"{build['as_of_on']}-{digest[:12]}", marts, build)


def read_build(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, Any]:
    """The one row of build_manifest."""
    found = con.execute(f"select * from {quote(schema)}.build_manifest")
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    if len(rows) != 1:
        raise UserError(
            f"{schema}.build_manifest has {len(rows)} rows instead of one. "
            "Build again: lifecycle build"
        )
    return dict(zip(names, rows[0], strict=True))


def refuse_a_mixture(con: duckdb.DuckDBPyConnection, schema: str, marts: list[str]) -> None:
    """Raise UserError when marts stand at different instants: a build ended in the middle."""
    stale = [
        mart
        for mart in marts
        if con.execute(
            f"select 1 from {quote(schema)}.{quote(mart)} as mart"
            f" cross join {quote(schema)}.build_manifest as manifest"
            " where mart.as_of is distinct from manifest.as_of limit 1"
        ).fetchone()
    ]
    if stale:
        raise UserError(
            f"{', '.join(stale)} in schema {schema} stand at another as_of than build_manifest: "
            "the last build did not finish. Build again: lifecycle build"
        )


# Writing a release


def copy_marts(
    con: duckdb.DuckDBPyConnection, schema: str, contents: Contents, folder: Path
) -> None:
    """Write every mart as a table, described, into a DuckDB file that older readers open."""
    folder.mkdir(parents=True)
    con.execute("set preserve_insertion_order = false")
    con.execute(
        f"attach {literal(folder / FILE)} as the_copy"
        f" (read_write, storage_version {literal(STORAGE_VERSION)})"
    )
    con.execute(f"create schema the_copy.{SCHEMA}")
    for mart in contents.marts:
        table = f"the_copy.{SCHEMA}.{quote(mart.name)}"
        con.execute(f"create table {table} as from {quote(schema)}.{quote(mart.name)}")
        con.execute(f"comment on table {table} is {literal(mart.description)}")
        for column, description in mart.columns.items():
            con.execute(f"comment on column {table}.{quote(column)} is {literal(description)}")
    con.execute("checkpoint the_copy")
    con.execute("detach the_copy")


def write_parquet(contents: Contents, folder: Path) -> None:
    """Write every mart of the release's DuckDB file as a Parquet file beside it."""
    (folder / "parquet").mkdir()
    with open_database(folder / FILE, read_only=True) as con:
        con.execute("set preserve_insertion_order = false")
        for mart in contents.marts:
            con.execute(
                f"copy {SCHEMA}.{quote(mart.name)}"
                f" to {literal(folder / 'parquet' / f'{mart.name}.parquet')}"
                " (format parquet, compression zstd)"
            )


def write_manifest(contents: Contents, folder: Path, accepted: bool) -> None:
    """Write what the release is: build, tables, files. The same release, the same text."""
    tables: dict[str, dict[str, Any]] = {}
    with open_database(folder / FILE, read_only=True) as con:
        for table, column, type_ in con.execute(
            "select table_name, column_name, data_type from duckdb_columns()"
            " where schema_name = ? order by table_name, column_index",
            [SCHEMA],
        ).fetchall():
            tables.setdefault(table, {"rows": 0, "columns": {}})["columns"][column] = type_
        for table, described in tables.items():
            count = f"select count(*) from {SCHEMA}.{quote(table)}"
            described["rows"] = con.execute(count).fetchone()[0]
    files = sorted([folder / FILE, *(folder / "parquet").iterdir()])
    manifest = {
        "id": contents.id,
        "as_of": contents.build["as_of"],
        "accepted": accepted,
        "build": contents.build,
        "duckdb_version": duckdb.__version__,
        "storage_version": STORAGE_VERSION,
        "tables": tables,
        "files": {file.relative_to(folder).as_posix(): file.stat().st_size for file in files},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
    (folder / "manifest.json").write_text(f"{text}\n", "utf-8")


def is_whole(folder: Path) -> bool:
    """Whether a release holds all the files its manifest names, at their sizes."""
    try:
        files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
        return all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError):
        return False


# The shelf: what lies in `out`


@contextmanager
def exclusive(out: Path) -> Iterator[None]:
    """Be the only publisher in `out`; what a killed one left is cleared, before and after."""
    out.mkdir(parents=True, exist_ok=True)
    busy = f"Another lifecycle publish is writing to {out}. Try again when it is done."
    with held(out / ".lock", busy):
        shutil.rmtree(out / UNFINISHED, ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(out / UNFINISHED, ignore_errors=True)


@contextmanager
def plain_errors(out: Path) -> Iterator[None]:
    """Say what the disk or DuckDB complains about in a sentence, as a UserError."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UserError(
            f"Nothing was published: {out} cannot be written ({reason}). Make room there, or give "
            "another folder with --out."
        ) from None
    except duckdb.Error as error:
        raise UserError(
            f"Nothing was published: the marts cannot be copied. DuckDB says: "
            f"{without_values(str(error)).splitlines()[0]}"
        ) from None


def current_release(out: Path) -> Path | None:
    """The folder that `current` points to, None when there is none."""
    link = out / "current"
    return link.resolve() if link.is_symlink() and link.exists() else None


def swap_in(out: Path, new: Path) -> None:
    """Give the release its place and point `current` to it, each in one step."""
    place_release(new, out / "releases")
    link = out / UNFINISHED / "current"
    link.symlink_to(Path("releases") / new.name)
    link.replace(out / "current")
    flush(out)


def reject(out: Path, new: Path) -> None:
    """Keep the release that did not pass as the only one in `rejected`."""
    clear(out, [folder for folder in _folders(out / "rejected") if folder.name != new.name])
    place_release(new, out / "rejected")


def place_release(new: Path, shelf: Path) -> None:
    """Move a written release to a shelf once all of it is on the disk."""
    for path in [*new.rglob("*"), new]:
        flush(path)
    shelf.mkdir(exist_ok=True)
    place = shelf / new.name
    if place.exists():  # an earlier copy of the same content, damaged or from before a rollback
        place.rename(new.parent / "earlier")
    new.rename(place)
    flush(shelf)


def prune(out: Path, keep: int) -> None:
    """Remove all but the newest releases and the current one, and reports of what is gone."""
    current = current_release(out)
    releases = sorted(
        _folders(out / "releases"), key=lambda path: (path.stat().st_mtime_ns, path.name)
    )
    clear(out, [folder for folder in releases[:-keep] if folder != current])
    if current and (out / "rejected" / current.name).exists():
        clear(out, [out / "rejected" / current.name])
    left = {path.name for shelf in ("releases", "rejected") for path in _folders(out / shelf)}
    clear(out, [folder for folder in _folders(out / "reports") if folder.name not in left])


def clear(out: Path, folders: list[Path]) -> None:
    """Remove folders, out of sight first, so that a kill leaves no half of one in its place."""
    for folder in folders:
        gone = out / UNFINISHED / f"{folder.parent.name}-{folder.name}"
        gone.parent.mkdir(exist_ok=True)
        folder.rename(gone)
        shutil.rmtree(gone)


def _folders(shelf: Path) -> list[Path]:
    """The folders on a shelf, by name."""
    return sorted(path for path in shelf.iterdir() if path.is_dir()) if shelf.is_dir() else []


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
