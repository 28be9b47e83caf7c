"""A mapping: one SELECT per raw table over views named after the files, and its variables."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml

from lifecycle.contract import Table, did_you_mean, nearest, some
from lifecycle.errors import UserError
from lifecycle.files import DataFile, Shape, quote, read_sql, sentence, shape_of

Views = dict[str, list[DataFile]]

NAMES_SHOWN = 20


def read_mapping(mapping: Path, contract: dict[str, Table]) -> dict[Path, str]:
    """The SQL files of a mapping with their text. Raises UserError for an unknown table."""
    if not mapping.is_dir():
        raise UserError(f"The mapping {mapping} is not a folder of <raw_table>.sql files.")
    files = sorted(mapping.glob("*.sql"))
    if not files:
        raise UserError(f"The mapping {mapping} holds no <raw_table>.sql file.")
    for file in files:
        if file.stem not in contract:
            close = nearest(file.stem, contract)
            hint = f"Did you mean {close}.sql?" if close else f"There are: {', '.join(contract)}."
            raise UserError(f"{where_of(file)}: the contract has no table {file.stem}. {hint}")
    return {file: _text(file) for file in files}


def where_of(file: Path) -> str:
    """A mapping's file as sentences name it: with its folder."""
    return f"{file.resolve().parent.name}/{file.name}"


def _text(file: Path) -> str:
    """The text of a mapping's file."""
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(
            f"{where_of(file)} is not written in UTF-8. Save it as UTF-8 and load again."
        ) from None


def mapping_variables(mapping: Path, project: Path) -> dict[str, Any]:
    """The dbt variables of the mapping's `vars.yml`. Raises UserError for an unknown one."""
    from pytz import all_timezones

    file = mapping / "vars.yml"
    if not file.is_file():
        return {}
    where = where_of(file)
    try:
        values = yaml.safe_load(_text(file)) or {}
        known = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8")).get("vars", {})
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise UserError(f"{where}: write one `name: value` per line.")
    for name in values:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise UserError(f"{where}: the project has no variable {name}. {hint}")
    zone = values.get("reporting_timezone", "UTC")
    if zone not in all_timezones:
        close = nearest(str(zone), all_timezones)
        hint = f"Did you mean {close}?" if close else "Write one as in Europe/Berlin."
        raise UserError(f"{where}: there is no time zone {zone}. {hint}")
    return values


def views_of(files: Sequence[DataFile], is_one_file: bool) -> Views:
    """The views that a mapping may read, each with its files.

    A view per file, named by its stem; `input` when one file was given. Where the names are free:
    `orders` for all files like orders_2024_01 and orders_2024_02, and one for each nested folder.
    Raises UserError when two files in one folder have the same view name.
    """
    views: Views = {}
    for file in files:
        name = _view_name(file.stem)
        for other in views.get(name, []):
            if other.path.name != file.path.name:
                raise UserError(
                    f"{other.name} and {file.name} would both be the view {name}. Rename one."
                )
        views.setdefault(name, []).append(file)
    if is_one_file:
        views["input"] = list(files)
    for group_of in (_kind, _folders):
        groups: Views = {}
        for file in files:
            for name in group_of(file):
                groups.setdefault(_view_name(name), []).append(file)
        views = groups | views
    return views


def _view_name(text: str) -> str:
    """A text as the name of a view."""
    return re.sub(r"[^0-9a-z]", "_", text.lower())


def _kind(file: DataFile) -> list[str]:
    """A file's stem without the number, date or quarter at its end."""
    stem = file.stem.lower()
    base = re.sub(r"([ _.-]+[hqwt]?\d+)+$", "", stem)
    if base == stem:
        base = re.sub(r"\d+$", "", stem)
    return [base] if base not in ("", stem) else []


def _folders(file: DataFile) -> list[str]:
    """The nested folders a file is in."""
    return file.name.split("/")[:-1]


def create_views(con: duckdb.DuckDBPyConnection, views: Views, queries: Sequence[str]) -> None:
    """Create those of the views, as temporary ones, that the queries could read."""
    text = "\n".join(queries).lower()
    for name, files in views.items():
        if name in text:
            _create_view(con, name, files)


def _create_view(con: duckdb.DuckDBPyConnection, name: str, files: list[DataFile]) -> None:
    """A temporary view of files, with `_source_file` where they bring none."""
    shapes: dict[Shape, list[DataFile]] = {}
    for file in files:
        shapes.setdefault(shape_of(file), []).append(file)
    selects = []
    for shape, alike in shapes.items():
        source = read_sql(shape, alike)
        try:
            columns = [row[0].lower() for row in con.execute(f"describe from {source}").fetchall()]
            if "_source_file" not in columns:
                root = len(os.fspath(alike[0].path)) - len(alike[0].name)
                selects.append(
                    f"select * exclude (_path), substr(_path, {root + 1}) as _source_file"
                    f" from {read_sql(shape, alike, '_path')}"
                )
            else:
                selects.append(f"select * from {source}")
        except duckdb.Error as error:
            raise UserError(sentence(error, ", ".join(file.name for file in alike[:3]))) from None
    try:
        con.execute(f"create temp view {quote(name)} as {' union all by name '.join(selects)}")
    except duckdb.Error as error:
        raise UserError(sentence(error, f"the view {name}")) from None


def create_query(
    con: duckdb.DuckDBPyConnection, table: str, sql: str, views: Views, where: str
) -> str:
    """The one SELECT of a mapping file as a temporary view; returns a query on it.

    Raises UserError when it is no SELECT, or reads a column or table that is not there.
    """
    view = f"mapping of {table}"
    try:
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise UserError(f"{where}: a mapping file holds exactly one SELECT and nothing else.")
        con.execute(f"create temp view {quote(view)} as {sql}")
    except duckdb.Error as error:
        raise UserError(_mistake(con, error, views, where)) from None
    return f"select * from temp.{quote(view)}"


def _mistake(con: duckdb.DuckDBPyConnection, error: Exception, views: Views, where: str) -> str:
    """What DuckDB says about a SELECT, as a sentence with the line and the nearest right name."""
    message = str(error)
    line = re.search(r"^LINE (\d+):", message, re.MULTILINE)
    place = f"{where}{f', line {line[1]}' if line else ''}"
    table = re.search(r"Table with name (\S+) does not exist", message)
    if table:
        close = nearest(table[1], views)
        hint = f" Did you mean {close}?" if close else ""
        if table[1].lower() == "input":
            hint = " It reads one file: give its path, not a folder's."
        return f"{place} reads {table[1]}, which is not there.{hint} {_names(views)}"
    column = re.search(r'(?:Referenced column|does not have a column named) "([^"]+)"', message)
    if column:
        known = [row[0] for row in con.execute(COLUMNS).fetchall()]
        close = nearest(column[1], known)
        hint = f"Did you mean {close}?" if close else f"The files have: {some(known, NAMES_SHOWN)}."
        return f'{place}: column "{column[1]}" not found. {hint}'
    return sentence(error, place)


COLUMNS = """
select distinct column_name from duckdb_columns()
where database_name = 'temp' and column_name <> '_source_file' order by 1
"""


def _names(views: Views) -> str:
    """The views that the files make, for a sentence."""
    return f"The files make these views: {some(list(views), NAMES_SHOWN)}."
