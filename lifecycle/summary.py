"""What came out of a build, in a few lines."""

from collections.abc import Callable
from pathlib import Path

from lifecycle.connection import Run, cursor, duckdb_file
from lifecycle.errors import UserError

Say = Callable[[str], None]


def summarise(project: Path, target: str | None, prefix: str = "", say: Say = print) -> None:
    """Say as_of, customers per stage and segment, quarantined rows, and where to look next.

    `prefix` is the build's schema_prefix. Raises UserError when nothing was built there.
    """
    database = duckdb_file(project, target)
    schema = f"{prefix}marts"
    with cursor(project, target, database) as run:
        built = tables_in(run, schema)
        if not built:
            raise UserError(f"There is no schema {schema} yet. Build first: lifecycle build")
        for wanted, lines in SECTIONS:
            if wanted in built:
                say("")
                for line in lines(run, prefix):
                    say(line)
    say("")
    place = database or f"target {target or 'of profiles.yml'}"
    say(f"Database: {place}, schema {schema}")
    say(
        f"Look next at {schema}.lifecycle_current (who is where, and what comes next), "
        f"{schema}.lifecycle_spans (every customer's history), {schema}.customer_segments and "
        f"{schema}.quarantined_rows. `make docs` describes every table."
    )


def tables_in(run: Run, schema: str) -> set[str]:
    """The names of the tables and views of a schema."""
    query = f"select table_name from information_schema.tables where table_schema = '{schema}'"
    return {row[0] for row in run(query)}


def as_of_lines(run: Run, prefix: str) -> list[str]:
    """The instant of the build."""
    return [f"As of {row[0]} UTC" for row in run(f"select as_of from {prefix}marts.build_manifest")]


def stage_lines(run: Run, prefix: str) -> list[str]:
    """Customers per lifecycle stage, in the order of the seed `lifecycle_stages` if it is there."""
    counts = (
        f"select stage, count(*) as customers from {prefix}marts.lifecycle_current group by stage"
    )
    if "lifecycle_stages" in tables_in(run, f"{prefix}rules"):
        rows = run(
            f"select counts.stage, counts.customers from ({counts}) as counts"
            f" left join {prefix}rules.lifecycle_stages as stages on counts.stage = stages.stage"
            " order by stages.position nulls last, counts.stage"
        )
    else:
        rows = run(f"{counts} order by stage")
    return table_lines("Customers per stage", rows)


def segment_lines(run: Run, prefix: str) -> list[str]:
    """Customers per segment, the largest first."""
    rows = run(
        f"select segment, count(*) from {prefix}marts.customer_segments"
        " group by segment order by 2 desc, 1"
    )
    return table_lines("Customers per segment", rows)


def quarantine_lines(run: Run, prefix: str) -> list[str]:
    """Quarantined rows per raw table and fault."""
    rows = run(
        f"select table_name, fault, count(*) from {prefix}marts.quarantined_rows"
        " group by table_name, fault order by table_name, fault"
    )
    if not rows:
        return ["No quarantined rows"]
    return table_lines("Quarantined rows", [(f"{row[0]}: {row[1]}", row[2]) for row in rows])


SECTIONS: tuple[tuple[str, Callable[..., list[str]]], ...] = (
    ("build_manifest", as_of_lines),
    ("lifecycle_current", stage_lines),
    ("customer_segments", segment_lines),
    ("quarantined_rows", quarantine_lines),
)


def table_lines(title: str, rows: list[tuple[str, int]]) -> list[str]:
    """A title with the total, and a line per row with its number."""
    total = sum(count for _, count in rows)
    return [f"{title} ({total:,})", *(f"{count:>12,}  {name}" for name, count in rows)]
