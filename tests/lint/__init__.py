"""What sqlfluff sees in place of dbt, so that it lints without starting dbt.

Every macro of the project renders as a call of a function of its name, or, when its body is a
query, as a query. `dbt build` proves what the macros really write; here only layout matters.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\(.*?%\}(.*?)\{%-?\s*endmacro", re.DOTALL)
TAG = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)


def as_sql(value: Any) -> str:
    """A Jinja value as it would look in SQL."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_sql, value))
    return "null" if value is None else str(value)


def call_of(name: str) -> Callable[..., str]:
    """A macro that renders as a function call."""
    return lambda *args, **kwargs: f"{name}({as_sql([*args, *kwargs.values()])})"


def query_of(name: str) -> Callable[..., str]:
    """A macro that renders as a query."""
    return lambda *args, **kwargs: f"select * from {name}"


def stand_in(name: str, body: str = "") -> Callable[..., str]:
    """What a macro renders as: a type, a query, or a function call."""
    if "type" in name.split("_"):
        return lambda *args, **kwargs: "varchar"
    first = TAG.sub("", body).split()
    return query_of(name) if first[:1] in (["select"], ["with"]) else call_of(name)


class Dbt:
    """The namespace `dbt`, and others of which only calls are seen."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        """Any macro of the namespace."""
        return stand_in(name)


def _macros() -> dict[str, Callable[..., str]]:
    """Every macro of the project by name."""
    texts = [file.read_text("utf-8") for file in sorted((PROJECT / "macros").rglob("*.sql"))]
    return {name: stand_in(name, body) for text in texts for name, body in MACRO.findall(text)}


_VARS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8")).get("vars", {})

globals().update(_macros())
dbt = Dbt()
adapter = Dbt()
exceptions = Dbt()
execute = True


def var(name: str, default: Any = None) -> Any:
    """A variable of the project."""
    return _VARS.get(name, default)


def env_var(name: str, default: str = "") -> str:
    """An environment variable: its default."""
    return default
