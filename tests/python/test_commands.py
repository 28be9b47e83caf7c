"""What commands of the tests share: one parse of the project does for other variables."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import DECIDING, PARSED, deciding, for_database
from warehouse import PROJECT, run_dbt

DEFAULTS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return [*value, 1000]
    return f"{value}x"


def parsed(database: Path, kept: Path, variables: dict[str, Any], **environment: str) -> dict:
    """The manifest of the project for a database, parsed anew if `kept` has nothing."""
    database.parent.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PARSED, str(kept))
        run_dbt("parse", database, variables=variables, environment=environment)
    manifest = json.loads((database.with_suffix(".target") / "manifest.json").read_text("utf-8"))
    del manifest["metadata"]
    return without_times(manifest)


def without_times(found: Any) -> Any:
    """The same without what says when something was parsed."""
    if isinstance(found, dict):
        return {k: without_times(v) for k, v in found.items() if k != "created_at"}
    return [without_times(each) for each in found] if isinstance(found, list) else found


def test_other_variables_and_databases_change_nothing_that_is_parsed(tmp_path: Path) -> None:
    others = {
        name: other(value)
        for name, value in DEFAULTS.items()
        if name not in DECIDING | {"reporting_timezone"}
    } | {"reporting_timezone": "Asia/Tokyo"}
    assert len(others) > 25
    company, shop = tmp_path / "one" / "company.duckdb", tmp_path / "other" / "shop.duckdb"
    kept = tmp_path / "kept"
    one = parsed(company, kept, {})
    assert len(one["nodes"]) > 900

    other_one = parsed(shop, tmp_path / "kept_for_it", others)
    assert other_one != one
    # This one is the first one's, with another database in it: nothing was parsed, so nothing kept.
    assert parsed(shop, kept, {}) == other_one
    (same,) = (folder for folder in kept.iterdir() if folder.is_dir())
    assert [file.name for file in same.iterdir()] == ["company"]


def test_what_the_last_run_left_is_of_another_database(tmp_path: Path) -> None:
    """What asks for the salt is parsed anew, and the rest is taken from there."""
    company, area = tmp_path / "company.duckdb", tmp_path / "area.duckdb"
    parsed(company, tmp_path / "kept", {})
    company.with_suffix(".target").rename(area.with_suffix(".target"))
    manifest = parsed(area, tmp_path / "kept", {}, LIFECYCLE_PII_SALT="another")
    assert {node["database"] for node in manifest["nodes"].values()} == {"area"}
    half = (area.with_suffix(".target") / "partial_parse.msgpack").read_bytes()[:1000]
    assert for_database(half, "shop") == half


@pytest.mark.parametrize("name", sorted(DECIDING))
def test_what_decides_is_parsed_for_itself(name: str) -> None:
    assert deciding({name: False, "as": 1}) != deciding({name: "a", "as": 2})
    assert deciding({name: False, "as": 1}) == deciding({name: False, "as": 2})
    assert deciding({name: False, "as": 1}) != deciding({name: False, "as": "1"})
