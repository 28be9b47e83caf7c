"""What sqlfluff sees in place of dbt, so that it lints without starting dbt.

Every macro of the project renders as a call of a function of its name; as a query or as the last
of its CTEs, when its body is that; and one that returns a constant list or dict returns it.
`dbt build` proves what the macros really write; here only layout matters.
"""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
MACRO = re.compile(r"\{%-?\s*macro\s+(\w+)\(.*?%\}(.*?)\{%-?\s*endmacro", re.DOTALL)
TAG = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)
CONSTANT = re.compile(r"return\(\s*([\[{].*[\]}])\s*\)", re.DOTALL)
LEADING_CALL = re.compile(r"^\{\{.*?\}\},\s*", re.DOTALL)  # of a macro that writes CTEs too
CTE = re.compile(r"^(\w+) as \($", re.MULTILINE)
MADE_UP = re.compile(r"\w*\{\{ \w+ \}\} as \(")
# Macros of dbt that render as a query.
QUERIES = {"generate_series", "date_spine"}


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


def read(args: tuple[Any, ...]) -> str:
    """The CTEs that are handed over to a macro, each of them read; names of columns do no harm."""
    return " cross join ".join(arg for arg in map(str, args) if arg.isidentifier())


def stand_in(name: str, body: str = "") -> Callable[..., Any]:
    """What a macro renders as: a constant, a type, a query, or a function call."""
    constant = CONSTANT.search(body)
    if constant:
        try:
            value = ast.literal_eval(constant[1])
        except (SyntaxError, ValueError):
            pass
        else:
            return lambda *args, **kwargs: value
    if "type" in name.split("_"):
        return lambda *args, **kwargs: "varchar"
    if name == "except":
        return lambda: "except"
    text = LEADING_CALL.sub("", TAG.sub("", body).strip())
    if name.split("_")[0] == "after":
        return lambda *args, **kwargs: ""  # says something to dbt and nothing in SQL
    ctes = CTE.findall(text)
    # The name of the first may be made up as well: then only the last can be seen.
    if ctes and (text.startswith(f"{ctes[0]} as (") or MADE_UP.match(text)):
        return lambda *args, **kwargs: (
            f"{ctes[-1]} as (\n\n    select * from {read(args) or name}\n\n)"
        )
    is_query = text.split()[:1] in (["select"], ["with"])
    return query_of(name) if is_query or name in QUERIES else call_of(name)


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
