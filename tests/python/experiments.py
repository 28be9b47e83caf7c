"""The models of experiments as a bench: units or arms in, splits and verdicts out.

One dbt run compiles them; what runs on the rows of a test is dbt's own SQL.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from warehouse import PROJECT, run_dbt

MODELS = (
    "int_experiment_units", "int_experiment_outcomes", "int_experiment_arms",
    "int_experiment_splits", "int_experiment_comparisons", "kpi_experiments",
)  # fmt: skip
AS_OF = pd.Timestamp("2025-06-01")
STARTED, ENDED = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")


class Bench:
    """Compiled models and the tables they read, in a DuckDB of their own."""

    def __init__(self, folder: Path, **variables: Any) -> None:
        self.database = folder / "company.duckdb"
        self.variables = variables
        run_dbt(f"compile --select {' '.join(MODELS)}", self.database, variables=variables)
        target = self.database.with_suffix(".target")
        results = json.loads((target / "run_results.json").read_text("utf-8"))["results"]
        self.queries = {r["unique_id"].split(".")[-1]: r["compiled_code"] for r in results}
        self.con = duckdb.connect(config={"threads": 2})
        self.con.execute("attach ':memory:' as company; use company")
        self.con.execute("set TimeZone = 'UTC'")
        for schema in ("staging", "intermediate", "rules", "marts"):
            self.con.execute(f"create schema {schema}")
        seed = PROJECT / "seeds" / "rules" / "experiment_metrics.csv"
        self.con.execute(f"create table rules.experiment_metrics as from read_csv('{seed}')")
        self.fill("intermediate.int_as_of", pd.DataFrame({"as_of": [AS_OF]}))

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def fill(self, table: str, rows: pd.DataFrame) -> None:
        """Replace a table by a frame."""
        self.con.execute(f"create or replace table {table} as from rows")

    def run(self, model: str) -> None:
        """Compute a model anew from the tables that are there."""
        layer = "marts" if model.startswith("kpi_") else "intermediate"
        self.con.execute(f"create or replace table {layer}.{model} as {self.queries[model]}")

    def formulas(self, sql: str, **tables: pd.DataFrame) -> pd.DataFrame:
        """What a query of macros gives on frames of the names it uses."""
        run_dbt("compile --quiet", self.database, "--inline", sql, variables=self.variables)
        target = self.database.with_suffix(".target")
        (compiled,) = json.loads((target / "run_results.json").read_text("utf-8"))["results"]
        for name, rows in tables.items():
            self.con.register(name, rows)
        return self.con.execute(compiled["compiled_code"]).df()

    def judge(self, arms: pd.DataFrame, experiments: pd.DataFrame | None = None) -> pd.DataFrame:
        """`kpi_experiments` of arms as int_experiment_arms has them.

        Without `experiments` each has ended, its control is `a` and nothing was planned. Without
        splits no split is broken.
        """
        if not self.has("int_experiment_splits"):
            self.split(pd.DataFrame(columns=["experiment_id", "variant", "expected_share"]))
        if experiments is None:
            experiments = pd.DataFrame({"experiment_id": arms.experiment_id.unique()})
        self.plan(experiments)
        self.con.execute("""
            create or replace table intermediate.int_experiment_arms as
            select
                experiment_id, segment, variant, metric, is_primary, units,
                cast(value_sum as decimal(38, 4)) as value_sum,
                cast(value_squares as decimal(38, 8)) as value_squares,
                cast(covariate_sum as decimal(38, 4)) as covariate_sum,
                cast(covariate_squares as decimal(38, 8)) as covariate_squares,
                cast(products as decimal(38, 8)) as products,
                cast(net_amount as decimal(28, 4)) as net_amount,
                cast(costed_amount as decimal(28, 4)) as costed_amount
            from arms
        """)
        self.run("int_experiment_comparisons")
        self.run("kpi_experiments")
        return self.con.execute("from marts.kpi_experiments").df()

    def plan(self, experiments: pd.DataFrame) -> None:
        """`stg_experiments`; without saying so they have ended, a control `a` and no plan."""
        defaults = {
            "campaign_id": None, "factor": None, "segment": None, "control_variant": "a",
            "primary_metric": None, "planned_sample": None, "starts_at": STARTED, "ends_at": ENDED,
        }  # fmt: skip
        missing = {name: value for name, value in defaults.items() if name not in experiments}
        self.fill("staging.stg_experiments", experiments.assign(**missing))
        self.con.execute(
            "alter table staging.stg_experiments alter planned_sample type integer;"
            "alter table staging.stg_experiments alter starts_at type timestamp;"
            "alter table staging.stg_experiments alter ends_at type timestamp"
        )

    def has(self, table: str) -> bool:
        """Whether a table is there."""
        found = "select 1 from duckdb_tables() where table_name = ?"
        return self.con.execute(found, [table]).fetchone() is not None

    def company(self, folder: Path) -> pd.DataFrame:
        """`kpi_experiments` of a made-up company's files: devices are those of their customers."""
        for name in ("experiments", "experiment_variants"):
            self.con.execute(
                f"create or replace table staging.stg_{name} as from '{folder / name}.parquet'"
            )
        self.con.execute(f"""
            create or replace table intermediate.int_experiment_assignments as
            select experiment_id, variant, assigned_at, exposed_at,
                coalesce(customer_id, 'C' || right(anonymous_id, 7)) as customer_id
            from '{folder / "experiment_assignments.parquet"}';
            create or replace table intermediate.int_orders as
            select order_id, customer_id, ordered_at, true as is_valid_order, false as is_guest,
                cast(1 as decimal(18, 4)) as net_amount, cast(null as decimal(18, 4)) as cost_amount
            from '{folder / "orders.parquet"}' where status <> 'cancelled';
            create or replace table intermediate.int_interactions
                (customer_id varchar, interaction_type varchar, occurred_at timestamp,
                direction varchar);
            create or replace table intermediate.int_segment_points
                (customer_id varchar, entered_at timestamp, segment varchar);
        """)
        for model in MODELS:
            self.run(model)
        return self.con.execute("from marts.kpi_experiments").df()

    def split(self, variants: pd.DataFrame, units: pd.DataFrame | None = None) -> pd.DataFrame:
        """`int_experiment_splits` of planned shares and units as int_experiment_units has them."""
        self.plan(pd.DataFrame({"experiment_id": variants.experiment_id.unique()}))
        self.fill("staging.stg_experiment_variants", variants)
        self.con.execute(
            "alter table staging.stg_experiment_variants alter expected_share type decimal(18, 4);"
            "create table if not exists intermediate.int_experiment_units (experiment_id varchar,"
            " variant varchar, is_crossed boolean, assigned_at timestamp, exposed_at timestamp)"
        )
        if units is not None:
            self.fill("intermediate.int_experiment_units", units)
        self.run("int_experiment_splits")
        return self.con.execute("from intermediate.int_experiment_splits").df()


def arms_of(
    units: pd.DataFrame, metric: str = "revenue_within_14_days", *, is_primary: bool = True
) -> pd.DataFrame:
    """Arms from rows of units: experiment_id, variant, value and, if there is one, covariate."""
    if "covariate" not in units:
        units = units.assign(covariate=0)
    grouped = units.assign(
        value_squares=units.value**2,
        covariate_squares=units.covariate**2,
        products=units.value * units.covariate,
        units=1,
    ).groupby(["experiment_id", "variant"], as_index=False)
    sums = grouped.sum().rename(columns={"value": "value_sum", "covariate": "covariate_sum"})
    return sums.assign(
        segment="all", metric=metric, is_primary=is_primary, net_amount=0, costed_amount=0
    )


def arm(
    experiment_id: str, variant: str, units: int, value_sum: float,
    value_squares: float | None = None, metric: str = "order_within_14_days", segment: str = "all",
    is_primary: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """A row of int_experiment_arms; without squares the value is a whether."""
    return {
        "experiment_id": experiment_id, "segment": segment, "variant": variant, "metric": metric,
        "is_primary": is_primary, "units": units, "value_sum": value_sum,
        "value_squares": value_sum if value_squares is None else value_squares,
        "covariate_sum": 0, "covariate_squares": 0, "products": 0,
        "net_amount": 0, "costed_amount": 0,
    }  # fmt: skip
