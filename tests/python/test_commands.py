"""What commands of the tests share: one parse of the project does for other variables."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import DECIDING, PARSED, deciding
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


def parsed(folder: Path, variables: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict:
    """The manifest of the project, parsed for nobody else."""
    folder.mkdir()
    monkeypatch.setenv(PARSED, str(folder / "parsed"))
    run_dbt("parse", folder / "company.duckdb", variables=variables)
    manifest = json.loads((folder / "company.target" / "manifest.json").read_text("utf-8"))
    del manifest["metadata"]
    return without_times(manifest)


def without_times(found: Any) -> Any:
    """The same without what says when something was parsed."""
    if isinstance(found, dict):
        return {k: without_times(v) for k, v in found.items() if k != "created_at"}
    return [without_times(each) for each in found] if isinstance(found, list) else found


def test_other_variables_change_nothing_that_is_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {
        name: other(value)
        for name, value in DEFAULTS.items()
        if name not in DECIDING | {"reporting_timezone"}
    } | {"reporting_timezone": "Asia/Tokyo"}
    assert len(others) > 25
    one = parsed(tmp_path / "one", {}, monkeypatch)
    assert one == parsed(tmp_path / "other", others, monkeypatch)
    assert len(one["nodes"]) > 900


@pytest.mark.parametrize("name", sorted(DECIDING))
def test_what_decides_is_parsed_for_itself(name: str) -> None:
    assert deciding({name: False, "as": 1}) != deciding({name: "a", "as": 2})
    assert deciding({name: False, "as": 1}) == deciding({name: False, "as": 2})
    assert deciding({name: False, "as": 1}) != deciding({name: False, "as": "1"})
