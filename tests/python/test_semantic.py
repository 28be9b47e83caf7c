"""The semantic layer says what the marts say: MetricFlow's own engine is asked for every metric."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow.sql.render.sql_plan_renderer import SqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
from warehouse import run_dbt

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "semantic-layer.md"

MF = "from dbt_metricflow.cli.main import cli; cli()"

# Parts of metrics that no mart has as a column.
PARTS = {"response_minutes", "resolution_hours", "waiting_entries"}

# Of these not every month of a year counts: the first one or the last.
STOCKS = {
    "start_revenue_amount": "min",
    "end_revenue_amount": "max",
    "buyers_at_end": "max",
    "declining_at_end": "max",
    "churned_at_end": "max",
    "loyalty_buyers": "max",
    "members": "max",
    "advocacy_buyers": "max",
    "referrers": "max",
    "open_tickets": "max",
}

# What a rate is over any grouping: both sides summed over the rows that are mature.
RATES = {
    "repurchase_rate": (
        "sum(repeat_customers) / sum(active_customers)",
        "period_kind = 'month' and is_period_complete",
    ),
    "retention_rate": (
        "sum(retained_customers) / sum(previous_active_customers)",
        "period_kind = 'month' and is_period_complete",
    ),
    "stage_retention_rate": (
        "sum(still_engaged_at_end) / sum(engaged_at_start)",
        "period_kind = 'month' and is_period_complete",
    ),
    "churn_rate": (
        "sum(churn_entries) / sum(unchurned_at_start)",
        "period_kind = 'month' and is_period_complete",
    ),
    "weekend_order_rate": ("sum(weekend_orders) / sum(orders)", "is_month_complete"),
    **{
        f"{what}_change_ratio": (
            f"sum({column} - year_ago_{column}) / sum(year_ago_{column})",
            "year_ago_orders is not null",
        )
        for what, column in [
            ("orders", "orders"),
            ("sales", "sales_amount"),
            ("revenue", "revenue_amount"),
        ]
    },
    "acquisition_cost_amount": (
        "sum(acquisition_spend_amount) / sum(new_customers)",
        "is_month_complete and acquisition_spend_amount is not null",
    ),
    "value_to_acquisition_cost_ratio": (
        "sum(cohort_margin_amount) / sum(acquisition_spend_amount)",
        "is_month_complete and (new_customers = 0 or cohort_margin_amount is not null)",
    ),
    "expected_to_acquisition_cost_ratio": (
        "sum(expected_margin_365_days_amount) / sum(acquisition_spend_amount)",
        "is_month_complete and predicted_customers = new_customers",
    ),
    "retention_cost_per_customer_amount": (
        "sum(retention_cost_amount) / sum(active_customers)",
        "is_month_complete and retention_cost_amount is not null",
    ),
    "acquisition_to_retention_cost_ratio": (
        "(sum(acquisition_spend_amount) / sum(new_customers))"
        " / (sum(retention_cost_amount) / sum(active_customers))",
        "is_month_complete and retention_cost_amount is not null",
    ),
    "cohort_retention_rate": ("sum(active_customers) / sum(cohort_customers)", "is_mature"),
    "conversion_rate": (
        "sum(reached_next) / sum(reached)",
        "is_mature and reached_next is not null",
    ),
    "conversion_from_entry_rate": ("sum(reached) / sum(units)", "is_mature"),
    "cart_abandonment_rate": ("sum(abandoned_carts) / sum(carts)", "is_mature"),
    "activation_rate": ("sum(activated_buyers) / sum(buyers)", "is_mature"),
    "help_needed_rate": ("sum(helped_buyers) / sum(buyers)", "is_mature"),
    "second_order_rate": ("sum(second_buyers) / sum(buyers)", "is_mature"),
    **{
        f"repeat_rate_{days}_days": (
            "sum(repeat_customers) / sum(cohort_customers)",
            f"is_mature and window_days = {days}",
        )
        for days in (90, 365)
    },
    "cross_sell_rate": ("sum(cross_sold_customers) / sum(new_customers)", "is_window_over"),
    "up_sell_rate": ("sum(up_sold_orders) / sum(repeat_orders)", "is_month_complete"),
    "programme_enrolment_rate": ("sum(members) / sum(buyers)", "is_month_complete"),
    "redemption_rate": ("sum(points_redeemed) / sum(points_earned)", "is_month_complete"),
    "mean_active_days": ("sum(active_days) / sum(active_customers)", "is_month_complete"),
    "referral_rate": ("sum(referrers) / sum(buyers)", "is_month_complete"),
    "satisfaction_rate": (
        "sum(satisfied_answers) / sum(answers)",
        "is_month_complete and satisfied_answers is not null",
    ),
    "low_effort_rate": (
        "sum(low_effort_answers) / sum(answers)",
        "is_month_complete and low_effort_answers is not null",
    ),
    "net_promoter_score": (
        "100 * sum(promoters - detractors) / sum(answers)",
        "is_month_complete and promoters is not null",
    ),
    "closed_loop_rate": (
        "sum(closed_loops) / sum(low_answers)",
        "low_answers > 0 and closed_loop_rate is not null",
    ),
    "mean_response_minutes": (
        "sum(mean_response_minutes * responded_tickets) / sum(responded_tickets)",
        "is_month_complete",
    ),
    "mean_resolution_hours": (
        "sum(mean_resolution_hours * closed_tickets) / sum(closed_tickets)",
        "is_month_complete",
    ),
    "first_contact_resolution_rate": (
        "sum(first_contact_resolutions) / sum(judged_tickets)",
        "judged_tickets > 0 and first_contact_resolution_rate is not null",
    ),
    "repeat_contact_rate": ("sum(repeat_contacts) / sum(tickets)", "is_month_complete"),
    "complaint_rate": ("sum(complaints) / sum(said_tickets)", "is_month_complete"),
    "warned_rate": ("sum(warned_entries) / sum(churn_entries)", "is_month_complete"),
    "mean_days_warned": ("sum(days_warned) / sum(warned_entries)", "is_month_complete"),
    # These wait for the last of those who are counted.
    "rescue_rate": (
        "case when sum(ended_entries) = sum(entries) then sum(saved_entries) / sum(entries) end",
        "is_month_complete and stage = 'decline'",
    ),
    "return_rate": (
        "case when count(return_rate) = sum(case when contacted_entries > 0 then 1 else 0 end)"
        " then sum(returned_in_window_entries) / sum(contacted_entries) end",
        "is_month_complete and stage = 'churn'",
    ),
}


class Metric(NamedTuple):
    """A metric, and the column of a mart that it says it is."""

    name: str
    mart: str
    column: str
    condition: str  # rows of the mart for which it is; the others have none
    aggregation: str | None  # of a sum or maximum; None for a rate


class Grain(NamedTuple):
    """What a mart is grouped by in the semantic layer: the column of each name, and its time."""

    time: str
    keys: dict[str, str]


FILES = [
    yaml.safe_load(file.read_text("utf-8")) for file in (PROJECT / "models/semantic").glob("*")
]
MODELS = {model["name"]: model for file in FILES for model in file.get("semantic_models", [])}
MARTS = sorted(name for name, model in MODELS.items() if "measures" in model)
QUERIES = {query["name"]: query for file in FILES for query in file.get("saved_queries", [])}


def metrics() -> dict[str, Metric]:
    """Every metric of the semantic layer but the parts of others."""
    measures = [measure for mart in MARTS for measure in MODELS[mart]["measures"]]
    found = {}
    for entry in [*measures, *(metric for file in FILES for metric in file.get("metrics", []))]:
        if entry["name"] in PARTS:
            continue
        said = re.match(r"`(\w+)` of (\w+)(?: where ([^.]+))?[.]", entry["description"])
        assert said, f"{entry['name']} does not say which column of which mart it is"
        found[entry["name"]] = Metric(
            entry["name"],
            said[2],
            said[1],
            said[3] or "true",
            entry.get("agg"),
        )
    return found


METRICS = metrics()


def grain(mart: str) -> Grain:
    """The mart's key as the semantic layer names it."""
    (file,) = (PROJECT / "models" / "marts").glob(f"*/{mart}.yml")
    (model,) = yaml.safe_load(file.read_text("utf-8"))["models"]
    key = [c["name"] for c in model["columns"] if "unique" in c.get("data_tests", [])]
    for test in model.get("data_tests", []):
        key = test.get("unique_combination", {}).get("arguments", {}).get("columns", key)
    layer = MODELS[mart]
    names = {
        entity.get("expr", entity["name"]): entity["name"] for entity in layer.get("entities", [])
    }
    for dimension in layer["dimensions"]:
        names.setdefault(dimension["name"], f"{layer.get('primary_entity')}__{dimension['name']}")
    time = layer["defaults"]["agg_time_dimension"]
    return Grain(time, {names[c]: c for c in key if c in names and c != time})


@pytest.fixture(scope="module")
def manifest(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt writes for MetricFlow, for the sample company's database."""
    database = tmp_path_factory.mktemp("semantic") / sample_database.name
    run_dbt("parse", database)
    return database.with_suffix(".target") / "semantic_manifest.json"


def metricflow(manifest: Path, dialect: SqlEngine, renderer: SqlPlanRenderer) -> MetricFlowEngine:
    """MetricFlow over the project as dbt parses it, writing the SQL of one engine."""
    parsed = parse_manifest_from_dbt_generated_manifest(manifest.read_text("utf-8"))
    client = SimpleNamespace(sql_engine_type=dialect, sql_plan_renderer=renderer)
    return MetricFlowEngine(SemanticManifestLookup(parsed), client)


@pytest.fixture(scope="module")
def engine(manifest: Path) -> MetricFlowEngine:
    """MetricFlow for DuckDB."""
    return metricflow(manifest, SqlEngine.DUCKDB, DuckDbSqlPlanRenderer())


def plain(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value


def rows_of(connection: Any, sql: str, keys: int) -> tuple[list[str], dict[tuple, list[Any]]]:
    """The names of what a query measures, and its rows by their first columns, which are a key."""
    cursor = connection.cursor()
    cursor.execute(sql)
    rows = [[plain(value) for value in row] for row in cursor.fetchall()]
    found = {tuple(row[:keys]): row[keys:] for row in rows}
    assert len(found) == len(rows), sql
    return [column[0] for column in cursor.description][keys:], found


def answers(
    engine: MetricFlowEngine,
    sample: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    by: Sequence[str],
) -> dict[str, dict[tuple, Any]]:
    """What MetricFlow says of some metrics, each by key; a key without a value is left out."""
    request = MetricFlowQueryRequest.create(metric_names=list(names), group_by_names=list(by))
    measured, rows = rows_of(sample, engine.explain(request).sql_statement.sql, len(by))
    assert sorted(measured) == sorted(names)
    return {
        name: {key: row[place] for key, row in rows.items() if row[place] is not None}
        for place, name in enumerate(measured)
    }


def wanted(
    sample: duckdb.DuckDBPyConnection, mart: str, columns: Sequence[str], sql: str, condition: str
) -> dict[tuple, Any]:
    """The same from the mart in plain SQL."""
    numbers = ", ".join(str(place + 1) for place in range(len(columns)))
    query = (
        f"select {', '.join(columns)}, {sql} from marts.{mart} where {condition} group by {numbers}"
    )
    _, rows = rows_of(sample, query, len(columns))
    return {key: value for key, (value,) in rows.items() if value is not None}


def unequal(found: Mapping[tuple, Any], expected: Mapping[tuple, Any], places: int | None) -> dict:
    """Where two answers differ; by places, or at all where there are none."""
    off = Decimal(0) if places is None else Decimal("0.51").scaleb(-places)
    return {
        key: (found.get(key), expected.get(key))
        for key in {*found, *expected}
        if key not in found
        or key not in expected
        or abs(Decimal(str(found[key])) - Decimal(str(expected[key]))) > off
    }


def test_every_rate_is_worked_out_here() -> None:
    assert {metric.name for metric in METRICS.values() if not metric.aggregation} == set(RATES)


@pytest.mark.parametrize("mart", MARTS)
def test_a_metric_is_the_column_of_its_mart(
    mart: str, engine: MetricFlowEngine, sample: duckdb.DuckDBPyConnection
) -> None:
    """By all that the mart is grouped by: sums to the last digit, rates to all that it shows."""
    time, keys = grain(mart)
    mine = [metric for metric in METRICS.values() if metric.mart == mart]
    alone = {metric.name for metric in mine if metric.name == "acquisition_to_retention_cost_ratio"}
    found = {}
    # Asked for apart: it is of two marts, which have no more in common than the month.
    for names in ({metric.name for metric in mine} - alone, alone):
        if names:
            found |= answers(engine, sample, sorted(names), ["metric_time__month", *keys])
    columns = [f"date_trunc('month', {time})::date", *keys.values()]
    for metric in mine:
        expected = wanted(sample, mart, columns, f"sum({metric.column})", metric.condition)
        ((kind,),) = sample.execute(
            f"select distinct typeof({metric.column}) from marts.{mart}"
        ).fetchall()
        places = None if metric.aggregation else int(kind.split(",")[1].strip(")"))
        assert not unequal(found[metric.name], expected, places), metric.name
        assert expected, f"{metric.name} is never known for the sample company"


@pytest.mark.parametrize("period", ["month", "year"])
@pytest.mark.parametrize("mart", MARTS)
def test_a_metric_is_right_over_everything(
    mart: str, period: str, engine: MetricFlowEngine, sample: duckdb.DuckDBPyConnection
) -> None:
    """By month or year alone: rates are sums over sums, stocks those of the first or last month."""
    time = grain(mart).time
    mine = [metric for metric in METRICS.values() if metric.mart == mart]
    found = answers(engine, sample, [metric.name for metric in mine], [f"metric_time__{period}"])
    start = f"date_trunc('{period}', {time})::date"
    for metric in mine:
        sql, condition = f"{metric.aggregation}({metric.column})", metric.condition
        if not metric.aggregation:
            sql, condition = RATES[metric.name]
            if metric.name in ("programme_enrolment_rate", "referral_rate"):
                condition += (
                    f" and {time} in (select max({time}) from marts.{mart}"
                    f" where is_month_complete group by {start})"
                )
            sql = re.sub(r"/ (sum\([^()]*\))", r"/ nullif(\1, 0)", sql)
        if metric.name in STOCKS:
            condition += (
                f" and {time} in (select {STOCKS[metric.name]}({time}) from marts.{mart}"
                f" where {metric.condition} group by {start})"
            )
        expected = wanted(sample, mart, [start], sql, condition)
        places = None if metric.aggregation else 6
        assert not unequal(found[metric.name], expected, places), metric.name


def test_a_sum_over_customers_can_be_cut_by_what_they_are(
    engine: MetricFlowEngine, sample: duckdb.DuckDBPyConnection
) -> None:
    """Stage and segment are attributes of customers, who are an entity of revenue and of value."""
    for name, mart, column in [
        ("net_revenue_amount", "fct_revenue_events", "amount"),
        ("buyers_expected_net_365_days_amount", "customer_value", "expected_net_365_days_amount"),
    ]:
        for attribute, of in [
            ("stage", "lifecycle_current"),
            ("segment", "customer_segments"),
            ("country", "dim_customers"),
        ]:
            found = answers(engine, sample, [name], [f"customer__{attribute}"])[name]
            _, expected = rows_of(
                sample,
                f"select {attribute}, sum({column}) from marts.{mart}"
                f" left join marts.{of} using (customer_id) group by 1"
                f" having sum({column}) is not null",
                1,
            )
            assert found == {key: value for key, (value,) in expected.items()}


@pytest.mark.parametrize("name", QUERIES)
def test_a_saved_query_runs(
    name: str, engine: MetricFlowEngine, sample: duckdb.DuckDBPyConnection
) -> None:
    """It runs, and what it asks for is known in some month."""
    request = MetricFlowQueryRequest.create(saved_query_name=name)
    parameters = QUERIES[name]["query_params"]
    by = len(parameters["group_by"])
    measured, rows = rows_of(sample, engine.explain(request).sql_statement.sql, by)
    assert set(measured) == set(parameters["metrics"])
    for place, metric in enumerate(measured):
        assert any(row[place] is not None for row in rows.values()), metric


def test_every_stage_has_a_scorecard(sample: duckdb.DuckDBPyConnection) -> None:
    stages = sample.execute("select distinct stage from rules.kpi_targets").fetchall()
    assert {f"scorecard_{stage}" for (stage,) in stages} <= set(QUERIES)


@pytest.mark.engines
def test_postgres_says_the_same(
    engine: MetricFlowEngine,
    manifest: Path,
    sample: duckdb.DuckDBPyConnection,
    postgres_server: tuple[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    """Every metric by month, in Postgres' own SQL over the same rows."""
    import psycopg2

    other = metricflow(manifest, SqlEngine.POSTGRES, PostgresSQLSqlPlanRenderer())
    with psycopg2.connect(postgres_server[0]) as connection:
        cursor = connection.cursor()
        cursor.execute("create schema asked")  # marts may be there
        for mart in MODELS:
            columns = sample.execute(f"describe marts.{mart}").fetchall()
            types = ", ".join(f"{name} {kind}" for name, kind, *_ in columns)
            cursor.execute(f"create table asked.{mart} ({types})")
            sample.execute(f"copy marts.{mart} to '{tmp_path / mart}' (format csv, header false)")
            with (tmp_path / mart).open(encoding="utf-8") as file:
                cursor.copy_expert(f"copy asked.{mart} from stdin (format csv)", file)
        for mart in MARTS:
            mine = [metric for metric in METRICS.values() if metric.mart == mart]
            names = [metric.name for metric in mine]
            expected = answers(engine, sample, names, ["metric_time__month"])
            request = MetricFlowQueryRequest.create(
                metric_names=names, group_by_names=["metric_time__month"]
            )
            sql = other.explain(request).sql_statement.sql
            # The database of the manifest is DuckDB's file.
            measured, rows = rows_of(connection, re.sub(r'"\w+"[.]"marts"', "asked", sql), 1)
            for metric in mine:
                place = measured.index(metric.name)
                found = {key: row[place] for key, row in rows.items() if row[place] is not None}
                places = None if metric.aggregation else 9
                assert not unequal(found, expected[metric.name], places), metric.name
    connection.close()


def commands() -> list[str]:
    """What the page tells to type, but for the installation."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if "/mf " in line]


def test_the_page_tells_what_works(manifest: Path, sample_database: Path, tmp_path: Path) -> None:
    """Every command of docs/semantic-layer.md, on a copy of the sample company."""
    assert len(commands()) == 5
    database = tmp_path / sample_database.name
    shutil.copyfile(sample_database, database)
    for name in ("dbt_project.yml", "profiles.example.yml"):
        shutil.copyfile(PROJECT / name, tmp_path / name.replace(".example", ""))
    (tmp_path / "target").mkdir()
    shutil.copyfile(manifest, tmp_path / "target" / manifest.name)
    for command in commands():
        done = subprocess.run(
            [sys.executable, "-c", MF, *command.split()[1:]],
            cwd=tmp_path,
            env={**os.environ, "LIFECYCLE_DUCKDB": str(database)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert (tmp_path / "complaints.csv").read_text("utf-8").startswith("metric_time__quarter,")
