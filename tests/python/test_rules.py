"""Rules are checked like data: a seed or variable that contradicts itself stops the build.

One copy of the project gets a mistake of each kind, in every rule seed; one `dbt build` of the
seeds and of models that read them must name each mistake, and build none of the models.
"""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from warehouse import PROJECT, run_dbt

Row = dict[str, str]
Rows = list[Row]


def change(key: str, **cells: str) -> Callable[[Rows], Rows]:
    """Rows whose first cell, or first cells with blanks between, are `key` get other cells."""

    def edit(rows: Rows) -> Rows:
        found = [row for row in rows if _key(row).startswith(f"{key} ")]
        assert found, key
        for row in found:
            row.update(cells)
        return rows

    return edit


def _key(row: Row) -> str:
    return " ".join(row.values()) + " "


def drop(key: str) -> Callable[[Rows], Rows]:
    """Rows that begin with the key go."""

    def edit(rows: Rows) -> Rows:
        kept = [row for row in rows if not _key(row).startswith(f"{key} ")]
        assert len(kept) < len(rows), key
        return kept

    return edit


def add(**cells: str) -> Callable[[Rows], Rows]:
    """A row more, empty but for these cells."""
    return lambda rows: [*rows, dict.fromkeys(rows[0], "") | cells]


def add_channels(count: int) -> Callable[[Rows], Rows]:
    """Channels more, with nothing wrong about each of them."""
    return lambda rows: [
        *rows,
        *(
            {"channel": f"fair_{number}", "channel_group": "events", "channel_kind": "offline"}
            for number in range(count)
        ),
    ]


def rename(column: str, name: str) -> Callable[[Rows], Rows]:
    """Another name for a column."""
    return lambda rows: [
        {name if key == column else key: value for key, value in row.items()} for row in rows
    ]


# Per seed the mistakes, each with the sentence it must be answered with.
MISTAKES: dict[str, list[tuple[Callable[[Rows], Rows], str]]] = {
    "audience_rules": [
        (
            change("save_valuable", holdout_share="1"),
            "audience_rules.csv, save_valuable: holdout_share is 1.0000: "
            "write a share from 0 on and below 1, as in 0.10.",
        ),
        (
            change("before_decline", next_stage_within_days=""),
            "audience_rules.csv, before_decline: next_stage and next_stage_within_days belong "
            "together: fill in both, from 1 day on, or none.",
        ),
        (
            change("cannot_lose", segment=""),
            "audience_rules.csv, cannot_lose: it asks for nothing and would take everybody: "
            "fill in a condition.",
        ),
        (
            change("win_back", frequency_cap="0"),
            "audience_rules.csv, win_back: frequency_cap is 0: write at least 1.",
        ),
        (
            change("second_order", priority="4"),
            "audience_rules.csv, second_order: priority 4 stands there more than once: "
            "say who comes first.",
        ),
        (
            change("loyal_news", audience="Loyal news"),
            "audience_rules.csv, Loyal news: write it in small letters, digits and underscores, "
            "as files are named after it.",
        ),
        (
            change("intent", stage=""),
            "audience_rules.csv, intent: stage_detail is intent, but of no stage: fill in stage.",
        ),
        (
            change("ambassadors", action_code="applause", value_tier="top"),
            "audience_rules.csv, ambassadors: value_tier is top: write high, medium or low, "
            "or leave it empty.",
        ),
    ],
    "campaign_offers": [
        (
            change("tea", discount_rate="10"),
            "campaign_offers.csv, tea: discount_rate is 10.0000: "
            "write a share between 0 and 1, as in 0.15.",
        ),
        (
            change("gifts", link="http://shop.example"),
            "campaign_offers.csv, gifts: link is http://shop.example: "
            "write a page that begins with https://.",
        ),
        (drop("any"), "campaign_offers.csv: add a row for the category any."),
    ],
    "churn_reasons": [
        (drop("unknown"), "churn_reasons.csv: add a row for the churn_reason unknown."),
        (
            change("price", group_name_en="Price"),
            "churn_reasons.csv, function: the group product_or_service has more than one name: "
            "write the same in all of its rows.",
        ),
        (
            change("financial", name_zh=""),
            "churn_reasons.csv, financial: name_zh is empty: fill it in.",
        ),
    ],
    "contact_channels": [
        (
            change("phone", effort_level="much"),
            "contact_channels.csv, phone: effort_level is much: write high, standard or low.",
        ),
        (
            change("sms", position="1"),
            "contact_channels.csv, email: position 1 stands there more than once: "
            "give each channel a place of its own.",
        ),
    ],
    "segment_playbook": [
        (
            change("loyal exclusive_offers", trigger="birthday"),
            "segment_playbook.csv, loyal exclusive_offers: trigger is birthday: "
            "write order, segment_entry, stage_entry or expected_order.",
        ),
        (
            change("loyal up_and_cross_sell", delay_days="-1"),
            "segment_playbook.csv, loyal up_and_cross_sell: delay_days is -1: "
            "only an expected order is known before it comes, write 0 or more.",
        ),
        (
            change("champion vip_rewards", offer_type="present"),
            "segment_playbook.csv, champion vip_rewards: offer_type is present: write service, "
            "content, recommendation, discount, loyalty or referral.",
        ),
        (
            change("at_risk generous_offer", priority="4"),
            "segment_playbook.csv, at_risk: priority 4 is there, but not 3: "
            "number them from 1 without a hole.",
        ),
    ],
    "stage_playbook": [
        (
            change("decline  coupons", stage_detail="anger"),
            "stage_playbook.csv, decline coupons: there is no detail anger of the stage: "
            "write one that it has, or leave it empty.",
        ),
        (
            change("use  training", channel=""),
            "stage_playbook.csv, use training: it is a service without a channel: "
            "name one, as nobody is asked which they prefer.",
        ),
        (
            change("loyalty  points", is_addressed=""),
            "stage_playbook.csv, loyalty points: is_addressed is empty: fill it in.",
        ),
    ],
    "winback_plans": [
        (
            drop("price low"),
            "winback_plans.csv: add a row for the churn_reason price of the value_tier low.",
        ),
        (
            change("quality high", remedy="apologise"),
            "winback_plans.csv, quality high: remedy is apologise: "
            "write improve_service, improve_function or offer.",
        ),
        (
            change("unknown medium", offer_type="service"),
            "winback_plans.csv, unknown medium: offer_type is service: whoever is won back is "
            "advertised to, write another one.",
        ),
        (
            change("financial low", delay_days=""),
            "winback_plans.csv, financial low: delay_days is empty: write 0 or more.",
        ),
    ],
    "channels": [
        (
            add_channels(64),
            "channels.csv: attribution tells 64 apart, and there are ",
        ),
        (
            change("app", channel_kind="onlin"),
            "channels.csv, app: channel_kind is onlin: write online, offline or partner.",
        ),
        (change("seo", channel_group=""), "channels.csv, seo: channel_group is empty: fill it in."),
        (
            add(channel="Fax", channel_group="phone", channel_kind="offline"),
            "channels.csv, Fax: write it in lower case without blanks around it, "
            "as the words of the sources are compared.",
        ),
        (
            add(channel="tv", channel_group="mass_media", channel_kind="offline"),
            "channels.csv, tv: stands there 2 times: keep one of the rows.",
        ),
        (drop("unknown"), "channels.csv: add a row for the channel unknown."),
        (
            add(channel_group="phone", channel_kind="offline"),
            "channels.csv, : channel is empty: name it, or remove the row.",
        ),
    ],
    "interaction_types": [
        (
            change("visit", direction="in"),
            "interaction_types.csv, visit: direction is in: write inbound or outbound.",
        ),
        (
            change("search", signal="interested"),
            "interaction_types.csv, search: signal is interested: "
            "write none, interest, intent, advocacy or dissatisfaction.",
        ),
        (
            change("email_sent", signal="interest"),
            "interaction_types.csv, email_sent: it is outbound, and only what a customer does "
            "shows "
            "anything: set signal to none, or direction to inbound.",
        ),
        (
            change("lead", funnel="b2c"),
            "interaction_types.csv, lead: funnel is b2c: write shop or b2b, or leave it empty.",
        ),
        (
            drop("add_to_cart"),
            "interaction_types.csv, shop: step 4 is there, but not 3: "
            "number them from 1 without a hole.",
        ),
        (
            change("demo", step=""),
            "interaction_types.csv, demo: it is in the funnel b2b without a step: fill in step.",
        ),
        (
            change("chat", step="2"),
            "interaction_types.csv, chat: it has the step 2 of no funnel: "
            "fill in funnel, or empty step.",
        ),
        (
            change("training", counts_as="lesson"),
            "interaction_types.csv, training: counts_as is lesson: write cart, use, help, "
            "enrolment, points_earned, points_redeemed, referral_sent, referral_converted, review, "
            "open, redemption, opt_out or complaint, or leave it empty.",
        ),
        (
            change("call_outbound", cost_per_contact="-4.5"),
            "interaction_types.csv, call_outbound: cost_per_contact is -4.5000: "
            "a cost is not negative.",
        ),
        (
            change("sms_sent", cost_per_contact=""),
            "interaction_types.csv, sms_sent: cost_per_contact is empty: "
            "write 0 for what costs nothing.",
        ),
    ],
    "decline_rules": [
        (
            change("b2c frequency", limit_ratio="0.9"),
            "decline_rules.csv, b2c frequency: limit_ratio is 0.9000: write at least 1, "
            "or every gap as long as usual is a warning.",
        ),
        (
            change("b2c value", limit_ratio="1.5"),
            "decline_rules.csv, b2c value: limit_ratio is 1.5000: write a share between 0 and 1, "
            "or what is as usual is a warning.",
        ),
        (
            change("b2b engagement", min_days="300"),
            "decline_rules.csv, b2b engagement: min_days is 300: "
            "it must not be larger than max_days.",
        ),
        (
            change("b2b frequency", max_days=""),
            "decline_rules.csv, b2b frequency: min_days and max_days must be filled in, "
            "from 1 day on.",
        ),
        (
            change("b2c complaint", active_days="0"),
            "decline_rules.csv, b2c complaint: active_days is 0: write at least 1.",
        ),
        (
            change("b2c satisfaction", decline_step="4"),
            "decline_rules.csv, b2c satisfaction: decline_step is 4: write 1, 2 or 3, "
            "or leave it empty.",
        ),
        (
            change("b2b quantity", min_history="0"),
            "decline_rules.csv, b2b quantity: min_history is 0: write at least 1, "
            "or there is no own past to compare with.",
        ),
        (
            change("b2b complaint", signal="complaints"),
            "decline_rules.csv, b2b complaints: signal is complaints: "
            "write frequency, quantity, value, engagement, satisfaction or complaint.",
        ),
    ],
    "attribution_rules": [
        (
            change("b2c repeat", first_share="0.7", last_share="0.5"),
            "attribution_rules.csv, b2c repeat: first_share and last_share are 0.7000 and 0.5000: "
            "write shares that add up to more than 0 and at most 1.",
        ),
        (
            change("b2b repeat", lookback_days="0"),
            "attribution_rules.csv, b2b repeat: lookback_days is 0: write at least 1.",
        ),
        (
            change("b2c new", half_life_days=""),
            "attribution_rules.csv, b2c new: half_life_days is empty: write a number above 0.",
        ),
        (
            change("b2c new", direct_counts=""),
            "attribution_rules.csv, b2c new: direct_counts is empty: fill it in.",
        ),
        (
            change("b2b new", conversion_kind="first"),
            "attribution_rules.csv, b2b first: conversion_kind is first: write new or repeat.",
        ),
    ],
    "attribution_touch_types": [
        (
            add(interaction_type="smoke_signal"),
            "attribution_touch_types.csv, smoke_signal: interaction_types.csv does not have it: "
            "describe it there, or remove the row.",
        ),
        (
            add(interaction_type="chat"),
            "attribution_touch_types.csv, chat: stands there 2 times: keep one of the rows.",
        ),
    ],
    "effort_levels": [
        (
            change("high 0", effort_level="much"),
            "effort_levels.csv, high 0: effort_level is much: write high, standard or low.",
        ),
        (
            drop("low 4"),
            "effort_levels.csv: add a row for the value_tier low of the decline_step 4.",
        ),
        (
            change("medium 1", value_tier="middle"),
            "effort_levels.csv, middle 1: value_tier is middle: write high, medium or low.",
        ),
        (
            change("low 0", review_interval_days=""),
            "effort_levels.csv, low 0: review_interval_days is empty: write at least 1.",
        ),
    ],
    "journey_benchmarks": [
        (
            add(
                customer_type="b2c",
                journey="mall",
                step="x",
                source="Y",
                benchmark_drop_off_rate="0",
            ),
            "journey_benchmarks.csv, b2c mall x: journey is mall: write stages, shop, cart, b2b or "
            "onboarding.",
        ),
        (
            add(
                customer_type="b3c",
                journey="b2b",
                step="x",
                source="Y",
                benchmark_drop_off_rate="0",
            ),
            "journey_benchmarks.csv, b3c b2b x: customer_type is b3c: write b2c or b2b.",
        ),
        (
            add(customer_type="b2b", journey="b2b", source="Y", benchmark_drop_off_rate="0"),
            "journey_benchmarks.csv, b2b b2b : step is empty: name the step as "
            "kpi_journey_steps does.",
        ),
        (
            add(
                customer_type="b2b",
                journey="stages",
                step="usage",
                source="Y",
                benchmark_drop_off_rate="1",
            ),
            "journey_benchmarks.csv, b2b stages usage: step is usage, which is no stage: write "
            "one of lifecycle_stages.",
        ),
        (
            add(
                customer_type="b2b",
                journey="cart",
                step="basket",
                source="Y",
                benchmark_drop_off_rate="1",
            ),
            "journey_benchmarks.csv, b2b cart basket: step is basket: the journey cart has one "
            "step, cart.",
        ),
        (
            add(
                customer_type="b2b",
                journey="onboarding",
                step="use",
                source="Y",
                benchmark_drop_off_rate="1",
            ),
            "journey_benchmarks.csv, b2b onboarding use: step is use: the journey onboarding "
            "has one step, second_order.",
        ),
        (
            add(
                customer_type="b2b",
                journey="b2b",
                step="demo",
                source="Y",
                benchmark_drop_off_rate="25",
            ),
            "journey_benchmarks.csv, b2b b2b demo: benchmark_drop_off_rate is 25.000000: write a "
            "share from 0 to 1.",
        ),
        (
            change("b2c cart cart", source=""),
            "journey_benchmarks.csv, b2c cart cart: source is empty: say who found that, of "
            "what and when.",
        ),
    ],
    "kpi_targets": [
        (
            change("referral_rate advocacy", is_customer_outcome=""),
            "kpi_targets.csv, referral_rate advocacy: is_customer_outcome is empty: fill it in.",
        ),
        (
            change("up_sell_rate retention", metric="upsell_rate"),
            "kpi_targets.csv, upsell_rate retention: no KPI mart measures it for this stage: "
            "remove the row, or say where in macros/rules/scorecard.sql.",
        ),
        (
            change("churn_rate churn", owner=""),
            "kpi_targets.csv, churn_rate churn: it has no owner: name the role that answers for "
            "it.",
        ),
        (
            change("stickiness loyalty", department=""),
            "kpi_targets.csv, stickiness loyalty: it has no department: name that of its owner.",
        ),
        (
            change("rescue_rate decline", direction="higher"),
            "kpi_targets.csv, rescue_rate decline: direction is higher: write up or down.",
        ),
        (
            change("return_rate winback", stage="win-back"),
            "kpi_targets.csv, return_rate win-back: stage is win-back: write awareness, "
            "consideration, purchase, use, retention, loyalty, advocacy, decline, churn, winback "
            "or "
            "lost_prospect.",
        ),
        (
            change("acquisition_to_retention_cost purchase", target="6"),
            "kpi_targets.csv, acquisition_to_retention_cost purchase: direction is down, but the "
            "target 6.0000 is above the benchmark 5.0000: lower it, or turn the direction.",
        ),
        (
            change("retention_rate retention", target="0.4", benchmark="0.5"),
            "kpi_targets.csv, retention_rate retention: direction is up, but the target 0.4000 is "
            "below the benchmark 0.5000: raise it, or turn the direction.",
        ),
        (
            change("repeat_rate retention", tolerance="0.1"),
            "kpi_targets.csv, repeat_rate retention: it has a tolerance, but no target: "
            "fill in the target, or empty tolerance.",
        ),
        (
            add(
                metric="exposure",
                stage="awareness",
                direction="up",
                is_customer_outcome="false",
                owner="Head of Brand",
                department="Marketing",
                review_interval_days="30",
            ),
            "kpi_targets.csv, exposure awareness: stands there 2 times: keep one of the rows.",
        ),
        (
            change("response_minutes use", review_interval_days="0"),
            "kpi_targets.csv, response_minutes use: review_interval_days is 0: write at least 1.",
        ),
    ],
    "lifecycle_stages": [
        (
            change("use", stage="usage"),
            "lifecycle_stages.csv, usage: stage is usage: write awareness, consideration, "
            "purchase, "
            "use, retention, loyalty, advocacy, decline, churn, winback or lost_prospect.",
        ),
        (drop("churn"), "lifecycle_stages.csv: add a row for the stage churn."),
        (
            change("loyalty", position="5"),
            "lifecycle_stages.csv, retention: position 5 stands there more than once: "
            "give each stage a place of its own.",
        ),
        (
            change("awareness", is_buyer="true"),
            "lifecycle_stages.csv, awareness: is_buyer is true, but whoever is in this stage has "
            "no "
            "order: set it to false.",
        ),
        (
            change("lost_prospect", is_engaged="true"),
            "lifecycle_stages.csv, lost_prospect: is_engaged is true, but only a buyer is engaged: "
            "set it to false.",
        ),
    ],
    "lifecycle_thresholds": [
        (
            change("b2c", onboarding_days="90"),
            "lifecycle_thresholds.csv, b2c: onboarding_days must be smaller than decline_days.",
        ),
        (
            change("b2b", threshold_mode="own"),
            "lifecycle_thresholds.csv, b2b: threshold_mode is own: "
            "write fixed, population or personal.",
        ),
    ],
    "order_statuses": [
        (rename("is_test", "is_tset"), "order_statuses.csv has no column is_test."),
    ],
    "parameter_defaults": [
        (
            change("mean_order_value b2c", value="0"),
            "parameter_defaults.csv, mean_order_value b2c: value is 0.0000: write a number above "
            "0.",
        ),
        (
            drop("mean_customer_value b2b"),
            "parameter_defaults.csv: add a row for the parameter mean_customer_value "
            "of the customer_type b2b.",
        ),
        (
            add(parameter="mean_order", customer_type="b2c", value="1"),
            "parameter_defaults.csv, mean_order b2c: parameter is mean_order: write "
            "mean_order_value, "
            "mean_customer_value, population_decline_days or population_churn_days.",
        ),
    ],
    "reasons": [
        (
            change("competitor", churn_reason="rival"),
            "reasons.csv, competitor: churn_reason is rival: write changed_needs, competition, "
            "financial, quality, function or price, or leave it empty.",
        ),
        (
            change("damaged", is_dissatisfaction="false"),
            "reasons.csv, damaged: is_quality is true, and a return for quality is "
            "dissatisfaction: "
            "set is_dissatisfaction to true as well.",
        ),
        (
            change("gift_not_wanted", is_quality=""),
            "reasons.csv, gift_not_wanted: is_quality is empty",
        ),
    ],
    "segment_rules": [
        (
            add(priority="11", segment="vip", min_orders="9"),
            "segment_rules.csv, priority 11: there is no segment vip in segments.csv: write one of "
            "about_to_lose, at_risk, cannot_lose, champion, dormant, high_potential, loyal, "
            "needs_nurturing, recent, or add it there.",
        ),
        (
            change("4", min_orders="5", max_orders="4"),
            "segment_rules.csv, 4: min_orders 5 must not be larger than max_orders 4.",
        ),
        (
            add(priority="12", segment="loyal", min_recency_days="30", max_recency_days="30"),
            "segment_rules.csv, 12: min_recency_days 30 must be smaller than max_recency_days 30.",
        ),
        (
            change("5", min_high_value_orders="3", max_orders="2"),
            "segment_rules.csv, priority 5 (high_potential): no buyer can fulfil all of its bounds "
            "at once: widen one of them, or remove the rule.",
        ),
        (
            change("6", max_recency_days="30", min_orders=""),
            "segment_rules.csv, priority 6 (high_potential): it never decides, as earlier rules "
            "take "
            "every buyer it matches, most of all priority 2 (loyal): put it before that rule, "
            "narrow that rule, or remove this one.",
        ),
        # At risk begins at 100 days, about to lose at 180: nobody takes days 90 to 100.
        (
            lambda rows: change("9", min_recency_days="180")(
                change("8", min_recency_days="100")(rows)
            ),
            "segment_rules.csv: a buyer with 1 order, 0 of them of high value, 0.0001 times the "
            "mean "
            "customer value, 0 pieces, the last order 90 days ago, has no rule: "
            "add a last rule without conditions.",
        ),
        (
            add(priority="9", segment="about_to_lose", min_recency_days="180"),
            "segment_rules.csv, 9: stands there 2 times: keep one of the rows.",
        ),
        (
            add(priority="13", segment="prospect", min_orders="20"),
            "segment_rules.csv, 13: prospect is for those who have not bought, and the rules are "
            "for "
            "buyers: write another segment.",
        ),
    ],
    "segments": [
        (
            add(
                segment="dormant", position="9", name_en="Dormant", name_zh="沉睡", description="-"
            ),
            "segments.csv, dormant: no rule in segment_rules.csv leads to it: "
            "add one, or remove the segment.",
        ),
        (change("recent", name_zh=""), "segments.csv, recent: name_zh is empty: fill it in."),
        (drop("prospect"), "segments.csv: add a row for the segment prospect."),
    ],
    "stage_taxonomies": [
        (
            drop("aida use"),
            "stage_taxonomies.csv: add a row for aida use , "
            "with mapping outside if it has no name there.",
        ),
        (
            change("clc purchase", stage="buying"),
            "stage_taxonomies.csv, clc buying : there is no such stage and detail",
        ),
        (
            change("crm churn", mapping="outside"),
            "stage_taxonomies.csv, crm churn : mapping is outside, "
            "so code, names and position must be empty.",
        ),
        (
            change("clm loyalty", name_en="Loyalty"),
            "stage_taxonomies.csv, clm: the code loyalty_or_advocacy has more than one name_en: "
            "write the same in all of its rows.",
        ),
        (
            change("growth churn", position="4"),
            "stage_taxonomies.csv, growth: position 4 belongs to more than one code: "
            "give each code a place of its own.",
        ),
    ],
    "experiment_metrics": [
        (
            change("order_within_14_days", goal=""),
            "experiment_metrics.csv, order_within_14_days: goal is empty: fill it in.",
        ),
        (
            change("margin_within_14_days", measure="profit"),
            "experiment_metrics.csv, margin_within_14_days: measure is profit: "
            "write order, orders, revenue, margin or interaction.",
        ),
        (
            change("return_on_day_1", interaction_type=""),
            "experiment_metrics.csv, return_on_day_1: it counts an interaction and does not say "
            "which: fill in interaction_type.",
        ),
        (
            change("order_within_30_days", interaction_type="visit"),
            "experiment_metrics.csv, order_within_30_days: its measure is order, and the "
            "interaction_type visit says nothing: empty it.",
        ),
        (
            change("return_on_day_7", from_days="8"),
            "experiment_metrics.csv, return_on_day_7: it goes from day 8 to day 8: the first is at "
            "least 0 and the smaller one.",
        ),
        (
            change("revenue_within_14_days", covariate_days="0"),
            "experiment_metrics.csv, revenue_within_14_days: covariate_days is 0: write at least "
            "1, or empty it.",
        ),
        (
            change("unsubscribe_within_14_days", better="less"),
            "experiment_metrics.csv, unsubscribe_within_14_days: better is less: write up or down.",
        ),
        (
            change("orders_within_14_days", to_days=""),
            "experiment_metrics.csv, orders_within_14_days: to_days is empty: fill it in.",
        ),
    ],
    "price_tiers": [
        (
            change("basic", min_cheaper_share="0.1"),
            "price_tiers.csv, basic: min_cheaper_share 0.1000 of the first tier must be 0, "
            "or the cheapest products have none.",
        ),
        (
            change("premium", min_cheaper_share="1.5"),
            "price_tiers.csv, premium: min_cheaper_share 1.5000 must be a share from 0 to 1.",
        ),
        (
            add(tier="luxury", position="4", min_cheaper_share="0.3333"),
            "price_tiers.csv, luxury: min_cheaper_share 0.3333 must be larger than that of every "
            "lower position.",
        ),
    ],
    "survey_types": [
        (
            change("csat", low_below="1"),
            "survey_types.csv, csat: low_below 1.0000 must be larger than scale_min 1.0000, "
            "or nobody is dissatisfied.",
        ),
        (
            change("nps", promoter_from="6"),
            "survey_types.csv, nps: promoter_from 6.0000 must not be smaller than low_below "
            "7.0000.",
        ),
        (
            change("ces", scale_max="1"),
            "survey_types.csv, ces: scale_min 1.0000 must be smaller than scale_max 1.0000.",
        ),
        (
            change("review", promoter_from="6"),
            "survey_types.csv, review: promoter_from 6.0000 must not be larger than "
            "scale_max 5.0000, or nobody is a promoter.",
        ),
        (
            change("onboarding", measures="joy"),
            "survey_types.csv, onboarding: measures is joy: "
            "write promotion, satisfaction or effort.",
        ),
        (
            change("csat", good_from=""),
            "survey_types.csv, csat: it measures satisfaction, but no answer is good: "
            "fill in good_from.",
        ),
        (
            change("product_rating", measures="promotion"),
            "survey_types.csv, product_rating: it measures promotion, but nobody is a promoter: "
            "fill in promoter_from.",
        ),
        (
            change("review", good_from="2"),
            "survey_types.csv, review: good_from 2.0000 must lie on the scale, and not below "
            "low_below 3.0000.",
        ),
    ],
    "value_tiers": [
        (
            change("b2c medium", from_share="0.30"),
            "value_tiers.csv, b2c medium: no tier ends at 0.3000, where it begins: shares have no "
            "hole.",
        ),
        (
            change("b2c low", to_share="1.50"),
            "value_tiers.csv, b2c low: it goes from 0.5000 to 1.5000: shares lie between 0 and 1, "
            "and the first is the smaller one.",
        ),
        (
            change("b2b high", to_share="0.30"),
            "value_tiers.csv, b2b medium: it overlaps with another tier: let each begin where "
            "another ends.",
        ),
        (
            change("b2b low", customer_type="b2x"),
            "value_tiers.csv, b2x low: customer_type is b2x: write b2c or b2b.",
        ),
    ],
}
SENTENCES = [sentence for mistakes in MISTAKES.values() for _, sentence in mistakes]
# At least one model that reads each seed whose mistakes matter to a build.
READERS = {
    "attribution_rules": "attribution_touches",
    "attribution_touch_types": "fct_sessions",
    "audience_rules": "audiences",
    "campaign_offers": "customer_standings",
    "contact_channels": "int_contact_days",
    "segment_playbook": "int_playbook",
    "stage_playbook": "int_playbook",
    "winback_plans": "int_playbook",
    "channels": "fct_orders",
    "decline_rules": "int_order_signals",
    "effort_levels": "customer_health",
    "experiment_metrics": "int_experiment_outcomes",
    "interaction_types": "int_interactions",
    "journey_benchmarks": "kpi_journey_gaps",
    "kpi_targets": "kpi_stage_scorecard",
    "lifecycle_stages": "lifecycle_current",
    "lifecycle_thresholds": "int_churn_clocks",
    "order_statuses": "int_orders",
    "parameter_defaults": "int_parameters",
    "price_tiers": "int_product_tiers",
    "reasons": "int_customer_events",
    "segment_rules": "int_segment_points",
    "segments": "customer_segments",
    "stage_taxonomies": "lifecycle_taxonomy_spans",
    "survey_types": "int_customer_events",
    "value_tiers": "customer_value",
}


@dataclass
class Build:
    """What a build said, how each of its nodes ended, and its database."""

    said: str
    status: dict[str, str]
    database: Path


def copy_of_the_project(folder: Path) -> Path:
    """A copy of what dbt reads."""
    copy = folder / "project"
    copy.mkdir()
    shutil.copy(PROJECT / "dbt_project.yml", copy)
    for part in ("models", "macros", "seeds", "tests/data", "tests/generic"):
        shutil.copytree(PROJECT / part, copy / part)
    return copy


def edit_seed(project: Path, seed: str, edit: Callable[[Rows], Rows]) -> None:
    """Change the rows of a rule seed in a copy of the project."""
    file = project / "seeds" / "rules" / f"{seed}.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = edit(list(csv.DictReader(stream)))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def build(project: Path, database: Path, select: str) -> Build:
    """Build part of a copy of the project."""
    arguments = ("--project-dir", str(project))
    done = run_dbt(f"build --select {select}", database, *arguments, check=False)
    results = json.loads((database.with_suffix(".target") / "run_results.json").read_text())
    status = {result["unique_id"]: result["status"] for result in results["results"]}
    return Build(done.stdout, status, database)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of rules that are wrong in every way that `MISTAKES` knows."""
    folder = tmp_path_factory.mktemp("rules")
    project = copy_of_the_project(folder)
    for seed, mistakes in MISTAKES.items():
        for edit, _ in mistakes:
            edit_seed(project, seed, edit)
    select = " ".join(["path:seeds/rules", *sorted(set(READERS.values()))])
    return build(project, folder / "company.duckdb", select)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_mistake_in_a_rule_is_named(wrong: Build, sentence: str) -> None:
    said = " ".join(wrong.said.split())
    assert " ".join(sentence.split()) in said


# What some of the mistakes are besides.
ALSO = [
    "audience_rules.csv, win_back: priority 4 stands there more than once",
    "audience_rules.csv, intent: it asks for nothing",
    "audience_rules.csv, ambassadors: no playbook has the action applause",
    "contact_channels.csv, sms: position 1 stands there more than once",
    "churn_reasons.csv, quality: the group product_or_service",
    "churn_reasons.csv, price: the group product_or_service",
    "winback_plans.csv: the action ask_for_the_reason has more than one name or offer",
    "interaction_types.csv, b2b: step",
    "lifecycle_stages.csv: add a row for the stage use.",
    "lifecycle_thresholds.csv, b2c: onboarding_days must be smaller than min_decline_days",
    "lifecycle_stages.csv, loyalty: position 5 stands there more than once",
    "lifecycle_stages.csv, lost_prospect: position 11 is there",
    "lifecycle_stages.csv: position",
    "kpi_targets.csv: add a row for the metric up_sell_rate of the stage retention.",
    "kpi_targets.csv: add a row for the metric return_rate of the stage winback.",
    "kpi_targets.csv, return_rate win-back: no KPI mart measures it for this stage",
    "attribution_rules.csv: add a row for the conversion_kind new of the customer_type b2b.",
    "attribution_touch_types.csv, add_to_cart: interaction_types.csv does not have it",
    "decline_rules.csv, b2b complaints: min_history is empty",
    "decline_rules.csv: add a row for the signal complaint of the customer_type b2b.",
    "effort_levels.csv: add a row for the value_tier medium of the decline_step 1.",
    "segment_rules.csv, priority 13",
    "segment_rules.csv, priority 11 (vip): it never decides",
    "segments.csv, dormant: position 9",
    "stage_taxonomies.csv: add a row for clc purchase",
    "survey_types.csv, ces: low_below",
    "survey_types.csv, ces: good_from",
    "value_tiers.csv, b2c high: no tier begins at 0.2000",
    "value_tiers.csv, b2b high: no tier begins at 0.3000",
    "value_tiers.csv, b2b high: it overlaps",
    "value_tiers.csv, b2b medium: no tier ends at 0.2000",
    "value_tiers.csv, b2b medium: no tier begins at 0.5000",
    "value_tiers.csv, b2x low: no tier ends at 0.5000",
]


def test_nothing_is_said_of_rules_that_are_right(wrong: Build) -> None:
    lines = [line for line in wrong.said.splitlines() if ".csv, " in line or ".csv: " in line]
    told = [line.split(None, 1)[1] for line in lines]
    expected = (*ALSO, *(" ".join(sentence.split()) for sentence in SENTENCES))
    said = [" ".join(line.split()) for line in told]
    assert [line for line in said if not line.startswith(expected)] == []


@pytest.mark.parametrize(("seed", "model"), READERS.items())
def test_what_reads_a_wrong_rule_is_not_built(wrong: Build, seed: str, model: str) -> None:
    assert wrong.status[f"seed.customer_lifecycle.{seed}"] == "success"
    assert wrong.status[f"model.customer_lifecycle.{model}"] == "skipped"


def test_rows_that_fail_can_be_looked_at(wrong: Build) -> None:
    with duckdb.connect(str(wrong.database), read_only=True) as con:
        views = con.execute(
            "select table_name from duckdb_views() as v, information_schema.tables as t "
            "where v.view_name = t.table_name and table_schema = 'test_failures'"
        ).fetchall()
        problems = con.execute("select problem from test_failures.channels_agree").fetchall()
    failed = {name.split(".")[2] for name, status in wrong.status.items() if status == "fail"}
    assert {view[0] for view in views} == failed
    assert len(problems) == len(MISTAKES["channels"])


def test_an_unknown_segment_stops_alone(tmp_path: Path) -> None:
    """The one check that reads two seeds comes before the first model that reads either."""
    project = copy_of_the_project(tmp_path)
    file = project / "seeds" / "rules" / "segments.csv"
    file.write_text(file.read_text("utf-8").replace("cannot_lose", "lost"), "utf-8")
    select = "segment_rules segments int_segment_points"
    done = build(project, tmp_path / "company.duckdb", select)
    failed = [name for name, status in done.status.items() if status == "fail"]
    assert [name.split(".")[2] for name in failed] == ["segments_have_rules"]
    assert done.status["model.customer_lifecycle.int_segment_points"] == "skipped"


PLAYBOOK_MISTAKES = {
    "segment_playbook": (
        change("recent thank_you_email", channel="e-mail"),
        "segment_playbook.csv: there is no channel e-mail in contact_channels.csv: "
        "write one of those, or add it there.",
    ),
    "audience_rules": (
        change("win_back", action_code="order_confirmation"),
        "audience_rules.csv, win_back: the action order_confirmation is a service, which answers "
        "who asks: write one that is advertised.",
    ),
    "stage_playbook": (
        change("decline  coupons", action_code="rich_discounts"),
        "segment_playbook.csv: the action rich_discounts has more than one name or offer: "
        "write the same in all playbooks, or give them other codes.",
    ),
    "winback_plans": (
        change("price high", channel="letter"),
        "winback_plans.csv: there is no channel letter in contact_channels.csv: "
        "write one of those, or add it there.",
    ),
    "contact_channels": (
        change("wechat", channel="we_chat"),
        "contact_channels.csv: there is no channel we_chat in channels.csv: "
        "write one of those, or add it there.",
    ),
}


def test_playbooks_and_audiences_speak_of_what_there_is(tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path)
    for seed, (edit, _) in PLAYBOOK_MISTAKES.items():
        edit_seed(project, seed, edit)
    select = f"{' '.join(PLAYBOOK_MISTAKES)} channels segments int_playbook"
    done = build(project, tmp_path / "company.duckdb", select)
    failed = [name for name, status in done.status.items() if status == "fail"]
    assert [name.split(".")[2] for name in failed] == ["playbooks_agree"]
    assert done.status["model.customer_lifecycle.int_playbook"] == "skipped"
    said = " ".join(done.said.split())
    for _, sentence in PLAYBOOK_MISTAKES.values():
        assert sentence in said


WRONG_VARIABLES = {
    "session_timeout_minutes": (0, "a whole number of minutes, at least 1"),
    "max_customers_per_device": (2.5, "a whole number, at least 1"),
    "closed_loop_days": (0, "a whole number of days, at least 1"),
    "repeat_contact_days": ("a week", "a whole number of days, at least 1"),
    "shop_funnel_days": (-30, "a whole number of days, at least 1"),
    "b2b_funnel_days": (0.5, "a whole number of days, at least 1"),
    "high_value_factor": (True, "a number above 0"),
    "cross_sell_window_days": (0, "a whole number of days, at least 1"),
    "repeat_windows_days": ([30, 30], "a list of different whole numbers of days"),
    "scorecard_repeat_window_days": (91, "one of repeat_windows_days"),
    "journey_gap_months": (0, "a whole number of months, at least 1"),
    "journey_past_months": (1.5, "a whole number of months, at least 1"),
    "attribution_by": ("word", "channel or channel_group"),
    "affinity_max_products": (1, "a whole number of products, at least 2"),
    "affinity_min_support": (2, "a share from 0 to 1"),
    "min_costed_share": ("most", "a share from 0 to 1"),
    "experiment_min_units": (5, "a whole number of units, at least 10"),
    "always_valid_sample": (0, "a whole number of units, at least 1"),
    "split_alarm_p_value": (1.5, "a share from 0 to 1"),
    "return_window_days": (0, "a whole number of days, at least 1"),
    "campaign_window_days": (1.5, "a whole number of days, at least 1"),
    "recommendations_per_customer": (0, "a whole number of products, at least 1"),
    "recommendation_rules_per_product": ("all", "a whole number of rules, at least 1"),
    "preferred_channel_days": (0, "a whole number of days, at least 1"),
    "reporting_timezone": ("Berlin", "a name of the IANA time zones"),
    "reporting_currency": ("euro", "three capital letters"),
    "personal_attributes": ("x_phone", "a list of columns that begin with x_"),
    "schema_prefix": ("my-", "small letters, digits and underscores"),
}


@pytest.fixture(scope="module")
def wrong_variables(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What dbt says of variables that make no sense, and the database it did not touch."""
    database = tmp_path_factory.mktemp("variables") / "company.duckdb"
    values = {name: value for name, (value, _) in WRONG_VARIABLES.items()}
    limits = {"quarantine_share_limit": {"orders": 2, "ordrs": 0.1}}
    done = run_dbt("build --select channels", database, variables=values | limits, check=False)
    assert done.returncode != 0
    return " ".join(done.stdout.split()), database


@pytest.mark.parametrize("name", WRONG_VARIABLES)
def test_a_variable_that_makes_no_sense_is_named(
    wrong_variables: tuple[str, Path], name: str
) -> None:
    value, wanted = WRONG_VARIABLES[name]
    assert f"The variable {name} is '{value}'. Write {wanted}" in wrong_variables[0]


def test_every_limit_of_the_quarantine_is_a_share(wrong_variables: tuple[str, Path]) -> None:
    said, _ = wrong_variables
    assert "The variable quarantine_share_limit of orders is '2'." in said
    assert "The variable quarantine_share_limit names the table ordrs." in said
    assert "The variable quarantine_share_limit has no default." in said


def test_nothing_is_built_with_wrong_variables(wrong_variables: tuple[str, Path]) -> None:
    with duckdb.connect(str(wrong_variables[1])) as con:
        assert con.execute("select table_name from information_schema.tables").fetchall() == []


SALT = "LIFECYCLE_PII_SALT is not set"


@pytest.mark.parametrize(
    ("use_sample", "salt", "is_said"),
    [(True, "", False), (False, "lifecycle", True), (False, "own", False)],
)
def test_bare_dbt_warns_of_the_public_salt(
    tmp_path: Path, use_sample: bool, salt: str, is_said: bool
) -> None:
    done = run_dbt(
        "build --select reasons",
        tmp_path / "company.duckdb",
        variables={"use_sample": use_sample},
        environment={"LIFECYCLE_PII_SALT": salt},
    )
    assert (SALT in done.stdout) == is_said
