"""docs/metrics.md says what every KPI mart measures, in the words of the marts themselves.

LIFECYCLE_WRITE_DOCS=1 writes the page; otherwise it must be what the ymls and kpi_targets.csv say.
"""

import csv
import os
import re
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "metrics.md"
TARGETS = PROJECT / "seeds" / "rules" / "kpi_targets.csv"
FOLDERS = {
    "kpis": "KPI marts",
    "value": "Value, decline and loss, per customer",
    "activation": "Whom to contact, and what it earned",
}
INTRODUCTION = """# Metrics

Written from the descriptions of the models and from `seeds/rules/kpi_targets.csv` by
`tests/python/test_metrics.py`: change them there. Keys, flags and plain counts that say what they
are by their names are left out; `make docs` describes every column.

"""


def words() -> dict[str, str]:
    """The project's doc blocks, each in one line."""
    found = {}
    for file in sorted((PROJECT / "models" / "docs").glob("*.md")):
        for name, text in re.findall(
            r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", file.read_text("utf-8"), re.DOTALL
        ):
            found[name] = one_line(text)
    return found


def one_line(text: str) -> str:
    """A text without line breaks, safe in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def described(text: str, blocks: dict[str, str]) -> str:
    """A description with its doc blocks put in."""
    return one_line(
        re.sub(r"\{\{ doc\('(\w+)'\) \}\}", lambda match: blocks[match[1]], text).strip()
    )


def is_measure(column: dict[str, Any]) -> bool:
    """Whether a column is worth a line: a share, money, a score, a mean, a probability."""
    return column["data_type"].startswith(("decimal", "numeric")) or column["name"].startswith(
        ("payback", "decline_step", "value_tier", "effort_level", "expected_")
    )


def page() -> str:
    """The page as the project's files have it today."""
    blocks = words()
    parts = [INTRODUCTION, "## Who owns what\n\n"]
    parts.append("| stage | metric | what | direction | owner | department |\n")
    parts.append("| --- | --- | --- | --- | --- | --- |\n")
    with TARGETS.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            cells = ("stage", "metric", "description", "direction", "owner", "department")
            parts.append("| " + " | ".join(one_line(row[cell]) for cell in cells) + " |\n")
    for folder, title in FOLDERS.items():
        parts.append(f"\n## {title}\n")
        for file in sorted((PROJECT / "models" / "marts" / folder).glob("*.yml")):
            (model,) = yaml.safe_load(file.read_text("utf-8"))["models"]
            parts.append(f"\n### {model['name']}\n\n{described(model['description'], blocks)}\n")
            measures = [column for column in model["columns"] if is_measure(column)]
            if measures:
                parts.append("\n| column | what |\n| --- | --- |\n")
            parts += [
                f"| `{column['name']}` | {described(column['description'], blocks)} |\n"
                for column in measures
            ]
    return "".join(parts)


def test_the_page_says_what_the_models_say() -> None:
    written = page()
    assert "doc(" not in written
    assert written.count("\n### ") > 20
    if os.environ.get("LIFECYCLE_WRITE_DOCS") == "1":
        PAGE.write_text(written, "utf-8")
    assert PAGE.read_text("utf-8") == written, "LIFECYCLE_WRITE_DOCS=1 writes it anew"
