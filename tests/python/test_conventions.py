"""The project's conventions, checked file by file, so that a review need not."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
MARTS = [file for file in MODELS if "marts" in file.relative_to(PROJECT / "models").parts]
SEEDS = sorted((PROJECT / "seeds").rglob("*.csv"))
SQL = sorted(
    file
    for folder in ("models", "macros", "tests/data")
    for file in (PROJECT / folder).rglob("*.sql")
)

PREFIXES = {
    "landing": ("raw_",),
    "staging": ("stg_", "base_"),
    "intermediate": ("int_",),
    "marts/core": ("dim_", "fct_"),
    "marts/kpis": ("kpi_",),
}
# An operation, run by `lifecycle fit` and by no build: it writes down when a fit was made.
OPERATIONS = {PROJECT / "macros" / "rules" / "fit.sql"}
# A macro or the variable `as_of` says what time it is; the machine's clock never does.
CLOCK = re.compile(
    r"\b(current_date|current_time|current_timestamp|localtimestamp|getdate|sysdate|now\s*\(|"
    r"today\s*\(|run_started_at|datetime\.now|utcnow)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(/home/|/Users/|/root/|/tmp/|[A-Z]:\\)")


def name_of(file: Path) -> str:
    """A file as it is named in a message."""
    return str(file.relative_to(PROJECT))


def properties(file: Path) -> dict:
    """The yml entry of a model or seed, from the file beside it."""
    beside = file.with_suffix(".yml")
    assert beside.exists(), f"{name_of(file)} has no {beside.name} beside it"
    content = yaml.safe_load(beside.read_text("utf-8")) or {}
    entries = [*content.get("models", []), *content.get("seeds", [])]
    found = [entry for entry in entries if entry["name"] == file.stem]
    assert len(found) == 1, f"{name_of(beside)} must describe {file.stem}, once"
    return found[0]


def without_comments(sql: str) -> str:
    """SQL without its comments."""
    return re.sub(r"\{#.*?#\}|/\*.*?\*/|--[^\n]*", "", sql, flags=re.DOTALL)


def text_files() -> Iterator[Path]:
    """Every text file of the project that a user gets."""
    kept = (".sql", ".yml", ".py", ".csv", ".md", ".toml", ".in", ".txt")
    folders = ("models", "macros", "seeds", "tests", "lifecycle", "mappings", "analyses", "docs")
    yield from (file for file in PROJECT.glob("*") if file.suffix in kept)
    for folder in folders:
        for file in (PROJECT / folder).rglob("*"):
            if file.suffix in kept and "__pycache__" not in file.parts:
                yield file


@pytest.mark.parametrize("file", MODELS, ids=name_of)
def test_a_model_says_its_grain(file: Path) -> None:
    description = " ".join(properties(file).get("description", "").split())
    last = re.split(r"(?<=\.)\s+", description)[-1]
    assert re.match(r"(One|A single|Exactly one) row\b", last), (
        f"the description of {file.stem} must end with its grain, 'One row per …', "
        f"and ends with: {last!r}"
    )


@pytest.mark.parametrize("file", MODELS, ids=name_of)
def test_a_model_is_named_after_its_layer(file: Path) -> None:
    folder = file.parent.relative_to(PROJECT / "models").as_posix()
    layer = next((key for key in PREFIXES if folder == key or folder.startswith(f"{key}/")), None)
    if layer:
        assert file.stem.startswith(PREFIXES[layer]), f"{name_of(file)}: {PREFIXES[layer]}"
    else:
        assert folder.startswith("marts/"), f"{name_of(file)} lies in no layer"
        assert not file.stem.startswith(("stg_", "int_", "raw_", "base_"))


@pytest.mark.parametrize("file", MARTS, ids=name_of)
def test_a_mart_has_a_contract_and_describes_its_columns(file: Path) -> None:
    entry = properties(file)
    columns = entry.get("columns", [])
    assert columns, f"{file.stem} has no columns in its yml"
    assert contract_of(file, entry), f"{file.stem} must enforce its contract"
    for column in columns:
        assert column.get("description"), f"{file.stem}.{column['name']} has no description"
        assert column.get("data_type"), f"{file.stem}.{column['name']} has no data_type"


def contract_of(file: Path, entry: dict) -> bool:
    """Whether a contract is enforced, by the model, or by the folder in dbt_project.yml."""
    own = (entry.get("config") or {}).get("contract", {}).get("enforced")
    if own is not None:
        return bool(own)
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    level = project["models"][project["name"]]
    found = False
    for part in file.parent.relative_to(PROJECT / "models").parts:
        level = level.get(part) or {}
        found = level.get("+contract", {}).get("enforced", found)
    return found


@pytest.mark.parametrize("file", [f for f in SQL if f not in OPERATIONS], ids=name_of)
def test_no_wall_clock(file: Path) -> None:
    found = CLOCK.search(without_comments(file.read_text("utf-8")))
    assert not found, f"{name_of(file)} asks the machine for the time: {found and found[0]}"


@pytest.mark.parametrize("file", SEEDS, ids=name_of)
def test_a_seed_declares_the_type_of_every_column(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    entries = [
        entry
        for beside in sorted(file.parent.glob("*.yml"))
        for entry in (yaml.safe_load(beside.read_text("utf-8")) or {}).get("seeds", [])
        if entry["name"] == file.stem
    ]
    assert len(entries) == 1, f"{name_of(file)} must be described in {file.parent.name}, once"
    declared = (entries[0].get("config") or {}).get("column_types", {})
    missing = [name for name in header if name not in declared]
    assert not missing, f"{name_of(file)}: no column_types for {', '.join(missing)}"


@pytest.mark.parametrize("file", [f for f in SEEDS if f.parent.name == "rules"], ids=name_of)
def test_a_rule_seed_is_described(file: Path) -> None:
    entry = properties(file)
    assert entry.get("description"), f"{name_of(file)} has no description"


def test_no_hub_packages() -> None:
    assert not (PROJECT / "packages.yml").exists()
    assert not (PROJECT / "dependencies.yml").exists()


def test_no_path_of_a_machine() -> None:
    found = [
        name_of(file)
        for file in text_files()
        if file != Path(__file__) and MACHINE_PATH.search(file.read_text("utf-8"))
    ]
    assert not found


def test_every_model_has_a_name_of_its_own() -> None:
    stems = [file.stem for file in [*MODELS, *SEEDS]]
    assert sorted(stems) == sorted(set(stems))
