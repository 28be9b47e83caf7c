"""The data tests themselves: each passes on the built sample company and fails on damage to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from warehouse import run_dbt

# The damage that a test must notice, as SQL on the built tables. A test that is not here has not
# been seen to fail. Those of the rule seeds alone are proven where the rules are.
SINGULAR = {
    "attribution_reconciles_with_orders": (
        "update marts.kpi_attribution set revenue_amount = revenue_amount + 0.0001"
        " where attribution_model = 'shapley'"
    ),
    "attribute_history_ends_with_what_is_known": (
        "update marts.dim_customer_attribute_history set attribute_value = 'XX'"
        " where attribute_name = 'country' and valid_to is null"
    ),
    "campaign_costs_reconcile_to_staging": (
        "update marts.kpi_campaigns set spend_amount = spend_amount + 0.0001,"
        " cost_amount = cost_amount + 0.0001 where spend_amount > 0"
    ),
    "campaigns_reconcile_to_revenue_events": (
        "update marts.kpi_campaigns set net_amount = net_amount + 0.0001 where orders > 0"
    ),
    "clocks_decline_before_churn": "update intermediate.int_churn_clocks set churn_days = 1",
    "cohorts_reconcile_to_revenue_events": (
        "update marts.kpi_cohorts set revenue_amount = revenue_amount + 0.01 where age_months = 1"
    ),
    "confirmed_churns_are_churns": (
        "update marts.confirmed_churns set churned_at = churned_at - interval '1' second"
    ),
    "customer_months_reconcile_to_revenue_events": (
        "update marts.fct_customer_months set revenue_amount = revenue_amount + 0.01"
    ),
    "customer_segments_are_the_slice_at_as_of": (
        "delete from marts.customer_segments where segment = 'loyal'"
    ),
    "expected_value_reconciles_with_customer_value": (
        "update marts.kpi_acquisition"
        " set expected_net_365_days_amount = expected_net_365_days_amount + 0.0001"
    ),
    "experiment_assignments_are_conserved": (
        "delete from intermediate.int_experiment_units where experiment_id = 'X012'"
    ),
    "experiment_segments_add_up": (
        "update intermediate.int_experiment_arms set value_sum = value_sum + 1"
        " where segment = 'loyal'"
    ),
    "fitted_thresholds_agree": (
        "update rules.lifecycle_thresholds set threshold_mode = 'population', onboarding_days = 999"
    ),
    "frequency_caps_are_kept": (
        "update intermediate.int_interactions set channel = 'email', direction = 'outbound',"
        " occurred_on = (select as_of_on from intermediate.int_as_of)"
    ),
    "holdouts_are_as_large_as_asked": "update marts.audiences set is_held_out = true",
    "interactions_are_conserved": "delete from staging.stg_interactions where channel = 'email'",
    "journey_marts_count_every_event_once": (
        "delete from marts.kpi_journey_map where interaction_type = 'chat'"
    ),
    "journey_gaps_reconcile": (
        "delete from marts.kpi_journey_gap_customers where step = 'decline'"
    ),
    "kpi_customers_agree_with_the_lifecycle": (
        "update marts.kpi_customers set churn_entries = churn_entries + 1"
        " where period_kind = 'month'"
    ),
    "lifecycle_current_is_the_slice_at_as_of": (
        "update marts.lifecycle_current set next_stage_at = null"
    ),
    "lifecycle_flow_conserves_customers": (
        "update marts.lifecycle_flow_monthly set entries = entries + 1 where stage = 'churn'"
    ),
    "lifecycle_population_counts_every_span_once": (
        "update marts.lifecycle_population_daily set exits = exits + 1 where stage = 'churn'"
    ),
    "lifecycle_population_ends_with_current": (
        "delete from marts.lifecycle_current where stage = 'churn'"
    ),
    "lifecycle_population_equals_spans_at_month_ends": (
        "update marts.lifecycle_population_daily set customers = customers + 1"
        " where stage = 'churn'"
    ),
    "lifecycle_spans_begin_with_the_first_event": (
        "update marts.lifecycle_spans set valid_from = valid_from + interval '1' second"
        " where span_number = 1"
    ),
    "lifecycle_spans_end_in_churn_or_lost_prospect": (
        "update marts.lifecycle_spans set stage = 'retention' where valid_to is null"
    ),
    "lifecycle_transitions_reconcile_with_spans": (
        "update marts.lifecycle_transitions set seconds_in_from_stage = seconds_in_from_stage + 1"
    ),
    "losses_reconcile_with_transitions": (
        "update marts.kpi_winback set entries = entries + 1 where stage = 'decline'"
    ),
    "nobody_erased_is_contacted": (
        "update marts.audiences set contact_id = erased_id from intermediate.int_erased_ids"
        " where id_kind = 'customer' and audience = 'win_back'"
    ),
    "nobody_is_contacted_without_consent": "update staging.stg_consents set is_granted = false",
    "order_amounts_add_up": "update marts.fct_orders set margin_amount = margin_amount + 0.0001",
    "order_discount_is_conserved": (
        "update intermediate.int_order_items set discount_amount = discount_amount + 0.0001"
    ),
    "orders_are_the_sum_of_their_lines": (
        "update intermediate.int_order_items set net_sales_amount = net_sales_amount + 0.0001"
    ),
    "quarantine_share_is_within_limit": (
        "update marts.row_accounting set quarantined_rows = raw_rows, quarantined_rate = 1"
        " where table_name = 'orders'"
    ),
    "recommendations_are_new_to_the_customer": (
        "update marts.product_recommendations as offers set product_id = had.product_id"
        " from intermediate.int_customer_products as had"
        " where offers.customer_id = had.customer_id and offers.recommendation_number = 1"
        " and had.product_id != offers.because_of_product_id"
    ),
    "referred_value_reconciles_with_revenue_events": (
        "update marts.kpi_advocacy set referred_net_amount = referred_net_amount + 0.0001"
        " where referred_customers > 0"
    ),
    "refunds_are_counted_once": (
        "delete from marts.fct_revenue_events where revenue_event_type = 'refund'"
    ),
    "revenue_bridge_reconciles_to_revenue_events": (
        "delete from marts.fct_revenue_events where is_guest"
    ),
    "revenue_events_reconcile_to_orders": (
        "update marts.fct_revenue_events set amount = amount + 0.0001"
    ),
    "rfm_scores_keep_ties_and_order": (
        "update marts.customer_rfm set monetary_score = 6 - monetary_score"
    ),
    "row_accounting_adds_up": (
        "update marts.row_accounting set quarantined_rows = quarantined_rows - 1"
        " where table_name = 'orders'"
    ),
    "sales_reconcile_to_revenue_events": (
        "update marts.kpi_order_timing set sales_amount = sales_amount + 0.01"
    ),
    "scorecard_equals_the_marts": (
        "update marts.kpi_stage_scorecard set actual = actual + 0.01"
        " where metric = 'complaint_rate' and actual is not null"
    ),
    "segments_are_exhaustive_and_exclusive_at_month_ends": (
        "delete from marts.customer_segment_history where segment = 'loyal'"
    ),
    "silence_is_counted_from_the_last_order": (
        "update marts.lifecycle_spans set valid_from = valid_from + interval '1' second"
        " where stage = 'churn'"
    ),
    "spend_reconciles_to_staging": (
        "update marts.kpi_retention_cost set retention_spend_amount = retention_spend_amount + 0.01"
    ),
    "stage_transitions_conserve_customers": (
        "update marts.kpi_stage_transitions set customers = customers + 1 where from_stage = 'use'"
    ),
    "stages_and_segments_agree_who_has_bought": (
        "update marts.segment_spans set segment = 'prospect' where span_number = 2"
    ),
    "survival_differences_conserve_churns": (
        "update marts.kpi_survival_differences set expected_churned = expected_churned + 0.01"
        " where group_name = 'search'"
    ),
    "taxonomy_spans_do_not_overlap": (
        "insert into rules.stage_taxonomies select * replace ('x' as code)"
        " from rules.stage_taxonomies where stage = 'purchase'"
    ),
    "winback_value_reconciles_to_revenue_events": (
        "update marts.winback_attempts set later_net_amount = later_net_amount + 0.0001"
    ),
}
SPANS = "update marts.lifecycle_spans set"
ATTRIBUTES = "update marts.dim_customer_attribute_history set"
GENERIC = [
    ("attribute_spans_are_contiguous", f"{ATTRIBUTES} span_number = span_number + 1"),
    ("attribute_spans_are_contiguous", f"{ATTRIBUTES} valid_to = null where span_number = 1"),
    ("attribute_spans_are_contiguous", f"{ATTRIBUTES} previous_value = attribute_value"),
    ("lifecycle_spans_are_contiguous", f"{SPANS} span_number = span_number + 1"),
    (
        "lifecycle_spans_are_contiguous",
        f"{SPANS} valid_to = valid_to - interval '1' second where span_number = 1",
    ),
    ("lifecycle_spans_are_contiguous", f"{SPANS} valid_to = null where span_number = 1"),
    ("lifecycle_spans_are_contiguous", f"{SPANS} previous_stage = 'use' where span_number = 1"),
    ("lifecycle_spans_are_contiguous", f"{SPANS} previous_stage = 'x' where span_number = 2"),
    ("lifecycle_spans_are_contiguous", f"{SPANS} stage = 'use', stage_detail = null"),
    ("segment_spans_are_contiguous", "update marts.segment_spans set next_segment = 'x'"),
    (
        "unique_combination_lifecycle_spans_customer_id__span_number",
        "insert into marts.lifecycle_spans from marts.lifecycle_spans where span_number = 2",
    ),
    *(
        ("journey_marts_count_every_event_once", f"update marts.{mart} set {column} = {column} + 1")
        for mart, column in [
            ("kpi_feedback", "answers"),
            ("kpi_service", "tickets"),
            ("kpi_onboarding", "buyers"),
            ("kpi_loyalty", "buyers"),
        ]
    ),
    (
        "attribution_reconciles_with_orders",
        "update marts.kpi_attribution set conversions = conversions + 0.0001",
    ),
    (
        "attribution_reconciles_with_orders",
        "delete from marts.kpi_attribution where attribution_model = 'markov'",
    ),
    (
        "attribution_reconciles_with_orders",
        "update marts.fct_revenue_events set amount = amount - 0.0001 where not is_guest",
    ),
    (
        "touches_earn_what_was_bought",
        "update marts.attribution_touches set expires_at = touched_at - interval '1' day",
    ),
    (
        "removal_effects_are_shares",
        "update marts.attribution_removal_effects set removal_effect_rate = 1.1",
    ),
    ("feedback_parts_are_parts", "update marts.kpi_feedback set detractors = answers + 1"),
    ("feedback_parts_are_parts", "update marts.kpi_feedback set closed_loops = low_answers + 1"),
    ("service_parts_are_parts", "update marts.kpi_service set open_tickets = -1"),
    ("funnel_narrows", "update marts.kpi_funnel set reached = units + 1"),
    ("journey_parts_are_parts", "update marts.kpi_journey_map set lapsed_stays = stays + 1"),
    ("onboarding_parts_are_parts", "update marts.kpi_onboarding set users = buyers + 1"),
    ("loyalty_parts_are_parts", "update marts.kpi_loyalty set members = buyers + 1"),
    ("advocacy_parts_are_parts", "update marts.kpi_advocacy set referrers = buyers + 1"),
    (
        "scorecard_equals_the_marts",
        "update marts.kpi_feedback set closed_loop_rate = closed_loop_rate + 0.01",
    ),
    (
        "scorecard_equals_the_marts",
        "update marts.kpi_retention_cost set payback_months = payback_months + 1",
    ),
    ("scorecard_equals_the_marts", "delete from marts.kpi_stage_scorecard where stage = 'winback'"),
    ("scorecard_says_what_is_known", "update marts.kpi_stage_scorecard set actual = 0"),
    (
        "scorecard_says_what_is_known",
        "update marts.kpi_stage_scorecard set status = 'not_known' where status = 'on_target'",
    ),
    ("blind_spots_count_parts", "update marts.kpi_blind_spots set outcomes_worse = outcomes + 1"),
    ("journey_steps_are_parts", "update marts.kpi_journey_steps set dropped = entered + 1"),
    ("journey_steps_are_parts", "update marts.kpi_journey_steps set completed = entered + 1"),
    (
        "journey_gaps_reconcile",
        "update marts.kpi_journey_steps set entered = entered + 1 where stage = 'loyalty'",
    ),
    (
        "journey_gaps_reconcile",
        "update marts.kpi_journey_steps set dropped = dropped + 1 where journey = 'cart'",
    ),
    (
        "gaps_are_the_drops_beyond_the_benchmark",
        "update marts.kpi_journey_gaps set dropped_beyond = dropped_beyond + 1",
    ),
    (
        "gaps_are_the_drops_beyond_the_benchmark",
        "update marts.kpi_journey_gaps set gap_rank = null",
    ),
    (
        "customer_months_add_up",
        "update marts.fct_customer_months set margin_amount = margin_amount + 0.01",
    ),
    (
        "revenue_bridge_adds_up",
        "update marts.kpi_revenue_bridge set pause_amount = pause_amount + 0.01",
    ),
    (
        "pauses_become_churn_after_their_month",
        "update marts.confirmed_churns set churned_at = month_start_on",
    ),
    (
        "survival_differences_conserve_churns",
        "update marts.kpi_survival set churned = churned + 1 where cohort_year_start_on is null",
    ),
    (
        "survival_differences_conserve_churns",
        "delete from marts.kpi_survival_differences where group_name = 'search'",
    ),
    (
        "buyers_are_conserved",
        "update marts.kpi_customers set new_customers = new_customers + 1",
    ),
    (
        "spend_adds_up_by_objective",
        "update marts.kpi_acquisition set winback_spend_amount = winback_spend_amount + 0.01",
    ),
    (
        "expected_value_reconciles_with_customer_value",
        "update marts.kpi_acquisition set predicted_customers = predicted_customers + 1",
    ),
    (
        "predicted_customers_are_of_the_cohort",
        "update marts.acquired_values set predicted_customers = new_customers + 1",
    ),
    (
        "predicted_customers_are_of_the_cohort",
        "update marts.acquired_values set expected_net_365_days_amount = 0"
        " where predicted_customers = 0",
    ),
    (
        "losses_reconcile_with_transitions",
        "delete from marts.losses where ended_by = 'window'",
    ),
    (
        "losses_reconcile_with_transitions",
        "update marts.kpi_churn set churn_entries = churn_entries + 1",
    ),
    (
        "winback_value_reconciles_to_revenue_events",
        "update marts.kpi_winback set later_net_amount = later_net_amount + 0.01",
    ),
    (
        "decline_signals_end_after_they_begin",
        "update marts.decline_signals set valid_to = valid_from where is_warning",
    ),
    (
        "warnings_come_before_the_decline",
        "update marts.decline_warnings set warned_at = declined_at where declined_at is not null",
    ),
    (
        "survival_falls_from_one_to_zero",
        "update marts.kpi_survival set at_risk = at_risk - 1 where survival_rate = 0"
        " or at_risk = churned + censored",
    ),
    *(
        ("experiment_bounds_enclose", f"update marts.kpi_experiments set {end} = {middle} + 1")
        for end, middle in [
            ("difference_low", "difference"),
            ("lift_low_ratio", "lift_ratio"),
            ("cuped_difference_low", "cuped_difference"),
            ("always_valid_difference_low", "difference"),
        ]
    ),
    *(
        (
            "experiment_p_values_are_probabilities",
            f"update marts.kpi_experiments set {column} = 1.5",
        )
        for column in ["p_value", "always_valid_p_value", "adjusted_p_value", "split_p_value"]
    ),
    (
        "experiment_verdicts_follow_from_tests",
        "update marts.kpi_experiments set verdict = 'winner', adjusted_p_value = 0.05",
    ),
    (
        "exposure_does_not_come_before_assignment",
        "update intermediate.int_experiment_units"
        " set exposed_at = assigned_at - interval '1' second",
    ),
    (
        "first_order_is_not_after_the_last",
        "update marts.dim_customers set first_order_at = last_order_at + interval '1' second",
    ),
    (
        "campaign_costs_reconcile_to_staging",
        "update marts.kpi_campaigns set contacts = contacts + 1 where contacts > 0",
    ),
    (
        "campaigns_reconcile_to_revenue_events",
        "insert into marts.kpi_campaign_segments select * replace ('x' as segment)"
        " from marts.kpi_campaign_segments",
    ),
    (
        "campaigns_reconcile_to_revenue_events",
        "update marts.fct_campaign_orders set named_by = 'coupon'",
    ),
    (
        "campaign_reactions_lie_in_the_window",
        "update marts.campaign_contacts set responded_at = window_ends_at"
        " where opened_at is not null",
    ),
    (
        "campaign_reactions_lie_in_the_window",
        "update marts.campaign_contacts set contacted_at = null where responded_at is not null",
    ),
    (
        "campaign_reactions_are_of_the_contacted",
        "update marts.kpi_campaign_segments set contacted_customers = 0",
    ),
    (
        "contacted_losses_return_or_not",
        "update marts.kpi_campaigns set returned_losses = returned_losses + 100",
    ),
    (
        "recommendations_have_a_reason",
        "update marts.product_recommendations set because_of_product_id = product_id",
    ),
    (
        "recommendations_have_a_reason",
        "update marts.product_recommendations set recommendation_score = 1",
    ),
    (
        "recommendations_are_new_to_the_customer",
        "update marts.dim_products set is_product = false",
    ),
    (
        "unique_combination_campaign_contacts_campaign_id__customer_id",
        "insert into marts.campaign_contacts from marts.campaign_contacts",
    ),
    (
        "unique_fct_campaign_orders_order_id",
        "insert into marts.fct_campaign_orders select * replace ('K0001' as campaign_id)"
        " from marts.fct_campaign_orders",
    ),
    (
        "nobody_is_contacted_without_consent",
        "update marts.next_best_actions set channel = 'push' where offer_type = 'content'",
    ),
    (
        "nobody_is_contacted_without_consent",
        "update intermediate.int_interactions set channel = 'email', counts_as = 'opt_out'",
    ),
    (
        "frequency_caps_are_kept",
        "insert into intermediate.int_exported_customers select customer_id, 'X1', audience,"
        " action_code, as_of, as_of_on from marts.audiences"
        " cross join (select as_of_on from intermediate.int_as_of) as today",
    ),
    ("audiences_expire_later", "update marts.audiences set expires_on = date '2000-01-01'"),
    ("evidence_makes_sense", "update marts.action_results set weight_ratio = 2"),
    (
        "evidence_makes_sense",
        "update marts.action_results set control_converted_customers = control_customers + 1",
    ),
    ("value_measures_make_sense", "update marts.customer_value set first_to_last_days = 0"),
    ("value_measures_make_sense", "update marts.customer_value set age_days = age_days - 1"),
    ("predictions_are_possible", "update marts.customer_value set alive_probability = 1.5"),
    (
        "predictions_are_possible",
        "update marts.customer_value"
        " set discounted_net_365_days_amount = 2 * expected_net_365_days_amount",
    ),
]


class Compiled(NamedTuple):
    """A copy of the sample company, and the tests as SQL that finds faults in it, by name."""

    company: duckdb.DuckDBPyConnection
    queries: dict[str, str]
    needed: set[str]  # those of tests/data that stop a build and read a model


@pytest.fixture(scope="module")
def tests(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiled]:
    """The data tests, compiled."""
    # Views name their database, so the copy keeps its name.
    database = tmp_path_factory.mktemp("company") / sample_database.name
    shutil.copyfile(sample_database, database)
    run_dbt("compile --select test_type:data", database)
    target = database.with_suffix(".target")
    nodes = json.loads((target / "manifest.json").read_text("utf-8"))["nodes"]
    results = json.loads((target / "run_results.json").read_text("utf-8"))["results"]
    queries = {nodes[r["unique_id"]]["name"]: r["compiled_code"] for r in results}
    needed = {
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "test"
        and node["original_file_path"].startswith("tests/data/")
        and node["config"]["severity"].lower() == "error"
        and any(parent.startswith("model.") for parent in node["depends_on"]["nodes"])
    }
    with duckdb.connect(str(database)) as company:
        company.execute("set TimeZone = 'UTC'")
        yield Compiled(company, queries, needed)


def test_every_data_test_is_seen_to_fail(tests: Compiled) -> None:
    assert set(SINGULAR) == tests.needed


@pytest.mark.parametrize(("name", "damage"), [*SINGULAR.items(), *GENERIC])
def test_damage_is_noticed(tests: Compiled, name: str, damage: str) -> None:
    assert tests.company.execute(tests.queries[name]).fetchone() is None
    tests.company.execute("begin")
    try:
        tests.company.execute(damage)
        assert tests.company.execute(tests.queries[name]).fetchone() is not None
    finally:
        tests.company.execute("rollback")
